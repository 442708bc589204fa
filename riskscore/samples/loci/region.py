"""All variants of a stretch of a chromosome, as a file writes them: what no model has to name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from riskscore.errors import NothingMatchedError, UsageError
from riskscore.genetics.build import Build, chromosome
from riskscore.genetics.change import is_sequence
from riskscore.genetics.variant import Variant
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Region, Source
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.matching import INDEL_REACH, find, is_marker

_REGION = re.compile(r"(?P<chromosome>[^:\s]+):(?P<start>[\d,]{1,12})-(?P<end>[\d,]{1,12})")
_MOST_CELLS = 500_000_000  # dosages held at once, two gigabytes of them


def as_region(text: str | Region) -> Region:
    """A region as people write it, with both ends in it; raises UsageError for another text.

    >>> as_region("chr6:32,400,000-32,700,000").end
    32700000
    """
    if isinstance(text, Region):
        return text
    match = _REGION.fullmatch(text.strip())
    if match is not None:
        start, end = (int(match[end].replace(",", "") or 0) for end in ("start", "end"))
        if 1 <= start <= end:
            return Region(chromosome(match["chromosome"]), start, end)
    raise UsageError(f"{text!r} is not a region", fix="write 6:32400000-32700000")


def to_prepare(regions: Sequence[Region]) -> list[Region]:
    """The regions with room for the other spellings of indels at their ends."""
    return [
        replace(one, start=max(1, one.start - INDEL_REACH), end=one.end + INDEL_REACH)
        for one in regions
    ]


def with_regions(
    dosages: Dosages,
    source: Source,
    regions: Sequence[Region],
    build: Build,
    reading: Reading,
    people: range,
) -> Dosages:
    """The dosages with a row for every further variant of the regions, its ALT counted.

    A variant of several ALTs is a row an ALT. Strands are not judged: the letters are the file's
    own. Raises NothingMatchedError for a region without variants, UsageError for more variants
    than can be held.
    """
    known = {_change(match.variant, build) for match in dosages.matches}
    fresh: dict[tuple[str, int, frozenset[str]], Variant] = {}
    for region in regions:
        found = list(_variants(source, region, build))
        if not found:
            raise NothingMatchedError(
                f"no variant lies in {region.chromosome}:{region.start}-{region.end}",
                where=source.name,
                fix="check the region and the genome build",
            )
        fresh |= {_change(v, build): v for v in found if _change(v, build) not in known}
    if len(fresh) * len(people) > _MOST_CELLS:
        raise UsageError(
            f"the regions have {len(fresh):,} variants, too many to hold for {len(people):,} "
            "people at once",
            fix="ask for smaller regions, one after the other",
        )
    values = np.full((len(fresh), len(people)), np.nan, dtype=np.float32)
    matches = []
    for row, variant in enumerate(_named_apart(list(fresh.values()))):
        one = find(source, variant, build, reading)
        matches.append(one.match)
        if one.values is not None:
            values[row] = one.values[people.start : people.stop]
    return dosages.joined(matches, values)


def _change(variant: Variant, build: Build) -> tuple[str, int, frozenset[str]]:
    """The key of a variant, the same whichever of its alleles is counted."""
    place = variant.position(build) if variant.known_in(build) else 0
    letters = frozenset({variant.effect_allele, variant.other_allele})
    return variant.chromosome, place, letters


def _variants(source: Source, region: Region, build: Build) -> Iterator[Variant]:
    """The variants whose records start in a region, each ALT that is a sequence."""
    if region.chromosome not in source.chromosomes:
        return
    for record in source.fetch(region):
        ref, inside = record.ref.upper(), region.start <= record.position <= region.end
        if record.is_block or is_marker(record.id) or not inside or not is_sequence(ref):
            continue
        for alt in map(str.upper, record.alts):
            if is_sequence(alt):
                name = record.id if record.id != "." and len(record.alts) == 1 else ""
                place = record.position
                yield Variant(
                    name or f"{record.chromosome}:{place}:{ref}:{alt}",
                    record.chromosome,
                    place if build is Build.GRCh38 else None,
                    place if build is Build.GRCh37 else None,
                    alt,
                    ref,
                    ref if record.ref_is_reference else "",
                )


def _named_apart(variants: Sequence[Variant]) -> Iterator[Variant]:
    """The variants, those of one name renamed by place and letters."""
    count = Counter(variant.name for variant in variants)
    for one in variants:
        place = one.position_grch38 or one.position_grch37
        own = f"{one.chromosome}:{place}:{one.other_allele}:{one.effect_allele}"
        yield one if count[one.name] == 1 else replace(one, name=own)
