"""Copies of a haplotype of SNPs: counted where genotypes settle it, else missing, never guessed.

A haplotype is carried on a chromosome that has the effect allele of every one of its SNPs. Without
phase its copies are known where some SNP has no effect allele (none), or at most one SNP is
heterozygous (as many as the SNP with fewest). Where two or more are, phase must tell: genotypes
written with ``|`` in one phase set (PS); those without PS are one set, as VCF has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Copies, Mask
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import AlleleMatch, Strand, Variant, match_alleles
from riskscore.models.model import RiskModel
from riskscore.samples.files.source import Source
from riskscore.samples.loci.dosages import Dosages, LocusMatch
from riskscore.samples.loci.frequency import MINIMUM_SAMPLES
from riskscore.samples.loci.matching import region_of

HOW = "haplotype"
_WHOLE = 1e-3  # a dosage further from a whole number is not a hard call


@dataclass(frozen=True)
class _Phase:
    """Whether each chromosome has the effect allele, (2, samples), in whom that is ``told``; sets.

    Told is a phased genotype with one effect allele, so that it agrees with the copies that were
    read from all records at the place.
    """

    carried: Mask
    told: Mask
    sets: NDArray[np.bytes_]


def with_snp_haplotypes(
    dosages: Dosages,
    models: Sequence[RiskModel],
    source: Source | None = None,
    build: Build = Build.GRCh38,
    people: range | None = None,
) -> Dosages:
    """The dosages of SNPs with a row for each haplotype the models count, of ``people`` if given.

    Phase is read from ``source``, where one is given. Where any model counts a haplotype,
    ``dosages`` are those of everybody in the source, so that frequencies are judged on all, and
    the result is cut to ``people``. Raises VCFFormatError for genotypes that cannot be read.
    """
    haplotypes = list(dict.fromkeys(one for model in models for one in model.snp_haplotypes))
    if not haplotypes:
        return dosages
    found = [_counted(dosages, one, source, build) for one in haplotypes]
    rows = np.stack([copies for _, copies in found])
    whole = dosages.joined([match for match, _ in found], rows)
    return whole if people is None else whole.of_people(people)


def why_unknown(dosages: Dosages, haplotype: Variant) -> NDArray[np.uint8]:
    """By sample, why the copies of a haplotype are not known; 0 where they are."""
    members = _members(dosages, haplotype)
    gap = np.isnan(dosages.of(haplotype))
    reasons = np.where(_unsure(members), np.uint8(Missing.AMBIGUOUS), np.uint8(Missing.NOT_PHASED))
    reasons = np.where(np.isnan(members).any(axis=0), np.uint8(Missing.NO_CALL), reasons)
    return np.where(gap, reasons, np.uint8(Missing.NOT_MISSING))


def _counted(
    dosages: Dosages, haplotype: Variant, source: Source | None, build: Build
) -> tuple[LocusMatch, Copies]:
    """How a haplotype was found, and its copies (samples,)."""
    matches = [dosages.match(member) for member in haplotype.members]
    samples = dosages.values.shape[1]
    lost = next((match for match in matches if match.missing), None)
    if lost is not None:
        match = LocusMatch(haplotype, lost.missing, lost.how, note=f"at {lost.variant.name}")
        return match, np.full(samples, np.nan, dtype=np.float32)
    members = _members(dosages, haplotype)
    copies, open_ = unphased_copies(members)
    if source is not None and open_.any():
        phases = [_phase(source, match, build, samples) for match in matches]
        copies = np.where(open_, _phased(members, phases), copies)
    notes = Counter(
        {
            "not_phased": int((open_ & np.isnan(copies)).sum()),
            "not_hard_called": int((np.isnan(copies) & _unsure(members)).sum()),
        }
    )
    known = ~np.isnan(copies)
    # People whose phase is unknown are all heterozygous: the others are no sample of everybody.
    whole = known.sum() >= MINIMUM_SAMPLES and not +notes
    frequency = float(copies[known].mean(dtype=np.float64) / 2) if whole else float("nan")
    return (
        LocusMatch(
            haplotype,
            Missing.NOT_MISSING,
            HOW,
            " + ".join(match.record for match in matches),
            frequency,
            "; ".join(f"{name}={count}" for name, count in notes.items() if count),
        ),
        copies,
    )


def _members(dosages: Dosages, haplotype: Variant) -> Copies:
    return np.stack([dosages.of(member) for member in haplotype.members])


def _unsure(members: Copies) -> Mask:
    """Samples in whom some dosage is no whole number."""
    return np.asarray((np.abs(members - np.round(members)) > _WHOLE).any(axis=0))


def unphased_copies(members: Copies) -> tuple[Copies, Mask]:
    """Copies (samples,) as far as genotypes without phase settle them; whom phase could settle.

    ``members`` are copies of each SNP's effect allele, shape (SNPs, samples).

    >>> copies, open_ = unphased_copies(np.array([[2, 1, 1, 0, 1.4], [2, 2, 1, 1, 2]]))
    >>> copies.tolist(), open_.tolist()
    ([2.0, 1.0, nan, 0.0, nan], [False, False, True, False, False])
    """
    none = (np.abs(members) <= _WHOLE).any(axis=0)
    certain = ~np.isnan(members).any(axis=0) & ~_unsure(members)
    heterozygous = (np.round(members) == 1).sum(axis=0)
    copies = np.full(members.shape[1], np.nan, dtype=np.float32)
    settled = certain & (heterozygous <= 1)
    copies[settled] = np.round(members[:, settled]).min(axis=0)
    copies[none] = 0.0
    return copies, certain & ~none & (heterozygous > 1)


def _phased(members: Copies, phases: Sequence[_Phase]) -> Copies:
    """Copies in people with two or more heterozygous SNPs, (samples,); nan where phase is lacking.

    Two SNPs of one phase set on opposite chromosomes leave none; all of one set and on the same
    chromosome leave one.
    """
    samples = members.shape[1]
    heterozygous = np.round(members) == 1
    opposite, apart = np.zeros(samples, dtype=bool), np.zeros(samples, dtype=bool)
    for i, j in combinations(range(len(phases)), 2):
        both = heterozygous[i] & heterozygous[j]
        one, other = phases[i], phases[j]
        linked = both & one.told & other.told & (one.sets == other.sets)
        opposite |= linked & (one.carried[0] != other.carried[0])
        apart |= both & ~linked
    return np.where(opposite, 0.0, np.where(apart, np.nan, 1.0)).astype(np.float32)


def _phase(source: Source, match: LocusMatch, build: Build, samples: int) -> _Phase:
    """The phased genotypes of the one record a SNP was read from; all unknown without it."""
    records = source.fetch(region_of(match.variant, build))
    own = [record for record in records if record.place == match.record]
    calls = own[0].genotypes() if len(own) == 1 else None
    found = match_alleles(match.variant, own[0].ref, own[0].alts) if own else None
    if calls is None or found is None:
        nobody = np.zeros((2, samples), dtype=bool)
        return _Phase(nobody, nobody[0], np.full(samples, b""))
    record = own[0]
    carried = np.equal(calls.T, _effect_index(found, match))
    told = record.phased() & (carried.sum(axis=0) == 1)
    return _Phase(carried, told, record.phase_sets())


def _effect_index(found: AlleleMatch, match: LocusMatch) -> int:
    """The effect allele's number; of a palindrome judged to be on the other strand, the other's."""
    if found.ambiguous and match.how == Strand.FLIPPED:
        return found.other_index
    return found.effect_index
