"""Reading from disk: bounded text, checksums, and the folder of reference data."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from riskscore.errors import FileChangedError, FileMissingError, InputError, ModelError

TEXT_LIMIT = 256 * 1024 * 1024  # a table larger than this is not a model or an exposure file
LINE_LIMIT = 16 * 1024 * 1024  # of a table; a row of 100,000 columns has some two million bytes
LINES_LIMIT = 20_000_000  # of a table; half a million people with 40 rows each


def reference_root() -> Path:
    """The folder of reference data: inside the installed package, or beside it in a checkout.

    Raises ModelError where it is in neither place.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_reference", here.parent / "reference"):
        if (folder / "models").is_dir():
            return folder
    raise ModelError(
        "the reference data is not installed",
        where="riskscore/_reference",
        fix="install riskscore again from a complete wheel or checkout",
    )


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # of a network; a drive has one letter


def require_file(path: Path | str, what: str) -> Path:
    """The path, if a file is there; else an error that names ``what`` was looked for."""
    if _ADDRESS.match(str(path)):
        raise FileMissingError(
            f"no {what}: nothing is fetched over a network",
            where=Path(path).name,
            fix="download it, and name the file",
        )
    path = Path(path)
    if path.is_fifo():
        raise FileMissingError(
            f"the {what} is a pipe, which cannot be read by its name",
            where=path.name,
            fix="write - for it, and pipe into standard input",
        )
    if not path.is_file():
        raise FileMissingError(f"no {what}", where=path.name, fix="check the path and its spelling")
    return path


def read_with(path: Path) -> list[Path]:
    """Where the files lie that may be read together with a genotype file.

    Its indices, and the lists of variants and of people of some formats.

    >>> [found.name for found in read_with(Path("a.bgen"))][2:4]
    ['a.bgen.bgi', 'a.pvar']
    """
    beside = [Path(f"{path}{ending}") for ending in (".tbi", ".csi", ".bgi")]
    siblings = (".pvar", ".pvar.zst", ".psam", ".sample") if path.suffix else ()
    return [*beside, *(path.with_suffix(ending) for ending in siblings)]


@dataclass(frozen=True, slots=True)
class FileMark:
    """What tells whether a file was changed: size, times of change of content and state, inode."""

    path: Path
    size: int
    modified: int
    changed: int  # which nobody can set
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileMark:
        """The mark of a file as it is now; raises OSError where there is none."""
        stat = path.stat()
        return cls(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def require_unchanged(marks: Iterable[FileMark]) -> None:
    """Raise FileChangedError if a file is no more what it was when it was marked."""
    for mark in marks:
        try:
            same = FileMark.of(mark.path) == mark
        except OSError:
            same = False
        if not same:
            raise FileChangedError(
                "the file was changed while it was read",
                where=mark.path.name,
                fix="run again when nothing writes to it",
            )


def read_start(path: Path, size: int) -> bytes:
    """The first bytes of a file, unpacked if it is gzip; empty when they cannot be unpacked."""
    with open(path, "rb") as raw:
        start = raw.read(size)
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(size)
    except (OSError, EOFError):
        return b""


def read_text(path: Path, *, limit: int = TEXT_LIMIT) -> str:
    """Text of a UTF-8 file, plain or gzip, refused above ``limit`` bytes of text."""
    with _unpacked(path) as stream:
        data = stream.read(limit + 1)
        _check_size(len(data), limit, path)
        return data.decode("utf-8-sig")


def read_json(path: Path) -> Any:
    """What a JSON file holds; ValueError where it is no JSON, or nested without end."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


@contextmanager
def _unpacked(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    """The bytes of a text file, plain or gzip; InputError when they are cut short, or no text."""
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else open(path, "rb") as stream:
            yield stream
    except (OSError, EOFError) as error:
        raise InputError("the file cannot be read to its end", where=path.name) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "the file is not UTF-8 text", where=path.name, fix="save it as UTF-8"
        ) from error


def _check_size(size: int, limit: int, path: Path) -> None:
    if size > limit:
        raise InputError(f"the file holds more than {limit // 1024**2} MB of text", where=path.name)


def text_lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    """The lines of a UTF-8 file, plain or gzip: number from 1, text, and whether it has an end.

    A line ends at a newline, alone or after a carriage return, and at nothing else. A file that
    begins with the mark of UTF-16 is read as that. Raises InputError for a line of more than
    LINE_LIMIT bytes, for a file of more than TEXT_LIMIT or LINES_LIMIT, and for what is no text.
    """
    with _unpacked(path) as stream:
        for number, line in enumerate(_byte_lines(stream, path), start=1):
            where = f"{path.name}, line {number}"
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    "the text is not UTF-8", where=where, fix="save it as UTF-8"
                ) from error
            ended = text.endswith("\n")
            text = text[: -1 - text.endswith("\r\n")] if ended else text
            if "\0" in text or "\r" in text:
                kind = "a byte that is 0" if "\0" in text else "a carriage return inside a line"
                fix = "save it as UTF-8, with lines that end with a newline"
                raise InputError(f"the text has {kind}", where=where, fix=fix)
            yield number, text, ended


def _byte_lines(stream: gzip.GzipFile | BufferedReader | BytesIO, path: Path) -> Iterator[bytes]:
    """Lines as bytes of UTF-8, each with its newline; a line is not held beyond the limit."""
    line = stream.readline(LINE_LIMIT + 1)
    if line[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        data = line + stream.read(TEXT_LIMIT + 1)
        _check_size(len(data), TEXT_LIMIT, path)
        stream = BytesIO(data.decode("utf-16").encode())
        line = stream.readline(LINE_LIMIT + 1)
    size, number = 0, 1
    while line:
        size += len(line)
        if len(line) > LINE_LIMIT:
            raise InputError(
                f"a line of more than {LINE_LIMIT // 1024**2} MB",
                where=f"{path.name}, line {number}",
            )
        _check_size(size, TEXT_LIMIT, path)
        if number > LINES_LIMIT:
            raise InputError(f"the file has more than {LINES_LIMIT:,} lines", where=path.name)
        yield line
        line, number = stream.readline(LINE_LIMIT + 1), number + 1


def text_blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, plain or gzip, about a megabyte at a time.

    Each piece ends where a line ends, but for the last one of a file whose last line has no end,
    and for one that is cut within a line of more than LINE_LIMIT.
    """
    with _unpacked(path) as stream:
        while block := stream.read(1 << 20):
            yield block + (b"" if block.endswith(b"\n") else stream.readline(LINE_LIMIT))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
