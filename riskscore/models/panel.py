"""The reference panel: HLA frequencies by population, residues by allele, tag SNPs by allele."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from riskscore.files import read_rows, reference_root
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.genetics.variant import Variant

MINIMUM_R2 = 0.8  # below this a tag SNP does not stand for its allele
DRDQ = ("DRB1", "DQA1", "DQB1")  # genes inherited together, whose frequencies are by haplotype

HaplotypeFrequencies = tuple[tuple[tuple[HLAAllele, ...], float], ...]


@dataclass(frozen=True)
class Tag:
    """A SNP whose ``variant.effect_allele`` travels with an HLA allele; r2 by superpopulation."""

    allele: HLAAllele
    variant: Variant
    r2: Mapping[str, float] = field(hash=False)

    def holds(self, population: str) -> bool:
        return self.r2.get(population, 0.0) >= MINIMUM_R2


@dataclass(frozen=True)
class ReferencePanel:
    """Frequencies (shares of chromosomes), residues and tags, from reference/hla/."""

    alleles: Mapping[tuple[str, str], Mapping[HLAAllele, float]]
    drdq: Mapping[str, HaplotypeFrequencies]
    residues: ResidueTable
    tags: tuple[Tag, ...]

    @property
    def populations(self) -> tuple[str, ...]:
        return tuple(sorted(self.drdq))

    def tags_of(self, allele: HLAAllele, population: str) -> tuple[Tag, ...]:
        """The tags of an allele, the one that holds best in the population first."""
        found = [tag for tag in self.tags if tag.allele == allele]
        return tuple(sorted(found, key=lambda t: (-t.r2.get(population, 0.0), t.variant.name)))


@cache
def reference_panel() -> ReferencePanel:
    """Read reference/hla/ once."""
    folder = reference_root() / "hla"
    alleles: dict[tuple[str, str], dict[HLAAllele, float]] = {}
    for row in read_rows(folder / "allele_frequencies.tsv"):
        table = alleles.setdefault((row["population"], row["gene"]), {})
        table[HLAAllele.parse(row["allele"])] = float(row["frequency"])
    drdq: dict[str, list[tuple[tuple[HLAAllele, ...], float]]] = {}
    for row in read_rows(folder / "drdq_haplotypes.tsv"):
        haplotype = tuple(HLAAllele.parse(row[gene]) for gene in DRDQ)
        drdq.setdefault(row["population"], []).append((haplotype, float(row["frequency"])))
    r2: dict[tuple[HLAAllele, Variant], dict[str, float]] = {}
    for row in read_rows(folder / "tags.tsv"):
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
    return ReferencePanel(
        alleles,
        {population: tuple(rows) for population, rows in drdq.items()},
        ResidueTable.of(read_rows(folder / "residues.tsv")),
        tuple(Tag(allele, variant, table) for (allele, variant), table in r2.items()),
    )
