"""What every container of genotypes offers to those who read loci and HLA records of it.

An indexed VCF, a stream, BCF, several files as one, PGEN and BGEN are all a Source. ``open_source``
in samples/files/opening.py picks the one that fits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from riskscore.genetics.build import Build
from riskscore.samples.files.record import Record


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a chromosome, 1-based, both ends included.

    ``prefixes`` limits it to records whose ID starts with one of them (HLA records in the MHC).
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
        return not self.prefixes or record.id.startswith(self.prefixes)


# Of the wanted records of a file: a text, and places in it; and a position with those at it.
Spot = tuple[bytes | bytearray, int, int, int]
Group = tuple[int, list[Spot]]


class Source(ABC):
    """Genotypes of a cohort, open for reading; a context manager that closes itself.

    ``name`` is what errors and reports call it: a file's name, never its path. ``chromosomes`` are
    the plain names of those the source has records of. ``build`` is what it declares of itself, or
    None. ``warnings`` are sentences for the user, complete when it is open.
    """

    name: str
    samples: tuple[str, ...]
    build: Build | None
    chromosomes: frozenset[str]
    warnings: tuple[str, ...]
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

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...
