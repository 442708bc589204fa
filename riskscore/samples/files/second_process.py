"""Half of a long piece of work in a second process, where the user has one to spare."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import pickle
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Source

_LARGE = 1 << 24  # bytes of a table
_PIPE = 1 << 20  # bytes, where the system lets a pipe hold as many
Mine = TypeVar("Mine")
Theirs = TypeVar("Theirs")
Number = TypeVar("Number", np.uint8, np.float32, np.float64)


def to_read_beside(source: Source, reading: Reading) -> Callable[[], Source] | None:
    """How a second process opens the same file; None where it may not, or cannot."""
    return source.again if reading.processes > 1 else None


def in_two(mine: Callable[[], Mine], theirs: Callable[[], Theirs]) -> tuple[Mine, Theirs]:
    """The results of both; ``theirs`` is called in a forked child, which opens its own handles.

    Where the child fails its work is done again here, so that the error is that of the work.

    >>> in_two(lambda: 1, lambda: 2)
    (1, 2)
    """
    receive, send = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # what comes back is megabytes
        with suppress(OSError):
            fcntl.fcntl(send, fcntl.F_SETPIPE_SZ, _PIPE)
    with warnings.catch_warnings():
        # Python warns of threads that the child will not have: it calls nothing that waits for one.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _answer(theirs, send)
    os.close(send)
    done = False
    try:
        with open(receive, "rb") as stream:
            own = mine()
            told = stream.read()
        done = True
    finally:
        if not done:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return own, pickle.loads(told) if status == 0 else theirs()


def _answer(work: Callable[[], object], send: int) -> None:
    """The child: sends its result and ends, without what the parent would do at its end."""
    status = 1
    try:
        with open(send, "wb") as stream:
            pickle.dump(work(), stream, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)


class TwoProcesses:
    """The halves of a work by :func:`in_two`, and tables that both of them write into."""

    both = staticmethod(in_two)

    def table(self, rows: int, columns: int) -> Array:
        """As :func:`shared_table`, in double precision; a large one takes the place of what was
        freed before.
        """
        if rows * columns * np.dtype(np.float64).itemsize >= _LARGE:
            return_freed()
        return shared_table(rows, columns, np.float64)


def return_freed() -> None:
    """Give memory that was freed back to the system, where the C library can be told to.

    The GNU library keeps it otherwise, up to 100 MB after 100,000 people were read. What is
    given back is to be asked for again, which takes 0.1 s.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def shared_table(rows: int, columns: int, kind: type[Number]) -> NDArray[Number]:
    """A table that a child forked later writes into as well."""
    size = max(1, rows * columns * np.dtype(kind).itemsize)
    table = np.frombuffer(mmap.mmap(-1, size), dtype=kind, count=rows * columns)
    return table.reshape(rows, columns)
