"""What leaves, whole or not at all: files and folders beside their place, moved in when done.

What is being made bears the name of its place, begins with a dot and ends in ``.unfinished``. A
process holds a lock on it; what one that was killed has left behind, the next run takes away.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from riskscore.errors import OutputError, UsageError
from riskscore.files.inputs import read_with

_UNFINISHED = ".unfinished"
_NO_ROOM = 1 << 16  # bytes free
_PAGES = (".html", ".png", ".svg")  # which no reader of a folder of results reads


def require_other(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse an output that is an input, its index, or a file in a folder that is read.

    Links to one count as well. Raises UsageError; nothing is read for it.
    """
    read = [file for path in inputs for file in _files_of(path)]
    for output in outputs:
        if any(_same(output, file) for file in read):
            raise UsageError(
                "the output is one of the inputs, and would take its place",
                where=output.name,
                fix="write to another file",
            )


def _files_of(path: Path) -> list[Path]:
    """What is read with a file, or of a folder."""
    if path.is_dir():
        held = path.iterdir() if os.access(path, os.R_OK | os.X_OK) else ()
        return [path, *(p for p in held if p.is_file() and p.suffix not in _PAGES)]
    return [path, *read_with(path)]


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other) and not _is_stream(one)
    except OSError:
        return False


def _is_stream(path: Path) -> bool:
    """Whether a path is a device, a pipe or the like: written through, never replaced."""
    if str(path).startswith(("/dev/", "/proc/")):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def atomic_write(path: Path | str) -> Iterator[IO[bytes]]:
    """A binary stream whose content appears at ``path`` whole, or not at all.

    A link is followed. A device or a pipe is written through, as it is. Raises OutputError when the
    folder is missing or the disk refuses; nothing partial stays.
    """
    path = Path(path)
    with as_output_errors(path):
        if _is_stream(path):
            with open(path, "wb") as stream:
                yield stream
            return
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            raise OutputError("no such folder for the output", where=path.parent.name)
        _clear_unfinished(target)
        name = ""
        try:
            handle, name = tempfile.mkstemp(
                dir=target.parent, prefix=f".{target.name}.", suffix=_UNFINISHED
            )
            _lock(handle)
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                open_permissions(Path(name))
                os.replace(name, target)
            name = ""
        finally:
            if name:
                Path(name).unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, *, replacing: Collection[str] = ()) -> Iterator[Path]:
    """A folder to write into that appears at ``path`` with all its files, or not at all.

    Raises OutputError when the folder holds anything but files of the names in ``replacing``, which
    are taken away as the new ones come, or when the disk refuses.
    """
    require_new_folder(path, replacing=replacing)
    with as_output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_unfinished(path)
        staging, lock = None, -1
        try:
            staging = Path(
                tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent)
            )
            lock = os.open(staging, os.O_RDONLY)
            _lock(lock)
            yield staging
            open_permissions(staging)
            sync_folder(staging)
            for name in replacing if path.is_dir() else ():
                (path / name).unlink(missing_ok=True)
            staging.replace(path)
            sync_folder(path.parent)
        finally:
            if staging is not None:
                shutil.rmtree(staging, ignore_errors=True)
            if lock >= 0:
                os.close(lock)


@contextmanager
def as_output_errors(path: Path) -> Iterator[None]:
    """What the disk refuses within, as an OutputError that names the output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"could not write: {error.strerror}", where=path.name) from error


@contextmanager
def as_temporary_errors() -> Iterator[None]:
    """What a full temporary folder refuses within, as an OutputError that says what to do.

    htslib tells no reason, so that what fails while nothing is free counts as that.
    """
    try:
        yield
    except OSError as error:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if error.errno not in {errno.ENOSPC, errno.EDQUOT} and free >= _NO_ROOM:
            raise
        raise OutputError(
            "the temporary folder has no room left", fix="set TMPDIR to a folder that has"
        ) from error


def _lock(handle: int) -> None:
    """Hold what is being made, where the disk knows locks; without one nobody takes it away."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)


def _clear_unfinished(path: Path) -> None:
    """Take away what runs that were killed had begun to write at ``path``."""
    for name in glob.glob(f".{glob.escape(path.name)}.*{_UNFINISHED}", root_dir=path.parent):
        left = path.parent / name
        with suppress(OSError):
            handle = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while one writes it
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
            finally:
                os.close(handle)


def require_new_folder(path: Path, *, replacing: Collection[str] = ()) -> None:
    """Refuse a folder that holds other things already, before any work is done."""
    with as_output_errors(path):
        if not path.exists():
            return
        if not path.is_dir():
            raise OutputError(
                "the output is no folder", where=path.name, fix="choose a new one with --out"
            )
        held = {one.name for one in path.iterdir()}
    if held - set(replacing):
        raise OutputError(
            "the output folder is not empty", where=path.name, fix="choose a new one with --out"
        )


def write_file(path: Path, parts: Iterable[str | bytes]) -> str:
    """Write a new file through to the disk; returns the SHA-256 of what was written.

    Letters of a name that is no text are written as escapes. Raises OutputError when the disk
    refuses, and takes away what it had written.
    """
    digest = hashlib.sha256()
    with as_output_errors(path):
        try:
            with open(path, "xb") as stream:
                for part in parts:
                    data = part.encode(errors="backslashreplace") if isinstance(part, str) else part
                    stream.write(data)
                    digest.update(data)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return digest.hexdigest()


def open_permissions(path: Path) -> None:
    """Give what was made as a private temporary the permissions that a new file or folder has."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk itself, so that a power cut does not undo a rename."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
