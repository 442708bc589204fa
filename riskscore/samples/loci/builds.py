"""The genome build of a source: as it declares, as the user says, and as its loci confirm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import HG18, LIFT_OVER, Build
from riskscore.genetics.variant import Variant, match_alleles
from riskscore.samples.files.source import Region, Source

# Loci that must fit the other build, where none fits the declared one, before it is contradicted.
_CONTRADICTION = 3
# Positions in the MHC of NCBI36 less those of GRCh37: of 168 of the 172 tag SNPs that the published
# tables place in both. From 29.63 to 31.83 Mb it is 107,979, from 32.07 to 33.08 Mb 107,978.
_HG18_SHIFTS = (107_978, 107_979)
_MHC_OF_GRCH37 = range(29_600_000, 33_200_000)


def choose_build(source: Source, variants: Sequence[Variant], asked: Build | None) -> Build:
    """The build of a source; ``asked`` is the user's word.

    Raises BuildMismatchError when header, user and loci contradict each other, when nothing tells,
    or when the loci of the MHC stand where NCBI36 (hg18) has them.
    """
    build = _chosen(source, variants, asked)
    if source.caution:
        _require_one_build(source, variants, build)
    return build


def _chosen(source: Source, variants: Sequence[Variant], asked: Build | None) -> Build:
    declared = source.build
    if asked and declared and asked is not declared:
        raise BuildMismatchError(
            f"the header says {declared}, --build says {asked}",
            where=source.name,
            fix="leave --build out, or mend the header",
        )
    build = asked or declared
    if build and _fits(source, variants, build, enough=1):
        return build
    others = [b for b in Build if b is not build]
    other = [b for b in others if _fits(source, variants, b, enough=_CONTRADICTION)]
    if not other and _fits_hg18(source, variants):
        raise BuildMismatchError(
            f"positions and letters in the MHC fit {HG18}, in which no model has positions",
            where=source.name,
            fix=LIFT_OVER,
        )
    if build and not other:
        return build
    if build:
        raise BuildMismatchError(
            f"the file is said to be {build}, but its positions and letters fit {other[0]}",
            where=source.name,
            fix="mend the header, or lift the file over",
        )
    if len(other) != 1:
        raise BuildMismatchError(
            "neither the header nor the loci tell the genome build",
            where=source.name,
            fix="say --build GRCh37 or --build GRCh38",
        )
    return other[0]


def _require_one_build(source: Source, variants: Sequence[Variant], build: Build) -> None:
    """Refuse raw data in which a variant of the name that is asked for stands where it does in
    another build.
    """
    other = next(one for one in Build if one is not build)
    for variant in variants:
        if not variant.known_in(build) or not variant.known_in(other):
            continue
        place = variant.position(other)
        if place == variant.position(build):
            continue
        for record in source.fetch(Region(variant.chromosome, place, place)):
            if record.id == variant.name and record.position == place:
                raise BuildMismatchError(
                    f"positions are those of {build}, and that of {variant.name} is one of {other}",
                    where=source.name,
                    fix="download the raw data again",
                )


def hg18_regions(variants: Sequence[Variant]) -> list[Region]:
    """Where variants of the MHC stand in a file of NCBI36 (hg18)."""
    return [region for _, region in _in_hg18(variants)]


def _in_hg18(variants: Sequence[Variant]) -> Iterator[tuple[Variant, Region]]:
    for variant in variants:
        if variant.chromosome == "6" and variant.known_in(Build.GRCh37):
            position = variant.position(Build.GRCh37)
            if position in _MHC_OF_GRCH37:
                first, last = (position + shift for shift in _HG18_SHIFTS)
                yield variant, Region("6", first, last)


def _fits_hg18(source: Source, variants: Sequence[Variant]) -> bool:
    """Whether enough variants of the MHC have a record with their letters where hg18 has them."""
    count = 0
    for variant, region in _in_hg18(variants):
        count += any(
            region.start <= record.position <= region.end
            and match_alleles(variant, record.ref, record.alts) is not None
            for record in source.fetch(region)
        )
        if count >= _CONTRADICTION:
            return True
    return False


def _fits(source: Source, variants: Sequence[Variant], build: Build, enough: int) -> bool:
    """Whether enough variants have a record with their letters at their place in this build."""
    count = 0
    for variant in variants:
        if not variant.known_in(build):
            continue
        position = variant.position(build)
        for record in source.fetch(Region(variant.chromosome, position, position)):
            if record.position == position:
                own = record.towards(variant)
                count += match_alleles(variant, own.ref, own.alts) is not None
        if count >= enough:
            return True
    return False
