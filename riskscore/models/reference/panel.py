"""The reference panel: HLA frequencies by population, residues by allele, tag SNPs by allele."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from riskscore.files.inputs import reference_root
from riskscore.files.tables import read_columns, read_rows
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele, HLAName, OtherAllele
from riskscore.genetics.hla_residues import COLUMNS, Residues, ResidueTable, aligned
from riskscore.genetics.variant import Variant
from riskscore.models.reference.haplotypes import (
    MHC_GENES,
    NO_HAPLOTYPES,
    ReferenceHaplotypes,
    in_mixture,
    shares_of,
)

MINIMUM_R2 = 0.8  # the least r2 at which a tag SNP stands for its allele
DRDQ = ("DRB1", "DQA1", "DQB1")  # genes whose frequencies are those of haplotypes

HaplotypeFrequencies = tuple[tuple[tuple[HLAAllele, ...], float], ...]
Shares = tuple[tuple[HLAAllele, float], ...]


@dataclass(frozen=True)
class Tag:
    """A SNP whose ``variant.effect_allele`` is linked with an HLA allele.

    ``r2`` and ``frequency`` (of the tag allele) are by superpopulation.
    """

    allele: HLAAllele
    variant: Variant
    r2: Mapping[str, float] = field(hash=False)
    frequency: Mapping[str, float] = field(default_factory=dict, hash=False)

    def r2_in(self, population: str) -> float | None:
        """The r2 in a superpopulation, in a mixture the lowest of its parts; None if not measured.

        >>> tag = Tag(HLAAllele.parse("A*02:01"), None, {"EUR": 0.9, "AFR": 0.3})
        >>> tag.r2_in("EUR"), tag.r2_in("EUR=0.7,AFR=0.3"), tag.r2_in("EAS")
        (0.9, 0.3, None)
        """
        parts = [self.r2.get(name) for name, share in shares_of(population).items() if share]
        known = [r2 for r2 in parts if r2 is not None]
        return min(known) if len(known) == len(parts) else None

    def holds(self, population: str) -> bool:
        return (self.r2_in(population) or 0.0) >= MINIMUM_R2

    def carriage(self, population: str, allele_frequency: float) -> tuple[float, float]:
        """P(allele | chromosome without the tag), P(allele | chromosome with it).

        From r2 and the two frequencies, by the definition r2 = D^2 / (p(1-p) q(1-q)). Where they
        are not known the tag is taken for the allele itself.

        >>> from riskscore.genetics.hla import HLAAllele
        >>> tag = Tag(HLAAllele.parse("A*02:01"), None, {"EUR": 0.25}, {"EUR": 0.5})
        >>> tag.carriage("EUR", 0.5)
        (0.25, 0.75)
        """
        p, q, r2 = allele_frequency, in_mixture(self.frequency, population), self.r2_in(population)
        if r2 is None or q is None or not 0 < q < 1 or not 0 < p < 1:
            return 0.0, 1.0
        d = math.sqrt(r2 * p * (1 - p) * q * (1 - q))
        d = min(d, p * (1 - q), q * (1 - p))  # frequencies of other people may contradict the r2
        return p - d / (1 - q), p + d / q


@dataclass(frozen=True)
class ReferencePanel:
    """Frequencies (shares of chromosomes), residues and tags, from reference/hla/.

    The panel was typed by G groups, each written as its first member. ``groups`` holds, by
    population, the shares of the common alleles that such a name stands for.
    """

    alleles: Mapping[tuple[str, str], Mapping[HLAAllele, float]]
    drdq: Mapping[str, HaplotypeFrequencies]
    residues: ResidueTable
    tags: tuple[Tag, ...]
    groups: Mapping[str, Mapping[HLAAllele, Shares]] = field(default_factory=dict)
    haplotypes: ReferenceHaplotypes = NO_HAPLOTYPES

    def __repr__(self) -> str:
        return f"ReferencePanel({', '.join(self.populations)})"

    @property
    def populations(self) -> tuple[str, ...]:
        return tuple(sorted(self.drdq))

    def tags_of(self, allele: HLAAllele, population: str) -> tuple[Tag, ...]:
        """The tags of an allele, the one that holds best in the population first."""
        found = [tag for tag in self.tags if tag.allele == allele]
        return tuple(sorted(found, key=lambda t: (-(t.r2_in(population) or 0.0), t.variant.name)))

    def shares(self, gene: str, population: str) -> Mapping[HLAAllele, float]:
        """The share of chromosomes with each allele, in a superpopulation or a mixture of them.

        Empty where the panel does not have the gene in each of them.

        >>> panel, allele = reference_panel(), HLAAllele.parse("B*57:01")
        >>> [round(panel.shares("B", name)[allele], 4) for name in ("EUR", "EUR=0.75,AFR=0.25")]
        [0.0427, 0.0322]
        """
        if (population, gene) in self.alleles:
            return self.alleles[population, gene]
        mixed: dict[HLAAllele, float] = {}
        for name, part in shares_of(population).items():
            if (name, gene) not in self.alleles:
                return {}
            for allele, share in self.alleles[name, gene].items():
                mixed[allele] = mixed.get(allele, 0.0) + part * share
        return mixed

    def group_members(self, population: str) -> Mapping[HLAAllele, Shares]:
        """The alleles that the first name of each G group stands for, in a population or mixture.

        In a mixture the members' shares are weighed by how many of the group's chromosomes come
        from each population.
        """
        if "=" not in population:
            return self.groups.get(population, {})
        mixed: dict[HLAAllele, dict[HLAAllele, float]] = {}
        for name, part in shares_of(population).items():
            for first, members in self.groups.get(name, {}).items():
                weight = part * self.shares(first.gene, name).get(first, 0.0)
                own = mixed.setdefault(first, {})
                for member, share in members:
                    own[member] = own.get(member, 0.0) + weight * share
        return {
            first: tuple((member, weight / total) for member, weight in own.items())
            for first, own in mixed.items()
            if (total := sum(own.values())) > 0
        }

    def frequency(self, pattern: HLAAllele, population: str) -> float:
        """The share of chromosomes with an allele that a pattern covers."""
        table = self.shares(pattern.gene, population)
        return sum(share for allele, share in table.items() if pattern.covers(allele))

    def panel_name(self, allele: HLAAllele, population: str) -> HLAAllele:
        """The name by which the panel knows an allele: two fields, of the first of its G group."""
        short = allele.reduced(2)
        plain = HLAAllele(short.gene, short.fields, "N" if short.suffix == "N" else "")
        if population not in self._firsts:
            named = self._firsts[population] = {}
            for first, members in self.group_members(population).items():
                for member, _ in members:
                    named.setdefault(member, first)
        return self._firsts[population].get(plain, plain)

    @cached_property
    def _firsts(self) -> dict[str, dict[HLAAllele, HLAAllele]]:
        """By population the first name of each allele's G group, of those asked for."""
        return {}

    def candidates(self, name: HLAName, population: str) -> Shares:
        """The alleles that a name may stand for, each with its probability there; they sum to 1.

        By the population's frequencies; a list of alleles that it lacks is shared out evenly.
        Empty when the panel knows no allele of that name.
        """
        if name.is_absent or (isinstance(name, HLAAllele) and name.suffix == "N"):
            return ((name.members[0], 1.0),)
        found: dict[HLAAllele, float] = {}
        table = self.shares(name.gene, population)
        shares = self.group_members(population)
        for listed, frequency in table.items():
            for allele, share in shares.get(listed, ((listed, 1.0),)):
                if frequency * share > 0 and self._may_be(name, allele, population):
                    found[allele] = found.get(allele, 0.0) + frequency * share
        if not found and len(name.members) > 1:
            found = dict.fromkeys(name.members, 1.0)
        total = sum(found.values())
        return tuple((allele, weight / total) for allele, weight in found.items())

    def may_be_listed(self, name: HLAName, listed: HLAAllele, population: str) -> bool:
        """Whether an allele as the panel writes it may be one that is named, perhaps coarsely."""
        return any(
            listed == self.panel_name(member, population)
            if member.resolution >= 2
            else member.covers(listed)
            for member in name.members
        )

    def _may_be(self, name: HLAName, allele: HLAAllele, population: str) -> bool:
        """Whether a two-field allele is among those that a name may stand for."""
        if isinstance(name, OtherAllele):
            return name.may_be(allele)
        for member in name.members:
            if member.is_group and member.resolution >= 2:
                own = self.panel_name(member, population)
                if own == self.panel_name(allele, population):
                    return True
            elif member.reduced(2).covers(allele) or allele.covers(member):
                return True
        return False


class _ShippedPanel(ReferencePanel):
    """The panel of reference/hla/; each table is read when it is first used.

    A model without HLA asks for none of them.
    """

    def __init__(self) -> None:
        pass  # the fields are the properties below

    @cached_property
    def alleles(self) -> Mapping[tuple[str, str], Mapping[HLAAllele, float]]:
        tables: dict[tuple[str, str], dict[HLAAllele, float]] = {}
        for row in _rows("allele_frequencies.tsv"):
            table = tables.setdefault((row["population"], row["gene"]), {})
            table[HLAAllele.parse(row["allele"])] = float(row["frequency"])
        return tables

    @cached_property
    def drdq(self) -> Mapping[str, HaplotypeFrequencies]:
        found: dict[str, list[tuple[tuple[HLAAllele, ...], float]]] = {}
        for row in _rows("drdq_haplotypes.tsv"):
            haplotype = tuple(HLAAllele.parse(row[gene]) for gene in DRDQ)
            found.setdefault(row["population"], []).append((haplotype, float(row["frequency"])))
        return {population: tuple(rows) for population, rows in found.items()}

    @cached_property
    def haplotypes(self) -> ReferenceHaplotypes:
        rows = _rows("haplotypes.tsv")
        populations = [name for name in rows[0] if name not in MHC_GENES]
        return ReferenceHaplotypes.of(rows, MHC_GENES, populations)

    @cached_property
    def residues(self) -> ResidueTable:
        path = reference_root() / "hla" / "residues.tsv"
        return replace(ResidueTable.of_columns(*read_columns(path, COLUMNS)), alignment=_alignment)

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        return _read_tags(_rows("tags.tsv"))

    @cached_property
    def groups(self) -> Mapping[str, Mapping[HLAAllele, Shares]]:
        return _read_groups(_rows("g_groups.tsv"))


@cache
def reference_panel() -> ReferencePanel:
    """The panel of reference/hla/, read once."""
    return _ShippedPanel()


@cache
def _alignment() -> Residues:
    return aligned(_rows("alignment.tsv"))


def _rows(name: str) -> list[dict[str, str]]:
    return read_rows(reference_root() / "hla" / name)


def _read_tags(rows: list[dict[str, str]]) -> tuple[Tag, ...]:
    r2: dict[tuple[HLAAllele, Variant], dict[str, float]] = {}
    frequency: dict[tuple[HLAAllele, Variant], dict[str, float]] = {}
    for row in rows:
        variant = Variant(
            row["tag_rsid"],
            chromosome(row["chr_name"]),
            int(row["position_grch38"]),
            int(row["position_grch37"]),
            row["tag_allele"],
            row["other_allele"],
        )
        key = (HLAAllele.parse(row["hla"]), variant)
        r2.setdefault(key, {})[row["population"]] = float(row["r2"])
        frequency.setdefault(key, {})[row["population"]] = float(row["tag_frequency"])
    return tuple(Tag(*key, table, frequency[key]) for key, table in r2.items())


def _read_groups(rows: list[dict[str, str]]) -> dict[str, dict[HLAAllele, Shares]]:
    groups: dict[str, dict[HLAAllele, Shares]] = {}
    for row in rows:
        table = groups.setdefault(row["population"], {})
        first = HLAAllele.parse(row["group"])
        member = (HLAAllele.parse(row["allele"]), float(row["share"]))
        table[first] = (*table.get(first, ()), member)
    return groups
