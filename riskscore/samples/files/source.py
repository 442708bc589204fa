"""What every container of genotypes offers to those who read loci and HLA records of it.

An indexed VCF, a stream, BCF, several files as one, PGEN, BGEN and raw data of a consumer array are
all a Source. ``open_source`` in samples/files/opening.py picks the one that fits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from riskscore.files.inputs import FileMark, require_unchanged
from riskscore.genetics.build import Build
from riskscore.samples.files.record import Record


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a chromosome, 1-based, both ends included.

    ``prefixes`` limits it to records that are so named (HLA records in the MHC): one of the names
    in the ID starts with one of them, or a symbolic ALT, such as <HLA_DRB1*15:01>, does.
    """

    chromosome: str
    start: int
    end: int
    prefixes: tuple[str, ...] = ()

    def holds(self, record: Record) -> bool:
        """Whether a record on this chromosome starts here, or is a block that reaches into it."""
        inside = self.start <= record.position <= self.end
        if not inside and not (record.position < self.start <= record.end and record.is_block):
            return False
        return not self.prefixes or is_named(self.prefixes, record.id, record.alts)


class Positions:
    """Whether a position of one chromosome is in any of many regions, most of them one base long.

    >>> wanted = Positions([Region("1", 5, 5), Region("1", 20, 30)])
    >>> [5 in wanted, 6 in wanted, 25 in wanted]
    [True, False, True]
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        held = list(regions)
        self._single = frozenset(r.start for r in held if r.start == r.end)
        self._wide = tuple((r.start, r.end) for r in held if r.start != r.end)

    def __contains__(self, position: int) -> bool:
        if position in self._single:
            return True
        return any(start <= position <= end for start, end in self._wide)


def positions_of(regions: Sequence[Region]) -> dict[str, Positions]:
    """By chromosome, the positions in any of the regions."""
    names = {region.chromosome for region in regions}
    return {name: Positions(r for r in regions if r.chromosome == name) for name in names}


def is_named(prefixes: tuple[str, ...], names: str, alts: Iterable[str]) -> bool:
    """Whether an ID (names joined by ;) or a symbolic ALT starts with one of the prefixes.

    >>> is_named(("HLA_",), "rs1;HLA_A*01:01", ["T"]), is_named(("HLA_",), ".", ["<HLA_A*01:01>"])
    (True, True)
    >>> is_named(("HLA_",), "rs1", ["T"])
    False
    """
    if names.startswith(prefixes):
        return True
    if ";" in names and any(name.startswith(prefixes) for name in names.split(";")):
        return True
    return any(alt.startswith("<") and alt[1:].startswith(prefixes) for alt in alts)


# Of the wanted records of a file: a text, and places in it; and a position with those at it.
Spot = tuple[bytes | bytearray, int, int, int]
Group = tuple[int, list[Spot]]


class Source(ABC):
    """Genotypes of a cohort, open for reading; a context manager that closes itself.

    ``name`` is what errors and reports call it: a file's name, never its path. ``chromosomes`` are
    the plain names of those the source has records of. ``build`` is what it declares of itself, or
    None. ``warnings`` are sentences for the user, complete when it is prepared.
    """

    name: str
    samples: tuple[str, ...]
    build: Build | None
    chromosomes: frozenset[str]
    warnings: tuple[str, ...]
    marks: tuple[FileMark, ...] = ()  # of its files, from before they were opened
    caution = ""  # what such data cannot say; for raw data of a consumer array
    is_indexed = False  # whether records can be fetched without being announced

    @property
    def again(self) -> Callable[[], Source] | None:
        """How another process opens the same file; None where it cannot."""
        return None

    def prepare(self, regions: Sequence[Region]) -> None:  # noqa: B027  an index has nothing to do
        """Announce all that will be fetched; a stream reads its file once for them, here."""

    @abstractmethod
    def fetch(self, region: Region) -> Iterator[Record]:
        """The records that start in a region, and gVCF blocks that reach into it, as they stand.

        Raises VCFFormatError for a record that cannot be read.
        """

    def walk(self, chromosome: str, positions: Sequence[int]) -> Iterator[Sequence[Group]]:
        """What stands at each of many positions (sorted, 1-based), some positions at a time.

        A position without spots is one whose records are to be fetched; one that has no records
        may be left out.
        """
        yield [(position, []) for position in positions]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close; raises FileChangedError where a file was changed since it was opened."""
        self.close()
        if kind is None:
            require_unchanged(self.marks)

    @abstractmethod
    def close(self) -> None:
        """Close the files; the source is of no use afterwards."""
