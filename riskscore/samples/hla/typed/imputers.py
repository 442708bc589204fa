"""HLA alleles imputed from SNPs, as HIBAG, SNP2HLA, CookHLA and Axiom HLA write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from riskscore.files.tables import number_of
from riskscore.samples.hla.typed.sheets import Sheet, gene_of, genes_in
from riskscore.samples.hla.typed.typing import Genotype, People, Typings, two_alleles

_ALLELE = re.compile(r"\d{2,4}(?::\d{2,4}){0,3}[A-Z]?$")


def read_hibag(sheet: Sheet) -> Typings:
    """HIBAG: sample, allele1, allele2, prob, of one gene unless a column names it."""
    sheet.rectangular()
    one, two = sheet.column("allele1"), sheet.column("allele2")
    at, locus = sheet.column("prob"), sheet.column("locus", "gene")
    return _pairs(sheet, range(1, len(sheet.rows)), (sheet.samples, one, two, at), locus)


def is_hibag_without_header(row: Sequence[str]) -> bool:
    """Whether a row is a sample, two alleles and a probability, as HIBAG writes them."""
    return len(row) == 4 and all(map(_ALLELE.match, row[1:3])) and _is_share(row[3])


def read_hibag_without_header(sheet: Sheet) -> Typings:
    """HIBAG's table without its header: sample, allele1, allele2, prob."""
    sheet.rectangular()
    return _pairs(sheet, range(len(sheet.rows)), (0, 1, 2, 3), -1)


def _pairs(
    sheet: Sheet, rows: Sequence[int], places: tuple[int, int, int, int], locus: int
) -> Typings:
    own, one, two, at = places
    in_name = _genes_of_file(sheet)
    people: People = {}
    for row in rows:
        cells = sheet.rows[row]
        gene = _gene_at(sheet, row, locus, in_name)
        first, second = (sheet.name(row, cells[place], gene, place) for place in (one, two))
        p = sheet.number(row, cells[at], 0, 1, "prob")
        pair = two_alleles(gene, first, second, probability=p)
        add(sheet, people, row, sheet.sample(row, own), gene, pair)
    return Typings("HIBAG", people)


def is_alleles_by_gene(row: Sequence[str]) -> bool:
    """Whether a row is family, person, gene, and two alleles in one cell at one and two fields."""
    return len(row) >= 5 and bool(gene_of(row[2])) and row[3].count(",") == row[4].count(",") == 1


def read_alleles_by_gene(sheet: Sheet) -> Typings:
    """The .out or .alleles of HIBAG (by HATK), SNP2HLA and CookHLA: a row by person and gene.

    Family, person, gene, two alleles at one field, the same at two; with HIBAG the probability of
    the pair and how well it matches.
    """
    people: People = {}
    for row, cells in enumerate(sheet.rows):
        if not is_alleles_by_gene(cells):
            raise sheet.error("a row is not family, person, gene and two pairs of alleles", row)
        gene = gene_of(cells[2])
        coarse, fine = cells[3].split(","), cells[4].split(",")
        texts = [a or b for a, b in zip(fine, coarse, strict=True)]
        first, second = (sheet.name(row, text, gene, 4) for text in texts)
        p = sheet.number(row, cells[5], 0, 1, "the probability") if len(cells) == 7 else None
        pair = two_alleles(gene, first, second, probability=p)
        add(sheet, people, row, sheet.sample(row, 1), gene, pair)
    return Typings(".alleles", people)


def is_axiom(row: Sequence[str]) -> bool:
    """Whether a row is a chip's file, 1 or 2, an allele of digits and two probabilities."""
    return (
        len(row) == 5
        and row[1] in {"1", "2"}
        and bool(_ALLELE.match(row[2]))
        and _is_share(row[3])
        and _is_share(row[4])
    )


def read_axiom(sheet: Sheet) -> Typings:
    """Axiom HLA: two rows for each person, each an allele with its probability; a gene a file.

    The probability of the pair is the lower one of its two alleles.
    """
    gene = _gene_at(sheet, 0, -1, _genes_of_file(sheet))
    found: dict[str, list[int]] = {}
    for row, cells in enumerate(sheet.rows):
        if not is_axiom(cells):
            raise sheet.error("a row is not a sample, 1 or 2, an allele and two numbers", row)
        found.setdefault(cells[0], []).append(row)
    people: People = {}
    for sample, rows in found.items():
        if len(rows) != 2:
            raise sheet.error(f"a sample has {len(rows)} rows, not two", rows[-1])
        first, second = (sheet.name(row, sheet.rows[row][2], gene, 2) for row in rows)
        sure = min(number_of(sheet.rows[row][3]) for row in rows)
        pair = two_alleles(gene, first, second, probability=sure)
        add(sheet, people, rows[0], sample, gene, pair)
    return Typings("Axiom HLA", people)


def add(
    sheet: Sheet, people: People, row: int, sample: str, gene: str, genotype: Genotype | None
) -> None:
    """Put a genotype, if any, among a person's; an error if the gene is there already."""
    genes = people.setdefault(sample, {})
    if gene in genes:
        raise sheet.error(f"HLA-{gene} of this sample occurs twice", row)
    if genotype is not None:
        genes[gene] = genotype


def _is_share(text: str) -> bool:
    try:
        return 0 <= number_of(text) <= 1
    except ValueError:
        return False


def _genes_of_file(sheet: Sheet) -> list[str]:
    return genes_in(re.split(r"[^A-Za-z0-9]+", sheet.file))


def _gene_at(sheet: Sheet, row: int, locus: int, in_name: list[str]) -> str:
    if locus >= 0:
        gene = gene_of(sheet.rows[row][locus])
        if gene:
            return gene
    elif len(in_name) == 1:
        return in_name[0]
    raise sheet.error(
        "nothing says which gene these alleles are of",
        row,
        fix="add a column 'locus', or name the file after the gene (DRB1.tsv)",
    )
