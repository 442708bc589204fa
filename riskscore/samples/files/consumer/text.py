"""The text of a consumer array's file: plain, gzip, or the one text in a zip; never unbounded."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from riskscore.errors import EmptyVCFError, VCFFormatError

# The largest such file, of 1.5 million positions, has some 40 MB, a quarter of that in a zip.
MOST_BYTES = 160 * 1024 * 1024
_MOST_RATIO = 100
_PIECE = 1 << 20
_ENCRYPTED = 1  # a bit of an entry's flags
_UNPACK = "unpack it, and name the file of genotypes"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def consumer_text(path: Path, *, most: int = MOST_BYTES) -> str:
    """The text, with lines that end in a newline alone.

    Raises VCFFormatError for a zip of none or several texts, with a password, or that unpacks to
    much more than it should; for more than ``most`` bytes; and for what is no UTF-8 text.
    """
    with open(path, "rb") as stream:
        start = stream.read(2)
    size = path.stat().st_size
    if start == b"PK":
        data = _of_zip(path, most)
    elif start == b"\x1f\x8b":
        try:
            with gzip.open(path, "rb") as packed:
                data = _bounded(packed, size, most, path.name)
        except _BROKEN as error:
            raise VCFFormatError("the compressed data is damaged", where=path.name) from error
    else:
        with open(path, "rb") as plain:
            data = _bounded(plain, size, most, path.name)
    return _decoded(data, path.name)


def _of_zip(path: Path, most: int) -> bytes:
    """The bytes of the only file in a zip; what macOS adds beside it is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not _is_beside(entry)]
            if len(entries) != 1:
                raise VCFFormatError(
                    f"the zip archive holds {len(entries)} files", where=path.name, fix=_UNPACK
                )
            [entry] = entries
            if entry.flag_bits & _ENCRYPTED:
                raise VCFFormatError(
                    "the zip archive has a password", where=path.name, fix="unpack it"
                )
            with archive.open(entry) as stream:
                return _bounded(stream, entry.compress_size, most, path.name)
    except _BROKEN as error:
        raise VCFFormatError(
            "the zip archive cannot be read", where=path.name, fix="download it again"
        ) from error


def _is_beside(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or entry.filename.startswith("__MACOSX/")


def _bounded(stream: _Readable, packed: int, most: int, file: str) -> bytes:
    """All of a stream; VCFFormatError as soon as it is too long, alone or for its packed size."""
    limit = min(most, max(_PIECE, _MOST_RATIO * packed))
    pieces, size = [], 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > limit:
            raise VCFFormatError(
                "the file unpacks to far more than genotypes of one person have",
                where=file,
                fix="download it again from whoever measured it",
            )
        pieces.append(piece)
    return b"".join(pieces)


def _decoded(data: bytes, file: str) -> str:
    if not data:
        raise EmptyVCFError("the file is empty", where=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise VCFFormatError(
            "the file is not text of genotypes", where=file, fix="name the raw data as downloaded"
        )
    return text.replace("\r\n", "\n")
