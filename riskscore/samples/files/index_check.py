"""Whether an index belongs to its file: the first and the last record must be found through it."""

from __future__ import annotations

from pathlib import Path

from riskscore.errors import IndexMissingError
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.bgzf import Blocks
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.source import Region
from riskscore.samples.files.vcf import VCFFile, parse_line

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
    blocks = Blocks(path)
    try:
        offset, offsets = blocks.find(max(0, blocks.size - _TAIL), blocks.size), []
        while offset < blocks.size:
            offsets.append(offset)
            offset = blocks.after(offset)
        text = b""
        for offset in reversed(offsets):
            text = bytes(blocks.block(offset)) + text
            lines = text.rstrip(b"\n").rsplit(b"\n", 1)
            if len(lines) == 2 or offset == 0:
                return None if lines[-1].startswith(b"#") else lines[-1]
    except Unusual:
        pass  # what is wrong with the file shows when it is read
    finally:
        blocks.close()
    return None
