"""A bgzipped VCF by its blocks: the records pysam would give, in the time their blocks take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from pathlib import Path

from riskscore.samples.files.blocks.bgzf import Blocks, Fallback
from riskscore.samples.files.blocks.index import read_index
from riskscore.samples.files.blocks.lines import Lines
from riskscore.samples.files.blocks.walk import LineWalk
from riskscore.samples.files.record import Record, parse_line
from riskscore.samples.files.source import Group, Region, is_named

# What the header of a gVCF declares. In it every line of a region's window has to be looked at.
_BLOCK_WORDS = (b"INFO=<ID=END,", b"ID=NON_REF", b"ALT=<ID=*")


class VCFBlocks:
    """The lines of a region of an indexed VCF.

    Raises Fallback when the file, its index or a line needs the complete path.
    """

    def __init__(self, path: Path, samples: int) -> None:
        index = index_of(path)
        if index is None:
            raise Fallback("no index beside the file")
        self._path, self._samples, self._index = path, samples, read_index(index)
        self._open()
        self._may_hold_blocks = any(word in self._header() for word in _BLOCK_WORDS)

    def _open(self) -> None:
        self._blocks = Blocks(self._path)
        self._lines = Lines(self._blocks, self._index)

    def again(self) -> VCFBlocks:
        """The same file with handles of its own."""
        other = copy(self)
        other._open()
        return other

    def _header(self) -> bytes:
        """The header's lines, or the blocks that hold them."""
        parts, offset = [], 0
        while offset < self._blocks.size:
            parts.append(bytes(self._blocks.block(offset)))
            if b"\n#CHROM" in b"".join(parts[-2:]):
                break
            offset = self._blocks.after(offset)
        return b"".join(parts)

    def close(self) -> None:
        self._blocks.close()

    def fetch(self, contig: str, region: Region) -> Iterator[Record]:
        """Records that start in a region, or that may reach into it; ``contig`` is the file's name.

        In the order of the file, so that whoever meets Fallback can go on where this ended.
        """
        for line in self._fetch(contig, region):
            yield parse_line(line, self._samples, self._path.name)

    def _fetch(self, contig: str, region: Region) -> Iterator[bytes]:
        found = None
        if not region.prefixes and not self._may_hold_blocks:
            found = self._lines.between(contig, region.start, region.end)
        if found is None:
            wanted = _wanted(region)
            yield from self._lines.scan(contig, region.start, region.end, wanted)
        else:
            yield from found

    def walk(self, contig: str, positions: Sequence[int]) -> Iterator[list[Group]]:
        """The lines at each of many positions (sorted) that has any, in order, some at a time."""
        if self._may_hold_blocks:
            raise Fallback("blocks of a gVCF may reach over the positions")
        yield from LineWalk(self._blocks, self._lines, contig, positions).all()


def index_of(path: Path) -> Path | None:
    """The index beside a VCF, if there is one; the .tbi if there are two."""
    return next((p for e in (".tbi", ".csi") if (p := Path(f"{path}{e}")).is_file()), None)


def _wanted(region: Region) -> Callable[[list[bytes]], bool]:
    """Whether a line, by its columns up to ALT, may be one of a region's records."""
    prefixes = tuple(prefix.encode() for prefix in region.prefixes)

    def wanted(head: list[bytes]) -> bool:
        if prefixes and not head[2].startswith(prefixes):
            odd = b";" in head[2] or head[4].startswith(b"<")
            names, alts = (cell.decode("utf-8", "replace") for cell in (head[2], head[4]))
            if not odd or not is_named(region.prefixes, names, alts.split(",")):
                return False
        return int(head[1]) >= region.start or head[4].startswith((b".", b"<"))

    return wanted
