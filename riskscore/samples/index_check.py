"""Whether an index belongs to its file: the first and the last record must be found through it."""

from __future__ import annotations

import zlib
from pathlib import Path

from riskscore.errors import IndexMissingError
from riskscore.genetics.build import chromosome
from riskscore.samples.containers import BGZF_END, BGZF_MAGIC
from riskscore.samples.source import Region
from riskscore.samples.vcf import VCFFile, parse_line

_TAIL = 1 << 20  # compressed bytes at the end of the file in which the last record is looked for


def check_index(source: VCFFile, first: bytes) -> None:
    """Raise IndexMissingError when the file's first or last record is not where the index says.

    An index that was not made anew after its file finds nothing, or something else, in silence.
    """
    for line in (first, last_line(source.path)):
        if line is None:
            continue
        record = parse_line(line, len(source.samples), source.name)
        region = Region(record.chromosome, record.position, record.position)
        found = any(
            (other.id, other.ref, other.alts) == (record.id, record.ref, record.alts)
            for other in source.fetch(region)
        )
        if not found:
            raise IndexMissingError(
                f"the index does not belong to the file: it does not find the record at "
                f"{chromosome(record.chromosome)}:{record.position}",
                where=source.name,
                fix=f"make it anew: tabix -f -p vcf {source.name}",
            )


def last_line(path: Path) -> bytes | None:
    """The last line of a BGZF file, or None when it begins too far from the end."""
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    start = tail.find(BGZF_MAGIC)
    while start >= 0:
        text = _inflated(tail[start:])
        if text is not None:
            lines = text.rstrip(b"\n").rsplit(b"\n", 1)
            whole = len(lines) == 2 or size <= len(tail) - start
            return lines[-1] if whole and not lines[-1].startswith(b"#") else None
        start = tail.find(BGZF_MAGIC, start + 1)
    return None


def _inflated(blocks: bytes) -> bytes | None:
    """The text of whole BGZF blocks up to the end block; None if they do not follow each other."""
    parts, place = [], 0
    while place < len(blocks):
        if blocks[place : place + 4] != BGZF_MAGIC or len(blocks) < place + 18:
            return None
        length = int.from_bytes(blocks[place + 16 : place + 18], "little") + 1
        if place + length > len(blocks):
            return None
        if place + length < len(blocks) or length != len(BGZF_END):
            try:
                parts.append(zlib.decompress(blocks[place : place + length], 31))
            except zlib.error:
                return None
        place += length
    return b"".join(parts)
