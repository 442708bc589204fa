"""What every container of genotypes offers: the face that loci and HLA records are read through.

An indexed VCF, a stream, BCF, several files as one, PGEN and BGEN are all a Source. ``open_source``
in samples/files/opening.py picks the one that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Source(Protocol):
    """Genotypes of a cohort, open for reading; a context manager that closes itself.

    ``chromosomes`` are the plain names of those the source has records of. ``build`` is what it
    declares of itself, or None. ``warnings`` are sentences for the user, complete after reading.
    """

    @property
    def name(self) -> str:
        """What errors and reports call it: a file's name, never its path."""

    @property
    def samples(self) -> tuple[str, ...]: ...

    @property
    def build(self) -> Build | None: ...

    @property
    def chromosomes(self) -> frozenset[str]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    @property
    def again(self) -> Callable[[], Source] | None:
        """How another process opens the same file; None where it cannot."""

    def prepare(self, regions: Sequence[Region]) -> None:
        """Announce all that will be fetched; a stream reads its file once for them, here."""

    def fetch(self, region: Region) -> Iterator[Record]:
        """The records that start in a region, and gVCF blocks that reach into it, as they stand.

        Raises VCFFormatError for a record that cannot be read.
        """

    def __enter__(self) -> Source: ...

    def __exit__(self, *_: object) -> None: ...
