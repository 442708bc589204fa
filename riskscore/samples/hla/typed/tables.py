"""Typed HLA tables of many people: wide, long, GL strings, UK Biobank, PLINK .ped.

Conventions. The same name twice is a homozygote. One name and an empty cell: the other allele is
there and not known. Both empty: not typed. ``posterior`` in our own tables is the probability of
the pair; the rest is a genotype not known. UK Biobank's values are copies of each allele; 0 in a
.ped is an allele not typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import DISPENSABLE, GENES, HLAAllele, HLAName
from riskscore.genetics.hla_fields import check_fields
from riskscore.genetics.hla_names import read_gl_string
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.samples.hla.typed.imputers import add
from riskscore.samples.hla.typed.sheets import Sheet, gene_of
from riskscore.samples.hla.typed.typing import (
    Genotype,
    People,
    Typings,
    of_gl,
    two_alleles,
    unknown,
)

_SIDE = re.compile(r"(?P<gene>.+?)[_.\- ]?(?P<side>[12])$")
_UKB = re.compile(
    rf"(?P<gene>{'|'.join(sorted(GENES, key=len, reverse=True))})_(?P<digits>\d{{3,5}})$"
)
# The genes of a .ped in its order, by the number of its columns.
_EIGHT = ("A", "B", "C", "DPA1", "DPB1", "DQA1", "DQB1", "DRB1")
PED_GENES = {22: _EIGHT, 28: (*_EIGHT, "DRB3", "DRB4", "DRB5")}
GL_COLUMNS = ("gl_string", "glstring", "gl")
_NUMBERED = frozenset({"DRB1", "DQA1", "DQB1", "DPA1", "DPB1"})  # DRB1 and DRB2: its two alleles
_IN_ONE_CELL = re.compile(r"[,;|+\s]+")


def wide_columns(sheet: Sheet) -> dict[str, tuple[int, int]]:
    """The two columns of each gene: DRB1_1 and DRB1_2, HLA-A 1 and HLA-A 2, C1 and C2.

    Also two columns of one name (A and A, or A and A.1 as R and pandas tell them apart), DRB1
    beside DRB2 for two alleles of DRB1, and one column with two alleles in a cell, which is then
    both.
    """
    sides: dict[str, dict[str, int]] = {}
    whole: dict[str, list[int]] = {}
    for place, cell in enumerate(sheet.header):
        match = _SIDE.match(cell)
        gene = gene_of(match["gene"]) if match else ""
        # DRB1 by itself is a gene and no side; B1 beside B2 is a side of B.
        if own := gene_of(cell):
            whole.setdefault(own, []).append(place)
        elif match and gene:
            if match["side"] in sides.setdefault(gene, {}):
                raise sheet.error(f"the column of HLA-{gene}, allele {match['side']}, occurs twice")
            sides[gene][match["side"]] = place
    found = {gene: (side["1"], side["2"]) for gene, side in sides.items() if len(side) == 2}
    for gene, places in whole.items():
        second = sheet.column(f"{gene[:-1]}2".lower()) if gene in _NUMBERED else -1
        again = sides.get(gene, {}).get("1", -1)
        others = [place for place in (*places[1:], again, second) if place >= 0]
        if gene in found or (not others and len(gene) == 1):
            continue  # F alone may be anything
        if len(places) > 2:
            raise sheet.error(f"HLA-{gene} has {len(places)} columns")
        found[gene] = (places[0], others[0] if others else places[0])
    for gene in sides:
        if gene not in found:
            raise sheet.error(f"HLA-{gene} has one column", fix=f"give {gene}_1 and {gene}_2")
    return found


def read_wide(sheet: Sheet) -> Typings:
    """One row for each person, two columns for each gene, perhaps ``<gene>_posterior``."""
    sheet.rectangular()
    genes = wide_columns(sheet)
    people: People = {}
    for row in range(1, len(sheet.rows)):
        sample, cells = sheet.sample(row, sheet.samples), sheet.rows[row]
        if sample in people:
            raise sheet.error("a sample occurs twice", row)
        people[sample] = read_pairs(sheet, row, genes)
        for gene in genes:
            at = sheet.column(f"{gene.lower()}_posterior")
            p = sheet.number(row, cells[at], 0, 1, "the posterior") if at >= 0 else None
            if p is not None and gene in people[sample]:
                people[sample][gene] = Genotype(people[sample][gene].pairs, (p,))
    return Typings("wide", people)


def read_pairs(
    sheet: Sheet, row: int, genes: Mapping[str, tuple[int, int]], blank: str = ""
) -> dict[str, Genotype]:
    """The genotypes of a row whose genes stand in two columns each; ``blank`` is not typed."""
    cells = sheet.rows[row]
    found: dict[str, Genotype] = {}
    for gene, (one, two) in genes.items():
        texts = [cells[one], cells[two]]
        if one == two:
            texts = [part for part in _IN_ONE_CELL.split(cells[one]) if part] or ["", ""]
            if len(texts) != 2:
                error = HLAFormatError(
                    f"{cells[one]!r} is not two alleles", fix="write 03:01,15:01"
                )
                sheet.problem(row, cells[one], error, one)
                continue
        if "-" in texts and not blank:
            error = HLAFormatError(
                "'-' may mean the same allele again (HLA-HD) or not typed (SpecHLA)",
                fix="write the allele twice, or leave the cell empty",
            )
            sheet.problem(row, "-", error, two if texts[0] != "-" else one)
            continue
        first, second = (
            sheet.name(row, "" if text == blank else text, gene, place)
            for text, place in zip(texts, (one, two), strict=True)
        )
        genotype = two_alleles(gene, first, second)
        if genotype is not None:
            found[gene] = genotype
    return found


def read_long(sheet: Sheet) -> Typings:
    """A row for each person and gene (allele_1, allele_2) or for each allele; perhaps a posterior.

    Several rows of one person and gene with a posterior are the possible genotypes.
    """
    sheet.rectangular()
    own, locus = sheet.samples, sheet.column("gene", "locus")
    one, two = sheet.column("allele_1", "allele1"), sheet.column("allele_2", "allele2")
    single = sheet.column("allele")
    at, phased = sheet.column("posterior", "probability", "prob"), sheet.column("phase")
    others = sheet.column("alternatives")
    found: dict[tuple[str, str], list[tuple[int, tuple[HLAName | None, ...]]]] = {}
    for row in range(1, len(sheet.rows)):
        cells = sheet.rows[row]
        gene = gene_of(cells[locus])
        if not gene:
            raise sheet.error(f"{cells[locus]!r} is not an HLA gene known here", row)
        places = (single,) if single >= 0 else (one, two)
        names = tuple(sheet.name(row, cells[place], gene, place) for place in places)
        found.setdefault((sheet.sample(row, own), gene), []).append((row, names))
    people: People = {}
    for (sample, gene), entries in found.items():
        rows = [row for row, _ in entries]
        people.setdefault(sample, {})
        values = [
            sheet.number(row, sheet.rows[row][at], 0, 1, "the posterior") if at >= 0 else None
            for row in rows
        ]
        if single >= 0:
            genotype = _alleles_by_row(sheet, gene, rows, [names[0] for _, names in entries])
        else:
            pairs = [names for _, names in entries]
            genotype = _possible_pairs(sheet, gene, rows, pairs, values)
            if genotype and others >= 0 and len(rows) == 1 and genotype.probabilities:
                genotype = _with_alternatives(sheet, rows[0], genotype, sheet.rows[rows[0]][others])
            if genotype and phased >= 0 and all(sheet.rows[r][phased] == "phased" for r in rows):
                genotype = Genotype(genotype.pairs, genotype.probabilities, phased=True)
        if genotype is not None:
            people[sample][gene] = genotype
    return Typings("long", people)


def _alleles_by_row(
    sheet: Sheet, gene: str, rows: list[int], names: list[HLAName | None]
) -> Genotype | None:
    if len(names) > 2:
        raise sheet.error(f"a sample has {len(names)} alleles of HLA-{gene}", rows[2])
    return two_alleles(gene, *names)


def _with_alternatives(sheet: Sheet, row: int, best: Genotype, text: str) -> Genotype:
    """The best pair and the others that our own tables list beside it, as A*01:01+A*02:01=0.2."""
    pairs, probabilities = list(best.pairs), list(best.probabilities)
    for part in text.split("|") if text else ():
        pair, _, number = part.partition("=")
        gene = best.pairs[0][0].gene
        names = [sheet.name(row, side, gene) for side in pair.split("+")]
        value = sheet.number(row, number, 0, 1, "the probability of an alternative")
        if len(names) != 2 or value is None:
            raise sheet.error(f"{part!r} is not an alternative such as A*01:01+A*02:01=0.2", row)
        pairs.append((names[0] or unknown(gene), names[1] or unknown(gene)))
        probabilities.append(value)
    if sum(probabilities) > 1 + 1e-3 * len(probabilities):
        raise sheet.error("the posterior and its alternatives sum to more than 1", row)
    return Genotype(tuple(pairs), tuple(probabilities))


def _possible_pairs(
    sheet: Sheet,
    gene: str,
    rows: list[int],
    pairs: list[tuple[HLAName | None, ...]],
    values: list[float | None],
) -> Genotype | None:
    typed = [(p, v) for p, v in zip(pairs, values, strict=True) if p != (None, None)]
    if len(rows) > 1 and (None in values or len(typed) < len(rows)):
        raise sheet.error(
            f"a sample has two rows of HLA-{gene}",
            rows[1],
            fix="give each its posterior, if they are possible genotypes",
        )
    if not typed:
        return None
    given = tuple(v for _, v in typed if v is not None)
    if sum(given) > 1 + 1e-3 * len(given):
        raise sheet.error(f"the posteriors of a sample's HLA-{gene} sum to more than 1", rows[0])
    names = tuple((a or unknown(gene), b or unknown(gene)) for (a, b), _ in typed)
    return Genotype(names, given)


def read_gl_table(sheet: Sheet) -> Typings:
    """One row for each person with a GL string of all genes."""
    sheet.rectangular()
    own, at = sheet.samples, sheet.column(*GL_COLUMNS)
    people: People = {}
    for row in range(1, len(sheet.rows)):
        sample = sheet.sample(row, own)
        people.setdefault(sample, {})
        text = sheet.rows[row][at]
        try:
            genes = read_gl_string(text, sheet.codes) if text else {}
        except HLAFormatError as error:
            sheet.problem(row, text if len(text) <= 60 else f"{text[:57]}...", error, at)
            continue
        for gene, said in genes.items():
            add(sheet, people, row, sample, gene, of_gl(gene, said))
    return Typings("GL string", people)


def ukb_alleles(sheet: Sheet) -> dict[str, dict[HLAAllele, int]]:
    """The columns of UK Biobank's field 22182 by gene: A_101 is A*01:01, DRB5_9901 is no DRB5."""
    found: dict[str, dict[HLAAllele, int]] = {}
    for place, cell in enumerate(sheet.header):
        match = _UKB.match(cell)
        if match:
            digits = match["digits"]
            fields = (digits[:-2].zfill(2), digits[-2:])
            gene = match["gene"]
            absent = gene in DISPENSABLE and fields == ("99", "01")
            if not absent:
                try:
                    check_fields(gene, fields, cell)
                except HLAFormatError as error:
                    if all(problem.text != cell for problem in sheet.problems):
                        sheet.problem(0, cell, error)
                    continue
            allele = HLAAllele.absent(gene) if absent else HLAAllele(gene, fields)
            found.setdefault(gene, {})[allele] = place
    return found


def read_ukb(sheet: Sheet) -> Typings:
    """UK Biobank 22182: copies of each allele in each person, fractional where imputed."""
    sheet.rectangular()
    own = sheet.samples
    if own < 0:
        raise sheet.error("no column names the participant", fix="call it 'eid'")
    samples = [sheet.sample(row, own) for row in range(1, len(sheet.rows))]
    if len(set(samples)) < len(samples):
        raise sheet.error("a participant occurs twice")
    people: People = {sample: {} for sample in samples}
    refused = 0
    for gene, columns in ukb_alleles(sheet).items():
        presence = np.array(
            [
                [
                    _ukb_value(sheet, row, sheet.rows[row][place])
                    for row in range(1, len(sheet.rows))
                ]
                for place in columns.values()
            ]
        )
        calls = calls_from_dosages(gene, list(columns), presence, "")
        refused += len(samples) - int(calls.called(len(samples)).sum())
        for place, sample in enumerate(samples):
            pairs = calls.pairs(place)
            if pairs:
                genotype = Genotype(tuple((a, b) for a, b, _ in pairs), tuple(p for *_, p in pairs))
                people[sample][gene] = genotype
    notes = (f"{refused} genotypes without two copies are not called",) if refused else ()
    return Typings("UK Biobank 22182", people, notes)


def _ukb_value(sheet: Sheet, row: int, text: str) -> float:
    value = sheet.number(row, text, 0, 2.01, "a count of copies")
    return float("nan") if value is None else value


def read_ped(sheet: Sheet) -> Typings:
    """PLINK .ped of alleles as SNP2HLA takes it: six columns, then two a gene.

    SNP2HLA and HLA-TAPAS have eight genes, SNP2HLA_UM also DRB3, DRB4 and DRB5.
    """
    genes = PED_GENES[len(sheet.header)]
    people: People = {}
    for row, cells in enumerate(sheet.rows):
        if len(cells) != len(sheet.header):
            raise sheet.error(
                f"{len(cells)} columns; a .ped of {', '.join(genes)} has {len(sheet.header)}", row
            )
        sample = sheet.sample(row, 1)
        if sample in people:
            raise sheet.error("a sample occurs twice", row)
        places = {gene: (6 + 2 * place, 7 + 2 * place) for place, gene in enumerate(genes)}
        people[sample] = read_pairs(sheet, row, places)
    return Typings("PLINK .ped", people)
