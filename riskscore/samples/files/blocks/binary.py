"""The records of a BCF at a position: hopped over exactly, decoded where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.samples.files.blocks.bgzf import Blocks, Fallback, VirtualOffset
from riskscore.samples.files.blocks.index import FileIndex
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import NO_ALLELE
from riskscore.samples.files.decoding.coded import CodedCopies, coded_numbers
from riskscore.samples.files.record import INFO_READ, no_sequence
from riskscore.samples.files.source import is_named

INT8, INT16, INT32, FLOAT, CHAR = 1, 2, 3, 5, 7
WIDTH = {INT8: 1, INT16: 2, INT32: 4, FLOAT: 4, CHAR: 1}
_LAYOUT = {INT8: "<i1", INT16: "<i2", INT32: "<i4", FLOAT: "<f4", CHAR: "S1"}
_MISSING = {INT8: -128, INT16: -32768, INT32: -2147483648}  # one more ends a vector
_FLOAT_MISSING, _FLOAT_END = 0x7F800001, 0x7F800002

FIXED = Struct("<IIiiifII")  # lengths, contig, POS - 1, length on the contig, QUAL, counts
LONGEST = 1 << 30  # no chromosome has so many bases
LENGTHS = 8  # the two lengths count what follows them
_ENDED = 0x81  # of a GT in 8 bits: no allele
_LONG_ID = 128  # bytes; a longer name is left to the complete path


class Cursor:
    """Reads typed values one after another from the bytes of a record."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def descriptor(self) -> tuple[int, int]:
        """The type and the number of values that follow."""
        if self.at >= len(self._data):
            raise Fallback("a record that is cut short")
        byte = self._data[self.at]
        self.at += 1
        kind, count = byte & 15, byte >> 4
        return kind, self.integer() if count == 15 else count

    def integer(self) -> int:
        """One typed integer."""
        kind, count = self.descriptor()
        if count != 1 or kind not in _MISSING:
            raise Fallback("a typed value where one integer was due")
        return int(self.values(kind, 1)[0])

    def skip(self, kind: int, count: int) -> None:
        """Pass over values."""
        self.at += WIDTH[kind] * count
        if self.at > len(self._data):
            raise Fallback("a record that is cut short")

    def values(self, kind: int, count: int) -> NDArray[Any]:
        """``count`` values of a type; a view of the record's bytes."""
        if kind not in WIDTH:
            raise Fallback("a value of no known type")
        start = self.at
        self.skip(kind, count)
        return np.frombuffer(self._data, _LAYOUT[kind], count, start)

    def text(self) -> str:
        """A typed string; without letters it is the missing value, a dot."""
        kind, count = self.descriptor()
        if count and kind != CHAR:
            raise Fallback("a typed value where a string was due")
        start = self.at
        self.skip(CHAR, count)
        letters = self._data[start : self.at]
        if b"\0" in letters:
            raise Fallback("a string with a NUL, where pysam ends it")
        try:
            return letters.decode() or "."
        except UnicodeDecodeError as error:
            raise Fallback("a string that is not UTF-8") from error

    def info(self) -> str | None:
        """A value of INFO as VCF writes it; None for a flag."""
        kind, count = self.descriptor()
        if not count:
            return None
        values = self.values(kind, count)
        if kind == CHAR:
            return values.tobytes().rstrip(b"\0").decode("utf-8", "replace")
        if kind == FLOAT:
            bits = values.view(np.uint32).tolist()
            ended = _FLOAT_END in bits
            pairs = zip(values.tolist(), bits, strict=True)
            words = ["." if b == _FLOAT_MISSING else f"{v:g}" for v, b in pairs]
        else:
            missing = _MISSING[kind]
            ended = missing + 1 in values.tolist()
            words = ["." if v == missing else str(v) for v in values.tolist()]
        if ended:  # what ends the shorter vectors of FORMAT
            raise Fallback("a vector of INFO with an end")
        return ",".join(words)


def floats(data: bytes, kind: int, count: int, samples: int, place: int) -> Numbers:
    """A FORMAT field of floats as a text record gives it; raises Fallback for another type."""
    if kind != FLOAT or not count:
        raise Fallback("a field that is not of floats")
    values = np.frombuffer(data, "<f4", samples * count, place).reshape(samples, count)
    gaps = np.isnan(values)
    if not gaps.any():
        return Numbers(values.astype(np.float32), np.full(samples, count, dtype=np.int64))
    bits = values.view(np.uint32)
    ended = bits == _FLOAT_END
    if (gaps & ~ended & (bits != _FLOAT_MISSING)).any():
        raise Fallback("a nan that is written as a number")
    if (ended[:, :-1] & ~ended[:, 1:]).any():
        raise Fallback("a value behind the end of its vector")
    counts = np.where(gaps.all(axis=1), 0, count - ended.sum(axis=1))
    width = int(counts.max(initial=0))
    known = np.where(gaps | (counts == 0)[:, None], np.float32(np.nan), values)
    return Numbers(known[:, :width].astype(np.float32), counts.astype(np.int64))


def require_position(start: int) -> None:
    """Raise Fallback for a POS behind any chromosome: what follows it need not be sorted."""
    if start >= LONGEST:
        raise Fallback("a position that no chromosome has")


@dataclass(frozen=True, slots=True)
class Field:
    """One FORMAT field of a record, still packed: so many values of a type for every sample."""

    kind: int
    count: int
    place: int


@dataclass(frozen=True)
class BinaryRecord:
    """One record: its fixed columns as a VCF has them, the samples' fields packed as they are."""

    position: int
    id: str
    ref: str
    alts: tuple[str, ...]
    filter: str
    info: str
    fields: Mapping[str, Field]
    data: bytes
    samples: int

    def genotypes(self) -> NDArray[np.int16]:
        """GT as a text record gives it, (samples, 2); raises Fallback for another ploidy."""
        field = self.fields["GT"]
        if field.kind != INT8 or field.count not in (1, 2):
            raise Fallback("a GT of more than two alleles, or of many ALTs")
        codes = self._codes(field)
        pairs = np.full((self.samples, 2), NO_ALLELE, dtype=np.int16)
        alleles = (codes >> 1).astype(np.int16) - 1  # packed as (allele + 1) << 1 | phase
        pairs[:, : field.count] = np.where(codes == _ENDED, np.int16(NO_ALLELE), alleles)
        if (pairs[:, 0] == NO_ALLELE).any() or pairs.max() > len(self.alts):
            raise Fallback("a cell without an allele, or with one beyond ALT")
        return pairs

    def coded(self) -> CodedCopies | None:
        """GT, and DS if the record has it, as places in a table; None for any unusual cell."""
        calls, dosages = self.fields["GT"], self.fields.get("DS")
        if (calls.kind, calls.count) != (INT8, 2):
            return None
        if dosages is None:
            return coded_numbers(self._codes(calls), None)
        if (dosages.kind, dosages.count) != (FLOAT, 1):
            return None
        values = np.frombuffer(self.data, "<f4", self.samples, dosages.place)
        return coded_numbers(self._codes(calls), values)

    def _codes(self, field: Field) -> NDArray[np.uint8]:
        """A GT of 8 bits as it is packed, shape (samples, alleles)."""
        codes = np.frombuffer(self.data, np.uint8, field.count * self.samples, field.place)
        return codes.reshape(self.samples, field.count)

    def numbers(self, name: str) -> Numbers:
        """A field of floats, as they are stored; raises Fallback for one of another type."""
        field = self.fields[name]
        return floats(self.data, field.kind, field.count, self.samples, field.place)


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """What the numbers in the records of a file stand for: its contigs, and its other names."""

    contigs: Mapping[str, int]
    names: Mapping[int, str]


class BinaryRecords:
    """Finds records in a sorted and indexed BCF.

    Raises Fallback for a record that is not as usual, and where a block of a gVCF reaches in.
    """

    def __init__(
        self, blocks: Blocks, index: FileIndex, dictionaries: Dictionaries, samples: int
    ) -> None:
        self._blocks, self._index = blocks, index
        self._dictionaries, self._samples = dictionaries, samples
        self._known: tuple[int, int, VirtualOffset] = (-1, 0, (0, 0))  # behind it nothing reaches

    def between(self, contig: str, first: int, last: int) -> Iterator[BinaryRecord]:
        """Every record with POS first..last (1-based), in order."""
        number = self._dictionaries.contigs.get(contig, -1)
        for begin, end in self._index.chunks(number, first, last):
            place = begin
            known_contig, known_reach, known = self._known
            if known_contig == number and known_reach < first and begin <= known < end:
                place = known
            while place < end:
                shared, own, record_contig, start, length, *_ = self._fixed(place)
                if record_contig != number:
                    raise Fallback("a record of another contig than the index says")
                if start + 1 > last:
                    return
                following = self._blocks.advance(place, LENGTHS + shared + own)
                if start + 1 >= first:
                    yield self._decode(place, shared, own)
                else:
                    if start + length >= first:
                        self._refuse_block(place, shared, own)
                    before = self._known[1] if self._known[0] == number else 0
                    self._known = (number, max(before, start + 1, start + length), following)
                place = following

    def named(
        self, contig: str, first: int, last: int, prefixes: tuple[str, ...]
    ) -> Iterator[BinaryRecord]:
        """Records with POS first..last that :func:`is_named` says are named so, in order."""
        number = self._dictionaries.contigs.get(contig, -1)
        for begin, end in self._index.chunks(number, first, last):
            place = begin
            while place < end:
                shared, own, _, start, length, *_ = self._fixed(place)
                if start + 1 > last:
                    return
                if self._is_named(place, shared, own, prefixes):
                    if start + 1 < first <= start + length:
                        self._refuse_block(place, shared, own)
                    elif start + 1 >= first:
                        yield self._decode(place, shared, own)
                place = self._blocks.advance(place, LENGTHS + shared + own)

    def _is_named(
        self, place: VirtualOffset, shared: int, own: int, prefixes: tuple[str, ...]
    ) -> bool:
        """Whether the ID or an ALT starts with one of the prefixes."""
        data = bytes(self._blocks.read(place, min(LENGTHS + shared, FIXED.size + _LONG_ID)))
        cursor = Cursor(data, FIXED.size)
        name = cursor.text()
        if name.startswith(prefixes) or b"<" not in data[cursor.at :]:
            return is_named(prefixes, name, ())
        return is_named(prefixes, name, self._decode(place, shared, own).alts)

    def _refuse_block(self, place: VirtualOffset, shared: int, own: int) -> None:
        if no_sequence(self._decode(place, shared, own).alts):
            raise Fallback("a block that reaches over the position")

    def _fixed(self, place: VirtualOffset) -> tuple[int, ...]:
        offset, within = place
        data = self._blocks.block(offset)
        if within + FIXED.size > len(data):
            data, within = self._blocks.read(place, FIXED.size), 0
            if len(data) < FIXED.size:
                raise Fallback("the file ends inside a record")
        fixed = FIXED.unpack_from(data, within)
        require_position(fixed[3])
        return fixed

    def _decode(self, place: VirtualOffset, shared: int, own: int) -> BinaryRecord:
        data = bytes(self._blocks.read(place, LENGTHS + shared + own))
        if len(data) < LENGTHS + shared + own:
            raise Fallback("the file ends inside a record")
        return self.decode(data, shared)

    def decode(self, data: bytes, shared: int) -> BinaryRecord:
        """A whole record, whose part before the samples has a length."""
        position, length, alleles, infos, formats, samples = self._counts(data)
        if samples != self._samples:
            raise Fallback("a record of another number of samples")
        cursor = Cursor(data, FIXED.size)
        name = cursor.text()
        letters = [cursor.text() for _ in range(alleles)]
        filters = self._filters(cursor)
        entries = dict(self._info(cursor) for _ in range(infos))
        if cursor.at != LENGTHS + shared:
            raise Fallback("a record whose parts do not add up")
        # Where the record ends is told by its length on the contig, as for htslib, not by INFO.
        told = [f"{name}={entries[name]}" for name in INFO_READ if entries.get(name) is not None]
        if length > len(letters[0]):
            told.append(f"END={position - 1 + length}")
        return BinaryRecord(
            position,
            name,
            letters[0],
            tuple(letters[1:]),
            ";".join(filters) or ".",
            ";".join(told) or ".",
            self._fields(cursor, formats),
            data,
            samples,
        )

    @staticmethod
    def _counts(data: bytes | bytearray) -> tuple[int, int, int, int, int, int]:
        """POS, length on the contig, alleles, INFO entries, FORMAT fields, samples."""
        _, _, _, start, length, _, alleles_infos, formats_samples = FIXED.unpack_from(data, 0)
        return (
            start + 1,
            length,
            alleles_infos >> 16,
            alleles_infos & 0xFFFF,
            formats_samples >> 24,
            formats_samples & 0xFFFFFF,
        )

    def _name(self, number: int) -> str:
        name = self._dictionaries.names.get(number)
        if name is None:
            raise Fallback("a number the header gives no name")
        return name

    def _filters(self, cursor: Cursor) -> list[str]:
        kind, count = cursor.descriptor()
        return [self._name(int(v)) for v in cursor.values(kind, count)] if count else []

    def _info(self, cursor: Cursor) -> tuple[str, str | None]:
        """An entry of INFO; a flag has no value."""
        return self._name(cursor.integer()), cursor.info()

    def _fields(self, cursor: Cursor, formats: int) -> dict[str, Field]:
        """Where each FORMAT field stands."""
        fields: dict[str, Field] = {}
        for _ in range(formats):
            name = self._name(cursor.integer())
            kind, count = cursor.descriptor()
            if kind not in WIDTH or name in fields:
                raise Fallback("a field of no known type, or one that occurs twice")
            fields[name] = Field(kind, count, cursor.at)
            cursor.skip(kind, count * self._samples)
        return fields
