"""The plain variants of a genome-wide score, met with a file in one pass, and summed exactly.

A score of a million variants is not kept as a million rows of dosages: each record is weighed and
added as it passes. Records of variants that are not in the score are not looked at. A record of one
ALT with called genotypes is added with others like it at once; any other goes the way of a single
locus (samples/loci/matching.py), to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, Variant
from riskscore.models.plain import PlainVariants
from riskscore.samples.files.reading import Palindromes, Reading
from riskscore.samples.files.second_process import in_two, to_read_beside
from riskscore.samples.files.source import Region, Source
from riskscore.samples.genome_wide.findings import HOW, Findings, Told, variant_of
from riskscore.samples.genome_wide.held_calls import PALINDROME, SURE
from riskscore.samples.genome_wide.plain_pass import Pass, Stretch
from riskscore.samples.genome_wide.plain_sums import PlainSums
from riskscore.samples.loci.loci import CONFLICTS
from riskscore.samples.loci.strand import proves_strand

_WORTH_A_PROCESS = 10_000  # so many variants are worth a second one


def read_plain(source: Source, plain: PlainVariants, build: Build, reading: Reading) -> PlainSums:
    """Meet every plain variant with a source, and sum; a long file in two processes, if allowed.

    Raises VCFFormatError for a record of a variant that cannot be read.
    """
    found = Findings(plain, build, len(source.samples))
    one = Pass(source, found, reading)
    first, second = _halves(plain, found.positions)
    beside = to_read_beside(source, reading) if len(plain) >= _WORTH_A_PROCESS else None
    if beside is None or not second:
        one.read_all([*first, *second])
        return _sums(one)
    there = np.concatenate([variants for _, variants in second])

    def rest() -> tuple[Told, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        with beside() as own:
            other = Pass(own, found, reading)
            other.read_all(second)
        return found.told(there), other.exact.sums, other.lost.sums, other.uncalled

    _, (told, exact, lost, uncalled) = in_two(lambda: one.read_all(first), rest)
    found.put(there, told)
    one.exact.sums += exact  # whole numbers of the same unit
    one.lost.sums += lost
    one.uncalled += uncalled
    return _sums(one)


def _halves(plain: PlainVariants, positions: NDArray[np.int32]) -> tuple[list[Stretch], ...]:
    """The variants by chromosome and in order, in two parts of nearly the same number."""
    halves: tuple[list[Stretch], list[Stretch]] = ([], [])
    middle, done = len(plain) // 2, 0
    listed = plain.chromosome.tolist()
    codes = {chromosome: code for code, chromosome in enumerate(dict.fromkeys(listed))}
    coded = np.fromiter(map(codes.__getitem__, listed), np.intp, len(listed))
    order = np.lexsort((positions, coded))
    parts = np.split(order, np.flatnonzero(np.diff(coded[order])) + 1)
    for chromosome, own in zip(codes, parts, strict=False):  # of no variants there is one part
        cut = min(max(0, middle - done), len(own))
        while 0 < cut < len(own) and positions[own[cut]] == positions[own[cut - 1]]:
            cut += 1  # variants of one place stay together
        for half, part in zip(halves, (own[:cut], own[cut:]), strict=True):
            if len(part):
                half.append((str(chromosome), part))
        done += len(own)
    return halves


def _sums(done: Pass) -> PlainSums:
    """The sums, palindromes among them where they are to be believed."""
    found = done.found
    read = found.missing == Missing.NOT_MISSING
    kinds = [SURE]
    if done.reading.palindromes == Palindromes.KEEP or (
        done.reading.palindromes == Palindromes.STRAND and _on_one_strand(found, read)
    ):
        kinds.append(PALINDROME)
    else:
        found.missing[read & found.palindromic] = Missing.AMBIGUOUS_STRAND
    return PlainSums(
        done.exact.values()[kinds].sum(axis=0),
        done.lost.values()[kinds].sum(axis=0),
        done.uncalled[kinds].sum(axis=0),
        found.missing,
        found.strand,
        found.frequency,
        found.mean,
        found.variance,
        found.called,
        found.people,
        int((read & found.palindromic).sum()) if PALINDROME in kinds else 0,
        tuple(_warnings(found)),
    )


def _on_one_strand(found: Findings, read: Mask) -> bool:
    """Whether the variants that are no palindromes prove that file and score are on one strand."""
    others = read & ~found.palindromic
    flipped = bool((found.strand[others] == HOW.index(Strand.FLIPPED)).any())
    whole = not (found.missing == Missing.ALLELES_DIFFER).any()
    return proves_strand(int(others.sum()), flipped, whole)


def _warnings(found: Findings) -> Iterator[str]:
    for name, words in CONFLICTS.items():
        counts = found.conflicts[name]
        if counts.any():
            loci = int((counts > 0).sum())
            yield f"{words} in {int(counts.sum())} cells of {loci} loci (see the match report)"


def plain_regions(source: Source, plain: PlainVariants, build: Build | None) -> list[Region]:
    """What a source without an index has to be told beforehand; nothing for one that has it."""
    if source.is_indexed:
        return []
    return [
        Region(str(chromosome), int(position), int(position))
        for one in ([build] if build else list(Build))
        for chromosome, position in zip(plain.chromosome, plain.positions(one), strict=True)
        if position
    ]


def some_variants(plain: PlainVariants, most: int) -> list[Variant]:
    """Some of the variants with a place and two letters, from all over the genome."""
    placed = (plain.position_grch38 > 0) | (plain.position_grch37 > 0)
    known = np.flatnonzero(placed & (plain.other_allele != ""))
    chosen = known[np.linspace(0, len(known) - 1, min(most, len(known))).astype(np.intp)]
    return [variant_of(plain, int(i)) for i in chosen]
