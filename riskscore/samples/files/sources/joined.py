"""Several files as one cohort: a chromosome or region each, a batch of people each, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.errors import BuildMismatchError, DuplicateSampleError, UsageError, VCFFormatError
from riskscore.files.tables import number_of
from riskscore.genetics.build import Build
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import NO_ALLELE, NO_CALL
from riskscore.samples.files.record import QUALITY, Record
from riskscore.samples.files.source import Region, Source

_Key = tuple[int, str, str, tuple[str, ...], int]


@dataclass(frozen=True)
class JoinedRecord(Record):
    """One record of several batches of people: a part each, None where a batch lacks it."""

    parts: tuple[Record | None, ...] = ()
    sizes: tuple[int, ...] = ()

    @property
    def covered(self) -> Mask:
        return self._of_parts(lambda part: part.covered, False)

    def _of_parts(
        self, asked: Callable[[Record], NDArray[Any]], absent: bool | bytes
    ) -> NDArray[Any]:
        """What is asked of each batch's record, by sample; ``absent`` where a batch lacks it."""
        return np.concatenate(
            [
                np.full(size, absent) if part is None else asked(part)
                for part, size in zip(self.parts, self.sizes, strict=True)
            ]
        )

    @property
    def ref_is_reference(self) -> bool:
        return all(part.ref_is_reference for part in self.parts if part is not None)

    @property
    def batches(self) -> tuple[slice, ...]:
        ends = np.cumsum(self.sizes).tolist()
        return tuple(slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True))

    def genotypes(self) -> NDArray[np.int16] | None:
        pieces = [part.genotypes() if part else None for part in self.parts]
        if all(piece is None for piece in pieces):
            return None
        no_call = np.array([NO_CALL, NO_ALLELE], dtype=np.int16)
        return np.concatenate(
            [
                np.tile(no_call, (size, 1)) if piece is None else piece
                for piece, size in zip(pieces, self.sizes, strict=True)
            ]
        )

    def phased(self) -> Mask:
        return self._of_parts(lambda part: part.phased(), False)

    def phase_sets(self) -> NDArray[np.bytes_]:
        return self._of_parts(lambda part: part.phase_sets(), b".")

    def numbers(self, name: str) -> Numbers | None:
        pieces = [part.numbers(name) if part else None for part in self.parts]
        known = [piece for piece in pieces if piece is not None]
        if not known:
            return None
        width = max(piece.values.shape[1] for piece in known)
        values = np.full((self.samples, width), np.nan, dtype=np.float32)
        counts = np.zeros(self.samples, dtype=np.int64)
        for piece, rows in zip(pieces, self.batches, strict=True):
            if piece is not None:
                values[rows, : piece.values.shape[1]] = piece.values
                counts[rows] = piece.counts
        return Numbers(values, counts)


@dataclass(frozen=True)
class ArrangedRecord(Record):
    """A record whose samples stand in another order in its file."""

    original: Record | None = None
    order: NDArray[np.int64] | None = None

    @property
    def _file_record(self) -> Record:
        assert self.original is not None
        return self.original

    @property
    def ref_is_reference(self) -> bool:
        return self._file_record.ref_is_reference

    def genotypes(self) -> NDArray[np.int16] | None:
        found = self._file_record.genotypes()
        return None if found is None else found[self.order]

    def phased(self) -> Mask:
        return np.asarray(self._file_record.phased()[self.order])

    def phase_sets(self) -> NDArray[np.bytes_]:
        return np.asarray(self._file_record.phase_sets()[self.order])

    def numbers(self, name: str) -> Numbers | None:
        found = self._file_record.numbers(name)
        return (
            None if found is None else Numbers(found.values[self.order], found.counts[self.order])
        )


def _fixed(record: Record) -> dict[str, object]:
    """The fixed columns of a record, as arguments."""
    names = ("chromosome", "position", "id", "ref", "alts", "filter", "info", "format", "file")
    return {name: getattr(record, name) for name in names}


class JoinedSource(Source):
    """Several sources as one. Files of the same people add loci; others add people.

    Raises DuplicateSampleError when two files share some of their people but not all,
    BuildMismatchError when they declare different builds, and VCFFormatError, when it is met, for
    a record that two files of the same people both have.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        if any(source.caution for source in sources):
            raise UsageError(
                "raw data of a consumer array is read by itself, not joined with other files",
                fix="score several people with riskscore batch and a manifest",
            )
        self._sources = tuple(sources)
        self._groups = _grouped(sources)
        self.samples = tuple(s for group in self._groups for s in group[0].samples)
        self.name = f"{len(sources)} files"
        self.build = self._one_build()
        self._orders = {
            id(source): _order(group[0].samples, source.samples)
            for group in self._groups
            for source in group
        }
        self.warnings = self._warned()
        self.marks = tuple(mark for source in sources for mark in source.marks)
        self.is_indexed = all(source.is_indexed for source in sources)
        self._set_chromosomes()
        self._stack = ExitStack()

    def _set_chromosomes(self) -> None:
        self.chromosomes = frozenset().union(*(source.chromosomes for source in self._sources))

    def _warned(self) -> tuple[str, ...]:
        return tuple(warning for source in self._sources for warning in source.warnings)

    def _one_build(self) -> Build | None:
        builds = {source.build: source.name for source in self._sources if source.build}
        if len(builds) > 1:
            said = " and ".join(f"{name} says {build}" for build, name in builds.items())
            raise BuildMismatchError(f"the files are of different builds: {said}")
        return next(iter(builds), None)

    def __enter__(self) -> JoinedSource:
        for source in self._sources:
            self._stack.enter_context(source)
        return self

    def close(self) -> None:
        self._stack.close()

    def prepare(self, regions: Sequence[Region]) -> None:
        """As :meth:`riskscore.samples.files.source.Source.prepare`, of every file."""
        for source in self._sources:
            source.prepare(regions)
        self._set_chromosomes()  # a file read once tells names and warnings only now
        self.build, self.warnings = self._one_build(), self._warned()

    def fetch(self, region: Region) -> Iterator[Record]:
        """As :meth:`riskscore.samples.files.source.Source.fetch`, in order of position."""
        holders = [s for s in self._sources if region.chromosome in s.chromosomes]
        if len(self._groups) == 1 and len(holders) == 1:
            # one after the other, as the file has them
            for record in holders[0].fetch(region):
                yield self._arranged(record, holders[0])
            return
        found = [self._of_group(group, region) for group in self._groups]
        if len(found) == 1:
            yield from found[0].values()
            return
        keys = sorted({key for records in found for key in records})
        sizes = tuple(len(group[0].samples) for group in self._groups)
        for key in keys:
            yield self._joined(tuple(records.get(key) for records in found), sizes)

    def _of_group(self, group: Sequence[Source], region: Region) -> dict[_Key, Record]:
        """The records of files of the same people, each of one file."""
        records: dict[_Key, Record] = {}
        owners: dict[_Key, str] = {}
        for source in group:
            counts: dict[_Key, int] = {}
            for record in source.fetch(region):
                first = (record.position, record.ref, record.id, record.alts, 0)
                repeat = counts[first] = counts.get(first, -1) + 1
                key = (*first[:4], repeat)
                if first in owners and owners[first] != source.name:
                    raise VCFFormatError(
                        f"{owners[first]} and {source.name} both have the record at {record.place}",
                        fix="give each person and locus in one file only",
                    )
                owners[first] = source.name
                records[key] = self._arranged(record, source)
        return dict(sorted(records.items()))

    def _arranged(self, record: Record, source: Source) -> Record:
        """The record with its samples in the order of the cohort."""
        order = self._orders[id(source)]
        if order is None:
            return record
        return ArrangedRecord(
            **_fixed(record),  # type: ignore[arg-type]
            body=b"",
            samples=record.samples,
            original=record,
            order=order,
        )

    def _joined(self, parts: tuple[Record | None, ...], sizes: tuple[int, ...]) -> Record:
        present = [part for part in parts if part is not None]
        fixed = _fixed(present[0])
        fixed["format"] = tuple(dict.fromkeys(name for part in present for name in part.format))
        fixed["filter"] = ";".join(
            dict.fromkeys(name for part in present for name in part.filter.split(";"))
        )
        fixed["info"] = _info(present)
        fixed["file"] = present[0].file if len(present) == 1 else self.name
        return JoinedRecord(
            **fixed,  # type: ignore[arg-type]
            body=b"",
            samples=sum(sizes),
            parts=parts,
            sizes=sizes,
        )


def _info(parts: Sequence[Record]) -> str:
    """INFO of a joined record: the lowest imputation quality, the block's end that all reach."""
    entries = []
    for key in QUALITY:
        texts = [text for part in parts if (text := part.info_value(key))]
        if len(texts) == len(parts) and all("," not in text for text in texts):
            entries.append(f"{key}={min(texts, key=_number)}")
    if any(part.info_value("END") for part in parts):
        entries.append(f"END={min(part.end for part in parts)}")
    return ";".join(entries) or "."


def _number(text: str) -> float:
    try:
        return number_of(text)
    except ValueError:
        return -1.0  # kept, so that whoever reads it says what is wrong


def _grouped(sources: Sequence[Source]) -> list[list[Source]]:
    """Sources by their people; raises DuplicateSampleError where people overlap only in part."""
    groups: list[list[Source]] = []
    for source in sources:
        people = set(source.samples)
        for group in groups:
            shared = people & set(group[0].samples)
            if len(shared) == len(people) == len(group[0].samples):
                group.append(source)
                break
            if shared:
                raise DuplicateSampleError(
                    f"{group[0].name} and {source.name} share {len(shared)} of their samples, "
                    "but not all",
                    fix="give each person in one file, or the same people in every file",
                )
        else:
            groups.append([source])
    return groups


def _order(wanted: tuple[str, ...], given: tuple[str, ...]) -> NDArray[np.int64] | None:
    """Where each wanted sample stands in a file; None when the order is the same."""
    if wanted == given:
        return None
    place = {sample: i for i, sample in enumerate(given)}
    return np.array([place[sample] for sample in wanted], dtype=np.int64)
