"""The genome build of a source: as it declares, as the user says, and as its loci confirm."""

from __future__ import annotations

from collections.abc import Sequence

from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant, match_alleles
from riskscore.samples.files.source import Region, Source

# Loci that must fit the other build, where none fits the declared one, before it is contradicted.
_CONTRADICTION = 3


def choose_build(source: Source, variants: Sequence[Variant], asked: Build | None) -> Build:
    """The build of a source; ``asked`` is the user's word.

    Raises BuildMismatchError when header, user and loci contradict each other, or nothing tells.
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
