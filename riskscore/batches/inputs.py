"""Checksums of inputs, kept between runs: a file is hashed again only when it may have changed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from riskscore.errors import InputError
from riskscore.files.inputs import FileMark, read_json, require_file, require_unchanged, sha256
from riskscore.files.outputs import atomic_write

# A file changed so few seconds before it is read could change again without a new time stamp.
_SETTLED = 2.0
_NO_MARK = (-1, -1, -1, -1)  # of no file: the file is hashed again


def _numbers(mark: FileMark) -> tuple[int, ...]:
    return mark.size, mark.modified, mark.changed, mark.inode


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    require_file(path, "file")
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path.name) from error


def checksum(path: Path) -> str:
    """The checksum of a file, read now; raises FileMissingError or InputError."""
    with _readable(path):
        return sha256(path)


class Checksums:
    """The SHA-256 of files, kept in the JSON file ``memory`` with each file's size and times."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self._known: dict[str, tuple[FileMark, str]] = {}
        self._settled: set[str] = set()
        self._failed: dict[str, Exception] = {}
        try:
            rows = read_json(memory)
            self._remembered = {name: (tuple(row[:4]), str(row[4])) for name, row in rows.items()}
        except (OSError, InputError, ValueError, TypeError, AttributeError):
            self._remembered = {}

    def learn(self, paths: Iterable[Path], jobs: int) -> None:
        """Compute the checksums of all files, several at a time; :meth:`of` raises their errors."""
        todo = [path for path in dict.fromkeys(paths) if self._name(path) not in self._known]
        with ThreadPoolExecutor(jobs) as pool:
            for path, result in zip(todo, pool.map(self._try, todo), strict=True):
                if isinstance(result, Exception):
                    self._failed[self._name(path)] = result
        rows: dict[str, Any] = {
            name: [*(_numbers(mark) if name in self._settled else _NO_MARK), checksum]
            for name, (mark, checksum) in sorted(self._known.items())
        }
        with atomic_write(self.memory) as stream:
            stream.write(json.dumps(rows, indent=0).encode())

    def of(self, path: Path) -> str:
        """The checksum of a file; raises FileMissingError, InputError or FileChangedError."""
        name = self._name(path)
        if name in self._failed:
            raise self._failed[name]
        return self._known[name][1]

    def require_unchanged(self, paths: Iterable[Path]) -> None:
        """Raise FileChangedError if a file changed since its checksum was computed."""
        require_unchanged(self._known[self._name(path)][0] for path in paths)

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self.memory.parent)

    def _try(self, path: Path) -> Exception | None:
        try:
            self._learn(path)
        except Exception as error:
            return error
        return None

    def _learn(self, path: Path) -> None:
        name, now = self._name(path), time.time()
        with _readable(path):
            mark = FileMark.of(path)
            remembered = self._remembered.get(name)
            known = (
                remembered[1] if remembered and remembered[0] == _numbers(mark) else sha256(path)
            )
        self._known[name] = (mark, known)
        if max(mark.modified, mark.changed) / 1e9 + _SETTLED < now:
            self._settled.add(name)
        self.require_unchanged([path])
