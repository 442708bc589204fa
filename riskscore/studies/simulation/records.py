"""The VCF records of simulated people: loci and HLA alleles, true or with imputation's noise.

The noise is that of a calibrated imputation, which is wrong about haplotypes and not about genes:
an imputed chromosome is a mixture of whole ones, the true one among them, with the same weights at
all HLA genes. So the dosages of a gene's alleles are, on each haplotype, a draw from the Dirichlet
distribution with parameters k f_a, f the frequencies in the cohort, given the true allele; a SNP is
a gene of two alleles, each with noise of its own. With k = 1/R2 - 1 the dosage h of every allele
has variance R2 f (1-f), E[true | h] = h, and so squared correlation R2 with the truth (conjugacy of
the Dirichlet and the categorical distribution: given the truth a, the parameters are k f + e_a).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, GenotypeCodes, Mask
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.files.vcf_write import STEPS, OutRecord, dosage_cells, genotype_cells
from riskscore.studies.simulation.people import NOISE, Drawer, People, stream
from riskscore.studies.simulation.plan import HLARecords, Locus, Settings, chromosome_order

# Where the records of a gene begin in GRCh38 (as in reference/examples; DPA1: start of the gene,
# recalled) and how far the MHC is displaced in GRCh37. They are markers, not variants.
GENE_START = {
    "A": 29_942_532, "C": 31_268_749, "B": 31_353_872, "DRB1": 32_578_769, "DQA1": 32_637_406,
    "DQB1": 32_659_467, "DPA1": 33_064_569, "DPB1": 33_075_990,
}  # fmt: skip
GRCH37_SHIFT = -32_223
_LEFT_OVER = 0.005  # of a haplotype's dosage, given whole to the last allele drawn


@dataclass(frozen=True)
class SimulatedRecord:
    """A record before writing: the true ALT alleles, and with noise their dosages in hundredths.

    ``truth`` has shape (people,), 2 x first + second; ``hundredths`` (people, 2) or None.
    ``expected`` is the frequency of ALT it was drawn at, nan where that is by haplotype.
    """

    chromosome: str
    position: int
    id: str
    ref: str
    alt: str
    kind: str
    expected: float
    truth: GenotypeCodes
    hundredths: GenotypeCodes | None

    @property
    def frequency(self) -> float:
        """The frequency of ALT among the true haplotypes."""
        return float(_bits(self.truth).mean())

    @property
    def r2(self) -> float:
        """Squared correlation of the dosages with the truth; nan where either does not vary."""
        if self.hundredths is None:
            return math.nan
        # Counted in whole numbers: exact, and the same on every machine.
        dosage = self.hundredths.sum(axis=1, dtype=np.int64)
        copies = _bits(self.truth).sum(axis=1, dtype=np.int64)
        cells = np.bincount(3 * dosage + copies, minlength=3 * (2 * STEPS + 1))
        d, c = np.divmod(np.arange(len(cells)), 3)
        n = int(cells.sum())
        sum_d, sum_c = int((cells * d).sum()), int((cells * c).sum())
        joint = n * int((cells * d * c).sum()) - sum_d * sum_c
        spread_d = n * int((cells * d * d).sum()) - sum_d**2
        spread_c = n * int((cells * c * c).sum()) - sum_c**2
        return joint**2 / (spread_d * spread_c) if spread_d * spread_c else math.nan

    def as_true(self) -> OutRecord:
        """The record with true genotypes."""
        return self._record(f"AF={self.frequency:.6f}", "GT", genotype_cells(self.truth))

    def as_imputed(self) -> OutRecord:
        """The record with dosages; R2 is estimated as Minimac does, Var(h) / (p (1-p))."""
        assert self.hundredths is not None
        h = self.hundredths / STEPS
        p = float(h.mean())
        r2 = float(h.var()) / (p * (1 - p)) if 0 < p < 1 else 0.0
        info = f"AF={p:.5f};MAF={min(p, 1 - p):.5f};R2={r2:.5f};IMPUTED"
        return self._record(info, "GT:DS:HDS:GP", dosage_cells(self.hundredths))

    def _record(self, info: str, layout: str, cells: bytes) -> OutRecord:
        return OutRecord(
            self.chromosome, self.position, self.id, self.ref, self.alt, info, layout, cells
        )


def _bits(codes: GenotypeCodes) -> GenotypeCodes:
    """Alleles by haplotype, shape (people, 2)."""
    return np.stack([codes >> np.uint8(1), codes & np.uint8(1)], axis=1)


def simulated_records(people: People, drawer: Drawer) -> Iterator[SimulatedRecord]:
    """Every record, sorted by place."""
    settings = drawer.settings
    loci = [_SNP(locus, row, settings) for row, locus in enumerate(drawer.loci)]
    imputed = _impute(people, drawer) if settings.r2 is not None else None
    jobs: list[_SNP | _HLA] = [*loci, *_hla_jobs(drawer)]
    for job in sorted(jobs, key=lambda job: job.place):
        yield job.record(people, drawer, imputed)


@dataclass(frozen=True)
class _SNP:
    locus: Locus
    row: int
    settings: Settings

    @property
    def place(self) -> tuple[int, int, str]:
        own = self.locus.variant
        number = chromosome_order(own.chromosome)
        return number, own.position(self.settings.build), own.name

    def record(self, people: People, drawer: Drawer, _: _Imputed | None) -> SimulatedRecord:
        locus, variant = self.locus, self.locus.variant
        truth = people.codes[self.row] ^ np.uint8(0 if locus.effect_is_alt else 3)
        noisy = None
        if self.settings.r2 is not None:
            rng = stream(self.settings.seed, NOISE, self.row)
            noisy = _snp_dosages(_bits(truth), self.settings.r2, rng)
        share = math.nan
        if len(self.settings.mixture) == 1:
            share = drawer.expected_frequency(self.row)
            share = share if locus.effect_is_alt else 1 - share
        return SimulatedRecord(
            variant.chromosome, self.place[1], variant.name, locus.ref, locus.alt, locus.kind,
            share, truth, noisy,
        )  # fmt: skip


@dataclass(frozen=True)
class _HLA:
    name: HLAAllele
    gene: str
    position: int
    settings: Settings

    @property
    def place(self) -> tuple[int, int, str]:
        return 6, self.position, str(self.name)

    def record(self, people: People, drawer: Drawer, imputed: _Imputed | None) -> SimulatedRecord:
        absent_alt = self.settings.hla is HLARecords.PRESENT_REF
        pool = drawer.pool.alleles[self.gene]
        carried = np.array([self.name.covers(allele) for allele in pool])
        both = carried[people.hla[self.gene]]
        truth = (2 * both[:, 0] + both[:, 1]).astype(np.uint8) ^ np.uint8(3 if absent_alt else 0)
        noisy = None
        if imputed is not None:
            noisy = imputed.hundredths(carried[people.hla[self.gene]])
            noisy = (STEPS - noisy).astype(np.uint8) if absent_alt else noisy
        share = math.nan
        if len(self.settings.mixture) == 1:
            shares = drawer.pool.allele_shares(next(iter(self.settings.mixture)), self.gene)
            share = float(shares[carried].sum())
            share = 1 - share if absent_alt else share
        label = str(self.name).replace("*", "_") if absent_alt else str(self.name)
        letters = ("P", "A") if absent_alt else ("A", "T")
        return SimulatedRecord(
            "6", self.position, f"HLA_{label}", *letters, "HLA allele", share, truth, noisy
        )


def _hla_jobs(drawer: Drawer) -> Iterator[_HLA]:
    """Alleles at one and two fields: A/T at places of their own, P/A all at the gene's place."""
    settings = drawer.settings
    if settings.hla is HLARecords.NONE:
        return
    shift = GRCH37_SHIFT if settings.build == "GRCh37" else 0
    for gene, start in GENE_START.items():
        alleles = drawer.pool.alleles.get(gene, ())
        groups = {HLAAllele(gene, allele.fields[:1]) for allele in alleles}
        for number, name in enumerate(sorted({*groups, *alleles})):
            step = 0 if settings.hla is HLARecords.PRESENT_REF else number
            yield _HLA(name, gene, start + shift + step, settings)


def _snp_dosages(alleles: GenotypeCodes, r2: float, rng: np.random.Generator) -> GenotypeCodes:
    """Noisy dosages in hundredths: a Beta given the true allele, drawn by its quantiles."""
    p = float(alleles.mean())
    if r2 == 1 or p in (0.0, 1.0):
        return alleles * np.uint8(STEPS)
    draws = rng.integers(0, 1 << 16, alleles.shape, dtype=np.uint16)
    k = 1 / r2 - 1
    absent = _beta_quantiles(k * p, k * (1 - p) + 1)[draws]
    present = _beta_quantiles(k * p + 1, k * (1 - p))[draws]
    return np.where(alleles == 1, present, absent)


def _beta_quantiles(a: float, b: float) -> GenotypeCodes:
    """The Beta's quantiles at 65,536 even steps, rounded to hundredths."""
    from scipy.special import betainc

    bounds = (np.arange(STEPS) + 0.5) / STEPS
    ends = np.rint(betainc(a, b, bounds) * (1 << 16)).astype(np.int64)
    counts = np.diff([0, *ends, 1 << 16])
    return np.repeat(np.arange(STEPS + 1, dtype=np.uint8), counts)


@dataclass(frozen=True)
class _Imputed:
    """Each chromosome as a mixture of a few of the cohort's, with weights, (parts, people, 2).

    ``chromosomes`` are places in the cohort's, the first and second of one person after the other.
    """

    chromosomes: NDArray[np.int64]
    weights: Array

    def hundredths(self, carried: Mask) -> GenotypeCodes:
        """The dosages of an allele that the chromosomes in ``carried`` (people, 2) carry."""
        flat = carried.ravel()
        dosage = np.zeros(carried.shape)
        for place, weight in zip(self.chromosomes, self.weights, strict=True):
            dosage += np.where(flat[place], weight, 0.0)
        return np.rint(dosage * STEPS).astype(np.uint8)


def _impute(people: People, drawer: Drawer) -> _Imputed:
    """A draw from a Dirichlet process for each chromosome, by breaking a stick.

    The true one has the weight W ~ Beta(1, k); what is left is shared out among chromosomes drawn
    from the cohort, each taking a Beta(1, k) part of what is left (Sethuraman's construction).
    """
    settings = drawer.settings
    assert settings.r2 is not None
    rng = stream(settings.seed, NOISE, len(drawer.loci))
    shape = (len(people), 2)
    truth = np.arange(2 * len(people)).reshape(shape)
    if settings.r2 == 1:
        return _Imputed(truth[None], np.ones((1, *shape)))
    k = 1 / settings.r2 - 1
    parts = math.ceil(math.log(_LEFT_OVER) / math.log(1 - settings.r2))
    places, weights, left = [truth], [], np.ones(shape)
    for _ in range(parts):
        piece = 1 - rng.random(shape) ** (1 / k)
        weights.append(left * piece)
        left = left * (1 - piece)
        places.append(rng.integers(0, truth.size, shape))
    return _Imputed(np.stack(places), np.stack([*weights, left]))
