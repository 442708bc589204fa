"""Tables that HLA typing tools write of one person, by allele names alone.

* seq2HLA: ``'`` behind a name says that other alleles fit as well; ``hoz(...)`` and ``no`` of a
  second allele are a homozygote and not typed.
* PHLAT: a locus of few reads has "no call due to insufficient reads at this locus" for alleles.
* Polysolver, DRAGEN: both alleles are always written.
* Kourami: one row for each allele, two rows for each gene.
* SpecHLA: ``-`` is not typed; the sample is named.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskscore.genetics.hla import AlleleList, HLAName
from riskscore.samples.hla.typed.imputers import add
from riskscore.samples.hla.typed.sheets import Sheet, gene_of
from riskscore.samples.hla.typed.tables import read_pairs, wide_columns
from riskscore.samples.hla.typed.typing import People, Typings, two_alleles


def is_seq2hla(header: Sequence[str]) -> bool:
    """Whether a header is that of seq2HLA."""
    return [cell.lower() for cell in header[:3]] == ["locus", "allele 1", "confidence"]


def read_seq2hla(sheet: Sheet) -> Typings:
    """seq2HLA's HLAgenotype4digits (or 2digits): locus, then allele and confidence twice."""
    sheet.rectangular()
    people: People = {"": {}}
    open_ = False
    for row in range(1, len(sheet.rows)):
        cells = sheet.rows[row]
        gene = gene_of(cells[0])
        if not gene:
            continue
        first, second = (cells[place].strip("'") for place in (1, 3))
        open_ |= "'" in cells[1] + cells[3]
        if second.lower().startswith("hoz"):
            second = first
        one, two = [
            sheet.name(row, "" if text.lower() == "no" else text, gene, place)
            for text, place in ((first, 1), (second, 3))
        ]
        add(sheet, people, row, "", gene, two_alleles(gene, one, two))
    notes = ("seq2HLA marks alleles (') beside which others fit as well",) if open_ else ()
    return Typings("seq2HLA", people, notes)


def is_phlat(header: Sequence[str]) -> bool:
    """Whether a header is that of PHLAT."""
    return [cell.lower() for cell in header[:4]] == ["locus", "allele1", "allele2", "lltot"]


def read_phlat(sheet: Sheet) -> Typings:
    """PHLAT's _HLA.sum: locus and two alleles, or "no call due to insufficient reads"."""
    people: People = {"": {}}
    lost = []
    for row in range(1, len(sheet.rows)):
        cells = sheet.rows[row]
        gene = gene_of(cells[0])
        if gene and " ".join(cells[1:]).startswith("no call"):
            lost.append(gene)
        elif gene and len(cells) < 3:
            raise sheet.error("a row is not a locus and two alleles", row)
        elif gene:
            one, two = (sheet.name(row, cells[place], gene, place) for place in (1, 2))
            add(sheet, people, row, "", gene, two_alleles(gene, one, two))
    notes = (f"PHLAT calls no alleles of {', '.join(lost)}: too few reads",) if lost else ()
    return Typings("PHLAT", people, notes)


def is_polysolver(row: Sequence[str]) -> bool:
    """Whether a row is a gene and two alleles as Polysolver writes them."""
    return len(row) == 3 and all(cell.lower().startswith("hla_") for cell in row[1:])


def read_polysolver(sheet: Sheet) -> Typings:
    """Polysolver's winners.hla.txt: HLA-A, hla_a_02_01_01_01, hla_a_24_02_01_02l."""
    people: People = {"": {}}
    for row, cells in enumerate(sheet.rows):
        gene = gene_of(cells[0])
        if not is_polysolver(cells) or not gene:
            raise sheet.error("a row is not a gene and two alleles like hla_a_02_01_01", row)
        names = []
        for place in (1, 2):
            _, own, *fields = cells[place].split("_")
            names.append(sheet.name(row, f"{own}*{':'.join(fields)}", gene, place))
        add(sheet, people, row, "", gene, two_alleles(gene, names[0], names[1]))
    return Typings("Polysolver", people)


def is_kourami(row: Sequence[str]) -> bool:
    """Whether a row is an allele with its matched bases, identity and two lengths.

    Later releases add the weight of the weakest edge.
    """
    numbers = (row[1], *row[3:]) if len(row) in {5, 6} else ("",)
    return "*" in row[0] and all(cell.isdigit() for cell in numbers)


def read_kourami(sheet: Sheet) -> Typings:
    """Kourami's .result: allele, matched bases, identity, lengths; several alleles joined by ;."""
    found: dict[str, list[tuple[int, HLAName]]] = {}
    for row, cells in enumerate(sheet.rows):
        if not is_kourami(cells):
            raise sheet.error(
                "a row is not an allele, matched bases, identity and two lengths", row
            )
        names = [sheet.name(row, text, "", 0) for text in cells[0].split(";")]
        members = [member for name in names if name is not None for member in name.members]
        if members:
            name = AlleleList.of(members)
            found.setdefault(name.gene, []).append((row, name))
    people: People = {"": {}}
    for gene, entries in found.items():
        if len(entries) > 2:
            raise sheet.error(f"HLA-{gene} has more than two rows", entries[2][0])
        pair = two_alleles(gene, *(name for _, name in entries))
        add(sheet, people, entries[0][0], "", gene, pair)
    return Typings("Kourami", people)


def is_dragen(sheet: Sheet) -> bool:
    """Whether the header is two columns for each gene and nothing else, with one row below."""
    return len(sheet.rows) == 2 and len(sheet.header) == 2 * len(wide_columns(sheet)) > 0


def read_dragen(sheet: Sheet) -> Typings:
    """DRAGEN's .hla.tsv: A1, A2, B1, B2, C1, C2 and perhaps class II, one row."""
    sheet.rectangular()
    return Typings("DRAGEN", {"": read_pairs(sheet, 1, wide_columns(sheet))})


def is_spechla(sheet: Sheet) -> bool:
    """Whether the comments and the header are those of SpecHLA."""
    return any("IPD-IMGT/HLA" in line for line in sheet.comments) and "HLA_A_1" in sheet.header


def read_spechla(sheet: Sheet) -> Typings:
    """SpecHLA's hla.result.txt: the sample, then two columns for each gene."""
    sheet.rectangular()
    genes = wide_columns(sheet)
    people: People = {}
    for row in range(1, len(sheet.rows)):
        people[sheet.sample(row, sheet.samples)] = read_pairs(sheet, row, genes, blank="-")
    return Typings("SpecHLA", people)
