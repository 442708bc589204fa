"""weights.tsv: a PGS Catalog scoring file, format 2.0, read into terms.

The standard columns keep their meaning. Our own columns (documented in reference/models/README.md)
add what the format cannot say: the position in GRCh37, the reference base, the coding of an
interaction's parts, a fallback, a component, the standard error, the source and its status.
A column that is not known here is an error: nothing with a number in it is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from riskscore.errors import HLAFormatError, ModelFormatError
from riskscore.files import read_text
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.terms import (
    ADDITIVE,
    CODINGS,
    DOMINANT,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    DiplotypeFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Status,
    Term,
    VariantFactor,
)

STANDARD = frozenset(
    "rsID chr_name chr_position effect_allele other_allele locus_name is_haplotype is_diplotype "
    "is_interaction is_dominant is_recessive effect_weight OR allelefrequency_effect variant_type "
    "variant_description".split()
)
EXTENSION = frozenset(
    "position_grch37 reference_allele interaction_coding fallback_for component standard_error "
    "source status".split()
)
_FREQUENCY = "allelefrequency_effect_"
_BASES = frozenset("ACGT")


@dataclass(frozen=True)
class Weights:
    """The rows of a weights file as terms, and the alleles of its haplotypes by name and gene."""

    terms: tuple[Term, ...]
    haplotypes: Mapping[str, Mapping[str, tuple[HLAAllele, ...]]]
    haplotype_frequency: Mapping[str, Mapping[str, float]]


@dataclass
class _Row:
    """One line of the file, with the cells by column and a way to complain about them."""

    cells: Mapping[str, str]
    file: str
    line: int

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def error(self, message: str) -> ModelFormatError:
        return ModelFormatError(message, where=f"{self.file}, line {self.line}")

    def number(self, column: str) -> float | None:
        text = self[column]
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"{column} is {text!r}, not a finite number")
        return value

    def flag(self, column: str) -> bool:
        text = self[column].lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise self.error(f"{column} is {text!r}; write True or leave it empty")
        return text in {"true", "1"}

    def position(self, column: str) -> int:
        text = self[column]
        if not text.isdigit() or not int(text):
            raise self.error(f"{column} is {text!r}, not a position")
        return int(text)

    @property
    def frequency(self) -> dict[str, float]:
        """Effect-allele frequency by superpopulation."""
        found = {}
        for column in self.cells:
            if column.startswith(_FREQUENCY) and (value := self.number(column)) is not None:
                if not 0 <= value <= 1:
                    raise self.error(f"{column} is {value}, not a share between 0 and 1")
                found[column.removeprefix(_FREQUENCY)] = value
        return found

    @property
    def coding(self) -> Coding:
        dominant, recessive = self.flag("is_dominant"), self.flag("is_recessive")
        if dominant and recessive:
            raise self.error("a row cannot be both dominant and recessive")
        return DOMINANT if dominant else RECESSIVE if recessive else ADDITIVE


@dataclass
class _Reader:
    terms: list[Term] = field(default_factory=list)
    haplotypes: dict[str, dict[str, tuple[HLAAllele, ...]]] = field(default_factory=dict)
    frequency: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def add(self, row: _Row) -> None:
        weight = row.number("effect_weight")
        if weight is None:
            raise row.error("effect_weight is empty")
        if row["status"] not in set(Status):
            raise row.error(f"status is {row['status']!r}; write found, derived or recalled")
        if not row["source"]:
            raise row.error("source is empty: every weight says where it was published")
        factors = self._factors(row)
        effect = row["effect_allele"]
        term_id = row["rsID"] if isinstance(factors[0], VariantFactor) else effect
        if row.flag("is_haplotype") and row["locus_name"]:
            term_id = row["locus_name"]
        if len(factors) == 1 and row.coding is not ADDITIVE:
            term_id = f"{term_id} ({row.coding.name})"
        if any(term.id == term_id for term in self.terms):
            raise row.error(f"the term {term_id!r} stands twice")
        self.terms.append(
            Term(
                id=term_id,
                factors=factors,
                weight=weight,
                component=row["component"] or "genetic",
                source=row["source"],
                status=Status(row["status"]),
                standard_error=row.number("standard_error"),
                label=row["variant_description"] or row["locus_name"],
                fallback_for=row["fallback_for"].removeprefix("HLA-"),
            )
        )

    def _factors(self, row: _Row) -> tuple[Factor, ...]:
        effect = row["effect_allele"]
        try:
            if row.flag("is_interaction"):
                return self._interaction(row, effect)
            if row.flag("is_diplotype"):
                return (self._diplotype(row, effect),)
            if row["variant_type"] == "HLA_AA":
                return (parse_residues(effect, row.coding),)
            if row["variant_type"] == "HLA_allele":
                if row.flag("is_haplotype"):
                    return (self._haplotype(row, effect),)
                return (parse_alleles(effect, row.coding),)
        except HLAFormatError as error:
            raise row.error(error.what) from error
        if row["variant_type"]:
            raise row.error(f"variant_type {row['variant_type']!r} is not known")
        return (self._variant(row),)

    @staticmethod
    def _variant(row: _Row) -> VariantFactor:
        letters = (row["effect_allele"].upper(), row["other_allele"].upper())
        if not all(a and set(a) <= _BASES for a in letters) or letters[0] == letters[1]:
            raise row.error(f"the alleles {letters[0]!r} and {letters[1]!r} are not two sequences")
        name = row["rsID"]
        if not name or name == ".":
            name = f"{row['chr_name']}:{row['chr_position']}:{letters[1]}:{letters[0]}"
        variant = Variant(
            name,
            chromosome(row["chr_name"]),
            row.position("chr_position"),
            row.position("position_grch37"),
            *letters,
            reference_allele=row["reference_allele"].upper(),
        )
        return VariantFactor(variant, row.coding, row.frequency)

    @staticmethod
    def _interaction(row: _Row, effect: str) -> tuple[Factor, ...]:
        names = effect.split("_x_")
        codings = row["interaction_coding"].split("_x_")
        if len(names) < 2 or len(names) != len(codings) or not set(codings) <= set(CODINGS):
            raise row.error("an interaction needs one coding a part, joined by _x_ as its alleles")
        return tuple(
            parse_alleles(name, CODINGS[coding])
            for name, coding in zip(names, codings, strict=True)
        )

    def _haplotype(self, row: _Row, effect: str) -> HaplotypeFactor:
        name = row["locus_name"]
        if not name:
            raise row.error("a haplotype needs a locus_name")
        genes: dict[str, tuple[HLAAllele, ...]] = {}
        for constituent in effect.split(";"):
            factor = parse_alleles(constituent, ADDITIVE)
            genes[factor.gene] = factor.alleles
        self.haplotypes[name] = genes
        self.frequency[name] = row.frequency
        return HaplotypeFactor(name)

    def _diplotype(self, row: _Row, effect: str) -> DiplotypeFactor:
        names = effect.split("+")
        unknown = [name for name in names if name not in self.haplotypes]
        if len(names) != 2 or unknown:
            raise row.error(f"{effect!r} is not two of the haplotypes above, joined by +")
        return DiplotypeFactor((names[0], names[1]))


def parse_alleles(text: str, coding: Coding) -> HLAAlleleFactor:
    """An HLA constituent: names joined by ``/`` where several count alike.

    >>> parse_alleles("HLA-DRB1*01/HLA-DRB1*10", ADDITIVE).alleles
    (HLAAllele('DRB1*01'), HLAAllele('DRB1*10'))
    """
    alleles = tuple(HLAAllele.parse(name) for name in text.split("/"))
    genes = {allele.gene for allele in alleles}
    if len(genes) != 1:
        raise HLAFormatError(f"{text!r} mixes genes")
    return HLAAlleleFactor(genes.pop(), alleles, coding)


def parse_residues(text: str, coding: Coding) -> AminoAcidFactor:
    """Residues of one gene, joined by ``;``.

    >>> str(parse_residues("HLA-DRB1:11V;HLA-DRB1:71K", ADDITIVE))
    'HLA-DRB1:11V;HLA-DRB1:71K'
    """
    residues, genes = [], set()
    for constituent in text.split(";"):
        gene, _, residue = constituent.removeprefix("HLA-").partition(":")
        if not residue[:-1].isdigit() or not residue[-1:].isalpha():
            raise HLAFormatError(f"{constituent!r} is not a residue such as HLA-DRB1:11V")
        residues.append((int(residue[:-1]), residue[-1]))
        genes.add(gene)
    if len(genes) != 1:
        raise HLAFormatError(f"{text!r} mixes genes")
    return AminoAcidFactor(genes.pop(), tuple(residues), coding)


def read_weights(path: Path) -> Weights:
    """Read a weights file; raises ModelFormatError naming file and line."""
    numbered = enumerate(read_text(path).splitlines(), start=1)
    lines = [(n, line.split("\t")) for n, line in numbered if line and not line.startswith("#")]
    if len(lines) < 2:
        raise ModelFormatError("no rows of weights", where=path.name)
    header = lines[0][1]
    for column in header:
        if column not in STANDARD | EXTENSION and not column.startswith(_FREQUENCY):
            raise ModelFormatError(f"the column {column!r} is not known", where=path.name)
    if len(set(header)) < len(header):
        raise ModelFormatError("a column stands twice", where=path.name)
    reader = _Reader()
    for number, cells in lines[1:]:
        if len(cells) != len(header):
            raise ModelFormatError(
                f"{len(cells)} columns where the header has {len(header)}",
                where=f"{path.name}, line {number}",
            )
        cleaned = (cell.strip() for cell in cells)
        reader.add(_Row(dict(zip(header, cleaned, strict=True)), path.name, number))
    return Weights(tuple(reader.terms), reader.haplotypes, reader.frequency)
