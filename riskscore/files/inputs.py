"""Reading from disk: bounded text, checksums, and the folder of reference data."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import re
import sys
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
EMPTY_LIMIT = 2_000_000  # lines without cells, and comments; a spreadsheet has 1,048,576 rows
_PACKED_RATIO = 200  # of text to its packed size; that of tables about people is below 30
_ALWAYS = 64 * 1024 * 1024  # bytes of text that may be packed as small as they can be
_PIECE = 1 << 20
_NO_CELL = b" \t\r\n,;"  # what a line consists of that has cells without anything in them
_BEGINNINGS = bytes.maketrans(b" \t\r,;", b"#####")  # of lines that may be empty


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
            fix="write - for it, and pipe into standard input"
            if what == "genotype file"
            else "write it to a file, and name that",
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
    data, size = bytearray(), _Size(path, limit)
    with _unpacked(path) as stream:
        while piece := stream.read(_PIECE):
            size.add(len(piece))
            data += piece
        return data.decode("utf-8-sig")


def read_rows_text(path: Path, *, limit: int = TEXT_LIMIT) -> str:
    """Text of a table, as :func:`read_text`, refused for its lines as :func:`text_lines` does."""
    data, size, lines = bytearray(), _Size(path, limit), _Lines(path)
    with _unpacked(path) as stream:
        for block in _blocks(stream):
            size.add(len(block))
            lines.add(block)
            data += block
        return data.decode("utf-8-sig")


def read_json(path: Path) -> Any:
    """What a JSON file holds; ValueError where it is no JSON, or nested without end."""
    return parse_json(read_text(path))


def parse_json(text: str) -> Any:
    """What JSON says; ValueError where it is none, or nested without end.

    >>> parse_json('{"a": [1]}')
    {'a': [1]}
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        most = sys.getrecursionlimit()
        raise JSONDepthError(f"nested too deeply: {most:,} levels are the limit") from error


class JSONDepthError(ValueError):
    """JSON of lists within lists without end."""


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


class _Size:
    """The bytes of text read so far; InputError beyond a limit, or for how small it was packed."""

    def __init__(self, path: Path, limit: int) -> None:
        self.file, self.limit, self.size = path.name, limit, 0
        self.most = min(limit, max(_ALWAYS, _PACKED_RATIO * path.stat().st_size))

    def add(self, more: int) -> None:
        self.size += more
        if self.size <= self.most:
            return
        packed, fix = "", ""
        if self.most < self.limit:
            packed = f", {_PACKED_RATIO} times as much as packed or more"
            fix = "unpack it, if so much of the same is meant"
        raise InputError(
            f"the file holds more than {self.most // 1024**2} MB of text{packed}",
            where=self.file,
            fix=fix,
        )


class _Lines:
    """The lines read so far; InputError where one is too long, or there are too many of them."""

    def __init__(self, path: Path) -> None:
        self.file, self.count, self.empty = path.name, 0, 0

    def add(self, lines: bytes) -> None:
        """Take whole lines in."""
        if len(lines) > LINE_LIMIT:
            for number, line in enumerate(lines.split(b"\n"), start=self.count + 1):
                self._require_short(line, number)
        self.count += lines.count(b"\n")
        self.empty += _empty_lines(lines)
        if self.count > LINES_LIMIT:
            raise InputError(f"the file has more than {LINES_LIMIT:,} lines", where=self.file)
        if self.empty > EMPTY_LIMIT:
            raise InputError(
                f"the file has more than {EMPTY_LIMIT:,} lines that are empty or comments",
                where=self.file,
                fix="take them out",
            )

    def _require_short(self, line: bytes, number: int) -> None:
        if len(line) > LINE_LIMIT:
            raise InputError(
                f"a line of more than {LINE_LIMIT // 1024**2} MB",
                where=f"{self.file}, line {number}",
            )


def _empty_lines(lines: bytes) -> int:
    """How many of some whole lines have no cell with anything in it, or begin with #."""
    marked = b"\n" + lines.translate(_BEGINNINGS)
    if b"\n#" not in marked and b"\n\n" not in marked:
        return 0  # as of most blocks; a look at each line takes five times as long
    return sum(line[:1] == b"#" or not line.strip(_NO_CELL) for line in lines.split(b"\n")[:-1])


def text_lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    """The lines of a UTF-8 file, plain or gzip: number from 1, text, and whether it has an end.

    A line ends at a newline, alone or after a carriage return, and at nothing else. A file that
    begins with the mark of UTF-16 is read as that. Raises InputError for a line of more than
    LINE_LIMIT bytes, for a file of more than TEXT_LIMIT bytes, LINES_LIMIT lines or EMPTY_LIMIT
    without a cell, and for what is no text.
    """
    with _unpacked(path) as stream:
        for number, (line, ended) in enumerate(_byte_lines(stream, path), start=1):
            where = f"{path.name}, line {number}"
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    "the text is not UTF-8", where=where, fix="save it as UTF-8"
                ) from error
            text = text.removesuffix("\r") if ended else text
            if "\0" in text or "\r" in text:
                kind = "a byte that is 0" if "\0" in text else "a carriage return inside a line"
                fix = "save it as UTF-8, with lines that end with a newline"
                raise InputError(f"the text has {kind}", where=where, fix=fix)
            yield number, text, ended


def _byte_lines(
    stream: gzip.GzipFile | BufferedReader | BytesIO, path: Path
) -> Iterator[tuple[bytes, bool]]:
    """Lines as bytes of UTF-8, without their newline, and whether they have one."""
    size, lines = _Size(path, TEXT_LIMIT), _Lines(path)
    for block in _blocks(stream):
        if lines.count == 0 and block[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            data = block + stream.read(_ALWAYS)
            _Size(path, _ALWAYS).add(len(data))
            yield from _byte_lines(BytesIO(data.decode("utf-16").encode()), path)
            return
        size.add(len(block))
        lines.add(block)
        *whole, last = block.split(b"\n")
        yield from ((line, True) for line in whole)
        if last:
            yield last, False


def text_blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, plain or gzip, about a megabyte at a time.

    Each piece ends where a line ends, but for the last one of a file whose last line has no end,
    and for one that is cut within a line of more than LINE_LIMIT.
    """
    with _unpacked(path) as stream:
        yield from _blocks(stream)


def _blocks(stream: gzip.GzipFile | BufferedReader | BytesIO) -> Iterator[bytes]:
    while block := stream.read(_PIECE):
        yield block + (b"" if block.endswith(b"\n") else stream.readline(LINE_LIMIT))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_PIECE):
            digest.update(block)
    return digest.hexdigest()
