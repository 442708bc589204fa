"""A scoring file's rows read into terms: our own weights.tsv, and files of the PGS Catalog.

The standard columns keep their meaning. Our own columns (documented in reference/models/README.md)
add what the format cannot say: the position in the other build, the reference base, the coding of
an interaction's parts, a fallback, a component, the standard error, the source and its status.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import HLAAllele
from riskscore.models.scoring_files.effects import (
    BY_DOSAGE_DIFFERS,
    RATIO_DIFFERS,
    agrees,
    same_by_dosage,
)
from riskscore.models.scoring_files.factors import (
    parse_alleles,
    parse_apoe,
    parse_residues,
    parse_serotype,
)
from riskscore.models.scoring_files.haplotype_pairs import (
    ANY_OTHER,
    of_the_same_genes,
    require_all_pairs,
    serotype_haplotype,
    whole_pairs,
)
from riskscore.models.scoring_files.origin import Origin, folder_origin
from riskscore.models.scoring_files.rows import STATUS_WORDS, Row, read_table
from riskscore.models.scoring_files.variants import (
    BOTH_WAYS,
    NOT_APPLIED,
    VARIANT_COLUMNS,
    looks_like_letters,
    read_snp_haplotype,
    read_variant,
)
from riskscore.models.terms import (
    ADDITIVE,
    CODINGS,
    DOMINANT,
    ONE_COPY,
    RECESSIVE,
    Coding,
    DiplotypeFactor,
    Factor,
    HaplotypeFactor,
    Status,
    Term,
    VariantFactor,
)

Alleles = Mapping[str, tuple[HLAAllele, ...]]
Product = tuple[tuple[Factor, ...], float]  # factors, and what their product is multiplied by
BY_DOSAGE = "by dosage"  # the coding of a row with a weight for each number of copies


@dataclass(frozen=True)
class Weights:
    """The rows as terms, and the alleles of the haplotypes by name and gene.

    ``notes`` say what the reader had to assume.
    """

    terms: tuple[Term, ...]
    haplotypes: Mapping[str, Alleles]
    haplotype_frequency: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...]


def read_weights(path: Path) -> Weights:
    """Read a model folder's weights file; raises ModelFormatError naming file and line."""
    table = read_table(path, allow_empty_columns=False)
    return read_terms(table.rows, folder_origin(table))


def read_terms(rows: Iterable[Row], origin: Origin) -> Weights:
    """Read rows into terms; raises ModelFormatError naming file and line."""
    reader = _TermReader(origin)
    for row in rows:
        reader.add(row)
    terms = tuple(reader.terms.values())
    haplotypes: Mapping[str, Alleles] = reader.haplotypes
    if reader.by_serotype:
        haplotypes = of_the_same_genes(haplotypes)
        require_all_pairs(terms, reader.beside_any, row.file)
    if not origin.strict:
        terms = whole_pairs(terms, reader.beside_any)
    return Weights(terms, haplotypes, reader.frequency, reader.all_notes())


@dataclass
class _TermReader:
    origin: Origin
    terms: dict[str, Term] = field(default_factory=dict)
    haplotypes: dict[str, Alleles] = field(default_factory=dict)
    frequency: dict[str, Mapping[str, float]] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    beside_any: set[str] = field(default_factory=set)  # haplotypes whose rows are pairs with X
    by_serotype: bool = False

    def all_notes(self) -> tuple[str, ...]:
        return (*self.origin.notes, *(f"{n} row(s) {text}" for text, n in self.notes.items()))

    def add(self, row: Row) -> None:
        weight, coding = self._effect(row)
        try:
            products = self._products(row, coding)
        except HLAFormatError as error:
            raise row.error(error.what, error.fix) from error
        for factors, sign in products:
            self._keep(row, factors, sign * weight)

    def _keep(self, row: Row, factors: tuple[Factor, ...], weight: float) -> None:
        status, source = row["status"], row["source"]
        if (status or self.origin.strict) and status not in set(Status):
            raise row.error(f"status is {status!r}; {STATUS_WORDS}")
        if self.origin.strict and not source:
            raise row.error("source is empty: every weight says where it was published")
        name = self._name(row, factors)
        if name in self.terms:
            nowhere = name.startswith(":0:")  # the name of a variant that has neither
            raise row.error(
                "rows that have neither an rsID nor a position cannot be told apart"
                if nowhere
                else f"the term {name!r} occurs twice"
            )
        self.terms[name] = Term(
            id=name,
            factors=factors,
            weight=weight,
            component=row["component"] or self._component(factors),
            source=source or f"{self.origin.source}, line {row.line}",
            status=Status(status) if status else self.origin.status,
            standard_error=self._standard_error(row),
            label=row["variant_description"] or row["locus_name"],
            fallback_for=row["fallback_for"].removeprefix("HLA-"),
        )

    @staticmethod
    def _standard_error(row: Row) -> float | None:
        error = row.number("standard_error")
        if error is not None and error < 0:
            raise row.error(f"standard_error is {error:g}, below 0")
        return error

    def _component(self, factors: tuple[Factor, ...]) -> str:
        if self.origin.strict:
            return "genetic"
        return "Non_HLA" if isinstance(factors[0], VariantFactor) else "HLA"

    def _name(self, row: Row, factors: tuple[Factor, ...]) -> str:
        first = factors[0]
        name = "_x_".join(str(factor) for factor in factors)
        named = "*" in row["effect_allele"] or self.origin.strict
        if len(factors) == 1 and not isinstance(first, VariantFactor) and named:
            name = getattr(first, "name", "") or row["effect_allele"]
        if row.flag("is_haplotype") and row["locus_name"] and not self._one_allele(row):
            name = row["locus_name"]
        if _is_apoe(row):
            name = f"APOE {row['effect_allele']} ({name})"
        if isinstance(first, VariantFactor) and len(factors) == 1 and name in self.terms:
            other = self.terms[name].factors[0]
            if isinstance(other, VariantFactor) and other.variant != first.variant:
                name = f"{name}:{first.variant.effect_allele}"  # another allele of the same SNP
                if first.variant.effect_allele == other.variant.other_allele:
                    self.notes[BOTH_WAYS] += 1
        coding = first.coding
        if len(factors) == 1 and coding is not ADDITIVE:
            name = f"{name} ({coding.name})"
        return name

    def _effect(self, row: Row) -> tuple[float, Coding]:
        """The weight on the log odds scale, and how copies are counted."""
        dominant, recessive = row.flag("is_dominant"), row.flag("is_recessive")
        if dominant and recessive:
            raise row.error("a row cannot be both dominant and recessive")
        coding = DOMINANT if dominant else RECESSIVE if recessive else ADDITIVE
        weight = row.number("effect_weight")
        ratio = row.number("OR" if row["OR"] else "HR")
        by_dosage = [row.number(f"dosage_{copies}_weight") for copies in range(3)]
        if weight is not None and not same_by_dosage(weight, coding, by_dosage):
            raise row.error(BY_DOSAGE_DIFFERS)
        if weight is None and any(value is not None for value in by_dosage):
            values = tuple(value for value in by_dosage if value is not None)
            if len(values) != 3 or dominant or recessive:
                raise row.error("a row by dosage has all three dosage weights and no other flag")
            return 1.0, Coding(BY_DOSAGE, (values[0], values[1], values[2]))
        if weight is None and ratio is None:
            raise row.error("effect_weight is empty")
        if weight is None or self.origin.ratios:
            value = ratio if weight is None else weight
            if value is None or value <= 0:
                raise row.error(f"the ratio {value} has no logarithm")
            return math.log(value), coding
        if ratio is not None and not agrees(weight, ratio, row["OR"] or row["HR"]):
            self.notes[RATIO_DIFFERS] += 1
        return weight, coding

    def _products(self, row: Row, coding: Coding) -> list[Product]:
        """The products of factors that the row counts."""
        if row["inclusion_criteria"]:
            self.notes[NOT_APPLIED] += 1
        effect = row["effect_allele"]
        if row.flag("is_interaction") or "_x_" in effect:
            return [(self._interaction(row, coding), 1.0)]
        kind = row["variant_type"]
        if _is_apoe(row):
            return parse_apoe(effect, coding)
        if row.flag("is_diplotype"):
            return [(self._diplotype(row, effect), 1.0)]
        if row.flag("is_haplotype") and kind != "HLA_AA" and not self._one_allele(row):
            if not kind and "*" not in effect:
                snps = read_snp_haplotype(row, self.origin, self.notes)
                return [((VariantFactor(snps, coding, row.frequency),), 1.0)]
            return [((self._haplotype(row, effect),), 1.0)]
        return [((self._single(row, coding),), 1.0)]

    def _one_allele(self, row: Row) -> bool:
        """Whether a row of the catalog calls a single HLA allele a haplotype."""
        effect = row["effect_allele"]
        return not self.origin.strict and "*" in effect and ";" not in effect

    def _single(self, row: Row, coding: Coding) -> Factor:
        """One variant, or one HLA allele, set of residues or serotype."""
        kind = row["variant_type"]
        if kind not in {"", "HLA_allele", "HLA_AA", "HLA_serotype"}:
            raise row.error(f"variant_type {kind!r} is not known")
        name, hla_coding = _hla_name(row, coding)
        if kind == "HLA_AA":
            return parse_residues(name, hla_coding)
        if kind == "HLA_serotype":
            return parse_serotype(name, hla_coding)
        if kind == "HLA_allele" or not looks_like_letters(row):
            alleles = parse_alleles(name, hla_coding)
            named = self.origin.strict and row["locus_name"] not in {"", f"HLA-{alleles.gene}"}
            return replace(alleles, name=row["locus_name"]) if named else alleles
        return VariantFactor(read_variant(row, self.origin, self.notes), coding, row.frequency)

    def _interaction(self, row: Row, coding: Coding) -> tuple[Factor, ...]:
        parts = row.split("_x_", VARIANT_COLUMNS)
        codings = row["interaction_coding"].split("_x_") if row["interaction_coding"] else []
        if self.origin.strict or codings:
            if len(parts) < 2 or len(parts) != len(codings) or not set(codings) <= set(CODINGS):
                raise row.error(
                    "an interaction needs one coding a part, joined by _x_ as its alleles"
                )
            return tuple(
                self._single(part, CODINGS[code]) for part, code in zip(parts, codings, strict=True)
            )
        if len(parts) < 2:
            raise row.error("an interaction joins its parts by _x_")
        if coding is not ADDITIVE:
            raise row.error("an interaction that is not additive does not say which part is meant")
        factors = tuple(self._single(part, ADDITIVE) for part in parts)
        read = [f.variant for f in factors if isinstance(f, VariantFactor)]
        if len(set(read)) < len(read):
            raise row.error("an interaction of a variant with itself: give dosage weights instead")
        return factors

    def _haplotype(self, row: Row, effect: str) -> HaplotypeFactor:
        name = row["locus_name"] or ("" if self.origin.strict else effect)
        if not name:
            raise row.error("a haplotype needs a locus_name")
        genes: dict[str, tuple[HLAAllele, ...]] = {}
        for constituent in effect.split(";"):
            factor = parse_alleles(constituent.strip(), ADDITIVE)
            genes[factor.gene] = factor.alleles
        if name in self.haplotypes and self.haplotypes[name] != genes:
            raise row.error(f"the haplotype {name!r} stands for two different ones")
        self.haplotypes[name] = genes
        self.frequency[name] = row.frequency
        return HaplotypeFactor(name)

    def _diplotype(self, row: Row, effect: str) -> tuple[Factor, ...]:
        """A pair: of haplotypes by name or by their alleles, or of two alleles of one gene."""
        names = [part.strip() for part in effect.split("+" if "+" in effect else "/")]
        if row["variant_type"] == "HLA_serotype" and not self.origin.strict and len(names) == 2:
            return (self._serotype_pair(names),)
        if len(names) != 2:
            raise row.error(f"{effect!r} is not two of the haplotypes above, joined by +")
        if all("*" in name and ";" not in name for name in names):
            pair = [parse_alleles(name, ONE_COPY) for name in names]
            if pair[0].alleles == pair[1].alleles:
                return (parse_alleles(names[0], RECESSIVE),)
            if pair[0].gene == pair[1].gene:
                return tuple(pair)
        found = [self._named(row, name) for name in names]
        return (DiplotypeFactor((found[0], found[1])),)

    def _serotype_pair(self, names: list[str]) -> Factor:
        """A pair of haplotypes by their serotypes; beside any other, one haplotype by itself."""
        self.by_serotype = True
        named = sorted(name for name in names if name != ANY_OTHER)
        for name in named:
            self.haplotypes.setdefault(name, serotype_haplotype(name))
            self.frequency.setdefault(name, {})
        if len(named) == 1:
            self.beside_any.add(named[0])
            return HaplotypeFactor(named[0])
        return DiplotypeFactor((named[0], named[1]))

    def _named(self, row: Row, text: str) -> str:
        """The name of a haplotype, given that name or the haplotype's alleles."""
        if text in self.haplotypes:
            return text
        if ";" not in text or self.origin.strict:
            raise row.error(f"{text!r} is not one of the haplotypes above")
        parts = [parse_alleles(part.strip(), ADDITIVE) for part in text.split(";")]
        genes = {factor.gene: factor.alleles for factor in parts}
        known = next((name for name, those in self.haplotypes.items() if those == genes), None)
        if known is None:
            self.haplotypes[text], self.frequency[text] = genes, {}
        return known or text


def _hla_name(row: Row, coding: Coding) -> tuple[str, Coding]:
    """The HLA name, from the effect allele or, where that says P or T (present), from the rsID."""
    effect = row["effect_allele"]
    if effect in {"P", "T", "A"} and not looks_like_letters(row):
        if effect == "A":  # the effect is of absence: 2 less the copies
            if coding is not ADDITIVE:
                raise row.error("the absence of an allele is counted copy by copy only")
            coding = Coding("copies of others", (2.0, 1.0, 0.0))
        return row["rsID"], coding
    return effect, coding


def _is_apoe(row: Row) -> bool:
    named = row["locus_name"].upper() == "APOE" or row["rsID"].upper().startswith("APOE")
    return row["variant_type"] == "APOE_allele" or (named and not looks_like_letters(row))
