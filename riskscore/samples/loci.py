"""Variants found in a VCF: matched on place and both letters, strands judged, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import AlleleMatch, Strand, Variant, match_alleles
from riskscore.samples.dosages import Dosages, LocusMatch
from riskscore.samples.genotypes import allele_copies
from riskscore.samples.vcf import Record, VCFFile

# A palindrome's frequency decides its strand only this far from one half, on both sides of it.
FREQUENCY_MARGIN = 0.1
# Fewer people than this do not make a frequency.
MINIMUM_SAMPLES = 50
# This many other loci must read REF = reference base before a file counts as on the forward strand.
MINIMUM_FORWARD = 10


@dataclass(frozen=True)
class _Hit:
    match: LocusMatch
    values: NDArray[np.float32] | None
    ref: str = ""


def read_dosages(
    vcf: VCFFile,
    variants: Sequence[Variant],
    build: Build,
    frequencies: Mapping[Variant, float],
) -> Dosages:
    """Fetch each variant from the file.

    ``frequencies`` are the effect-allele frequencies expected in the people of the file: they
    decide the strand of palindromes.
    """
    hits = [_find(vcf, variant, build) for variant in variants]
    forward = _is_forward(hits)
    any_flipped = any(h.match.how == Strand.FLIPPED for h in hits)
    values = np.full((len(variants), len(vcf.samples)), np.nan, dtype=np.float32)
    matches = []
    for row, found in enumerate(hits):
        variant, hit = found.match.variant, found
        if found.values is not None and variant.palindromic:
            hit = _judge(found, frequencies.get(variant), forward, any_flipped)
        if hit.values is not None:
            values[row] = hit.values
        matches.append(hit.match)
    return Dosages(tuple(matches), values)


def _find(vcf: VCFFile, variant: Variant, build: Build) -> _Hit:
    if variant.chromosome not in vcf.contigs:
        return _Hit(LocusMatch(variant, Missing.OUTSIDE_INDEX), None)
    position = variant.position(build)
    lines = vcf.fetch(variant.chromosome, position, position)
    records = [vcf.parse(line) for line in lines]
    if not records:
        return _Hit(LocusMatch(variant, Missing.ABSENT), None)
    matched = [
        (record, found)
        for record in records
        if (found := match_alleles(variant, record.ref, record.alts))
    ]
    if not matched:
        seen = "; ".join(f"{r.ref}>{','.join(r.alts)}" for r in records[:3])
        return _Hit(LocusMatch(variant, Missing.ALLELES_DIFFER, seen, records[0].place), None)
    if len(matched) > 1:
        match = LocusMatch(variant, Missing.DUPLICATE_RECORD, "", matched[0][0].place)
        return _Hit(match, None)
    record, found = matched[0]
    values = effect_copies(record, found)
    match = LocusMatch(
        variant, Missing.NOT_MISSING, found.strand, record.place, _frequency(record, found, values)
    )
    return _Hit(match, values, record.ref.upper())


def effect_copies(record: Record, found: AlleleMatch) -> NDArray[np.float32]:
    """Copies of the effect allele, (samples,): an ALT's own, or what the ALTs leave of two."""
    copies = allele_copies(record)
    if found.effect_index:
        own: NDArray[np.float32] = copies[found.effect_index - 1]
        return own
    return np.asarray(np.float32(2) - copies.sum(axis=0), dtype=np.float32)


def _frequency(record: Record, found: AlleleMatch, values: NDArray[np.float32]) -> float:
    """The effect allele's frequency: counted in enough people, else as INFO/AF says, else nan."""
    called = values[~np.isnan(values)]
    if called.size >= MINIMUM_SAMPLES:
        return float(called.mean(dtype=np.float64) / 2)
    try:
        shares = [float(part) for part in (record.info_value("AF") or "").split(",")]
    except ValueError:
        return float("nan")
    if len(shares) != len(record.alts):
        return float("nan")
    return shares[found.effect_index - 1] if found.effect_index else 1 - sum(shares)


def _is_forward(hits: Sequence[_Hit]) -> bool:
    """Whether REF is the reference base at every locus where that base is known."""
    known = [
        hit
        for hit in hits
        if hit.ref and hit.match.variant.reference_allele and not hit.match.variant.palindromic
    ]
    right = sum(hit.ref == hit.match.variant.reference_allele for hit in known)
    return right >= MINIMUM_FORWARD and right == len(known)


def _judge(hit: _Hit, expected: float | None, forward: bool, any_flipped: bool) -> _Hit:
    """Decide the strand of a palindrome, or say that nothing decides it."""
    assert hit.values is not None
    observed = hit.match.frequency
    if expected is not None and _telling(expected) and _telling(observed):
        if (expected > 0.5) == (observed > 0.5):
            return hit
        if any_flipped:
            match = replace(hit.match, how=Strand.FLIPPED, frequency=1 - observed)
            return _Hit(match, np.float32(2) - hit.values, hit.ref)
    elif forward and hit.ref == hit.match.variant.reference_allele:
        return hit
    return _Hit(replace(hit.match, missing=Missing.AMBIGUOUS_STRAND, how=""), None)


def _telling(frequency: float) -> bool:
    """Whether a frequency is far enough from one half to tell one strand from the other."""
    return abs(frequency - 0.5) >= FREQUENCY_MARGIN  # False for nan


def choose_build(vcf: VCFFile, variants: Sequence[Variant], asked: Build | None) -> Build:
    """The build of a file: as its header declares, as the user says, and as its loci confirm.

    Raises BuildMismatchError when these contradict each other, or when nothing tells.
    """
    declared = vcf.build
    if asked and declared and asked is not declared:
        raise BuildMismatchError(
            f"the header says {declared}, --build says {asked}",
            where=vcf.path.name,
            fix="leave --build out, or mend the header",
        )
    build = asked or declared
    if build and _fits(vcf, variants, build, enough=1):
        return build
    other = [b for b in Build if b is not build and _fits(vcf, variants, b, enough=3)]
    if build and not other:
        return build
    if build:
        raise BuildMismatchError(
            f"the file is said to be {build}, but its positions and letters fit {other[0]}",
            where=vcf.path.name,
            fix="mend the header, or lift the file over",
        )
    if len(other) != 1:
        raise BuildMismatchError(
            "neither the header nor the loci tell the genome build",
            where=vcf.path.name,
            fix="say --build GRCh37 or --build GRCh38",
        )
    return other[0]


def _fits(vcf: VCFFile, variants: Sequence[Variant], build: Build, enough: int) -> bool:
    """Whether enough variants have a record with their letters at their place in this build."""
    count = 0
    for variant in variants:
        position = variant.position(build)
        for line in vcf.fetch(variant.chromosome, position, position):
            columns = line.split("\t", 5)
            count += match_alleles(variant, columns[3], columns[4].split(",")) is not None
        if count >= enough:
            return True
    return False
