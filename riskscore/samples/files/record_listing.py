"""Making the record index of a VCF or BCF: one pass over the file, a page of records at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import IO

import numpy as np

from riskscore.errors import FileChangedError, VCFFormatError
from riskscore.files import atomic_write
from riskscore.samples.files.bcf import BCFFile
from riskscore.samples.files.blocks.quick_vcf import index_of
from riskscore.samples.files.blocks.record_index import (
    BLOCK,
    CHECKSUM,
    ENDING,
    HEADER,
    MAGIC,
    NAMED,
    PAGE,
    PAGE_ROWS,
    ROW,
    ROWS,
    VERSION,
    Entry,
    Fingerprint,
    fingerprint,
)
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.vcf import VCFFile
from riskscore.samples.hla.dialects import PREFIXES

_LARGEST = 1 << 31  # positions and ends of records, as VCF has them, are below


def write_record_index(path: Path) -> int:
    """List where the records of an indexed VCF or BCF stand, in FILE.records; returns how many.

    Raises InputErrors as reading does, IndexMissingError without a .tbi or .csi, VCFFormatError
    for another kind of file or a record that cannot be listed, OutputError, FileChangedError.
    """
    with open_source([path], Reading(require_index=True)) as source:
        if not isinstance(source, VCFFile | BCFFile):
            raise VCFFormatError(
                "no record index can be made: it is for VCF and BCF, of records from position 1 on",
                where=path.name,
            )
        index = Path(f"{path}.csi") if isinstance(source, BCFFile) else index_of(path)
        assert index is not None
        current = fingerprint(path, index)
        with atomic_write(f"{path}{ENDING}") as stream:
            count = _write(stream, _checked(source.entries(), path.name), current)
            if fingerprint(path, index) != current:
                raise FileChangedError("the file was changed while it was read", where=path.name)
    return count


def _checked(entries: Iterable[Entry], file: str) -> Iterator[Entry]:
    """The entries, if they are sorted, and positions that an index can find."""
    contigs: set[str] = set()
    last = Entry("", 0, 0, "", False, (0, 0))
    try:
        for entry in entries:
            if entry.contig != last.contig and entry.contig not in contigs:
                contigs.add(entry.contig)
                last = entry._replace(position=1)
            if (entry.contig, True) != (last.contig, entry.position >= last.position):
                raise Unusual("records that are not sorted, or at position 0")
            if max(entry.position, entry.end) >= _LARGEST:
                raise Unusual("a position that no chromosome has")
            yield entry
            last = entry
    except (Unusual, UnicodeDecodeError, ValueError) as error:
        place = f" behind {last.contig}:{last.position}" if last.contig else ""
        raise VCFFormatError(
            f"the records{place} cannot be listed ({error})",
            where=file,
            fix="check the file (bcftools view), bgzip it and index it anew",
        ) from error


def _write(stream: IO[bytes], entries: Iterable[Entry], current: Fingerprint) -> int:
    """Write pages as they fill, then what describes them, and the header last."""
    pages: list[tuple[int, ...]] = []
    contigs: list[str] = []
    stream.write(bytes(ROWS))
    for contig, several in groupby(entries, key=lambda entry: entry.contig):
        while page := list(islice(several, PAGE_ROWS)):
            rows = np.array([_row(entry) for entry in page], dtype=ROW)
            blocks = rows["end"][rows["flags"] & BLOCK != 0]
            data = rows.tobytes()
            pages.append((
                len(contigs), len(page), page[0].position, page[-1].position,
                int(blocks.max(initial=0)), int((rows["flags"] & NAMED != 0).sum()),
                zlib.crc32(data),
            ))  # fmt: skip
            stream.write(data)
        contigs.append(contig)
    end = stream.tell()
    names, prefixes = "\0".join(contigs).encode(), "\0".join(PREFIXES).encode()
    tail = np.array(pages, dtype=PAGE).tobytes() + names + prefixes
    stream.write(tail)
    header = HEADER.pack(
        MAGIC, VERSION, *current, end, len(pages), len(names), len(prefixes), zlib.crc32(tail)
    )
    stream.seek(0)
    stream.write(header + CHECKSUM.pack(zlib.crc32(header)))
    return int(sum(page[1] for page in pages))


def _row(entry: Entry) -> tuple[int, int, int, int]:
    offset, within = entry.place
    flags = BLOCK * entry.is_block | NAMED * entry.id.startswith(PREFIXES)
    return offset << 16 | within, entry.position, entry.end, flags
