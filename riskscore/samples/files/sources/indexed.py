"""What an indexed VCF and an indexed BCF do alike: by blocks as far as that goes, then by pysam."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Protocol, Self, TypeVar

from riskscore.errors import IndexMissingError, VCFFormatError
from riskscore.files.inputs import require_unchanged
from riskscore.samples.files.blocks.bgzf import Blocks, Fallback
from riskscore.samples.files.blocks.index import FileIndex
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Group, Region, Source

Found = TypeVar("Found", bound="ByBlocks")


class ByBlocks(Protocol):
    """The blocks of a file, read without pysam; each method raises Fallback where pysam is due."""

    def fetch(self, contig: str, region: Region) -> Iterator[Record]:
        """Records that start in a region or may reach into it; ``contig`` is the file's name."""

    def walk(self, contig: str, positions: Sequence[int]) -> Iterator[list[Group]]:
        """The records at each of many positions (sorted) that has any, some positions at a time."""

    def close(self) -> None: ...


def or_by_pysam(blocks: Callable[[], Found]) -> Found | None:
    """The blocks of a file; None where only pysam can read it."""
    try:
        return blocks()
    except (Fallback, OSError):
        return None


class IndexedFile(Source):
    """A file whose index leads to the records of a region.

    Where its blocks are as usual they are read directly; from the first that is not, pysam goes on
    (the complete path). Without ``fast`` all is read by pysam, and each cell by itself.
    """

    is_indexed = True
    fast: bool
    contigs: Mapping[str, str]  # the file's own names of its chromosomes, by their plain names
    _blocks: ByBlocks | None

    @property
    def again(self) -> Callable[[], Self] | None:
        """As :attr:`Source.again`; None for a file that only pysam reads."""
        return self._checked if self._blocks is not None else None

    def _checked(self) -> Self:
        """The same file, if it is still the same; raises FileChangedError."""
        other = self._reopened()
        require_unchanged(self.marks)
        return other

    @abstractmethod
    def _reopened(self) -> Self:
        """The same file with blocks of its own; pysam's handles are opened when needed."""

    @abstractmethod
    def _fetch_by_pysam(self, contig: str, region: Region) -> Iterator[Record]: ...

    def require_whole(self, index: FileIndex, path: Path) -> None:
        """Raise IndexMissingError for an index that leaves out a part of the file, or mixes it."""
        with closing(Blocks(path)) as blocks:
            wrong = "it leaves out a part of it" if index.leaves_out(blocks) else ""
        if index.out_of_order:
            wrong = "its parts are not in the file's order"
        if wrong:
            raise IndexMissingError(
                f"the index does not belong to the file: {wrong}",
                where=self.name,
                fix="make it anew: tabix -f -p vcf FILE, or bcftools index -f FILE",
            )

    def broken(self, region: Region) -> VCFFormatError:
        """The error of a record that cannot be read."""
        return VCFFormatError(
            f"a record near {region.chromosome}:{region.start} cannot be read",
            where=self.name,
            fix="check the file (bcftools view) and index it anew",
        )

    def fetch(self, region: Region) -> Iterator[Record]:
        contig, given = self.contigs.get(region.chromosome), 0
        if contig is None:
            return
        if self._blocks is not None:
            try:
                for record in filter(region.holds, self._blocks.fetch(contig, region)):
                    yield record
                    given += 1
                return
            except Fallback:
                pass
        found = filter(region.holds, self._fetch_by_pysam(contig, region))
        yield from islice(found, given, None)

    def walk(self, chromosome: str, positions: Sequence[int]) -> Iterator[Sequence[Group]]:
        contig, done = self.contigs.get(chromosome), 0
        if contig is None:
            return
        if self._blocks is not None:
            try:
                for groups in self._blocks.walk(contig, positions):
                    yield groups
                    done = groups[-1][0]
                return
            except Fallback:
                pass
        yield [(position, []) for position in positions if position > done]
