"""Standard streams and signals, handled in one way for all verbs."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

from riskscore.errors import OutputError

CLOSED_PIPE = 128 + signal.SIGPIPE  # the exit code of a program whose output nobody reads any more
_SOON = 0.01  # seconds, after which the code that swallowed an exception has returned
# The parameters of verbs that name output files.
OUTPUTS = ("output", "out", "omnibus", "joint", "plot", "model_out")


class StandardOutput(io.TextIOWrapper):
    """Standard output: a closed pipe ends the program quietly; other errors are an OutputError."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise self._ended(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise self._ended(error) from None

    def _ended(self, error: OSError) -> BaseException:
        # The rest of the buffer would fail again at exit, so it is written to the null device.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            return SystemExit(CLOSED_PIPE)
        return OutputError(f"could not write: {error.strerror}", where="standard output")


def prepare_streams() -> None:
    """Open the standard streams that the shell closed, and replace standard output."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free number, which is this one
    stdin = io.BufferedReader(io.FileIO(0, closefd=False))
    sys.stdin = sys.stdin or io.TextIOWrapper(stdin, "utf-8")
    sys.stderr = sys.stderr or io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8")
    raw = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdout = StandardOutput(raw, "utf-8", "backslashreplace", line_buffering=os.isatty(1))


def end_by_signals() -> None:
    """Make SIGTERM and SIGHUP end the run as Ctrl-C does, so that unfinished files are removed."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)
    sys.unraisablehook = _end_later


def _end_later(dropped: sys.UnraisableHookArgs) -> None:
    """Raise an exit again that Python dropped in a finaliser or a callback."""
    ending = dropped.exc_value
    if not isinstance(ending, SystemExit | KeyboardInterrupt):
        sys.__unraisablehook__(dropped)
        return

    def end(number: int, frame: object) -> None:
        raise ending

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def keeping_inputs(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a verb so that it refuses, before any work, to write over a file that it reads."""

    @wraps(verb)
    def checked(**given: Any) -> Any:
        from riskscore.files.outputs import require_other

        outputs = [v for name in OUTPUTS if isinstance(v := given.get(name), Path)]
        if outputs:
            inputs = [p for name, v in given.items() if name not in OUTPUTS for p in _paths(v)]
            require_other(outputs, inputs)
        return verb(**given)

    return checked


def _paths(value: Any) -> Iterable[Path]:
    """The paths in the value of an option; text may be the name of a file too."""
    values = value if isinstance(value, list) else [value]
    return [Path(one) for one in values if isinstance(one, Path) or (type(one) is str and one)]
