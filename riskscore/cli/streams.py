"""Standard streams and signals: whatever happens to them, one rule for every verb."""

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

CLOSED_PIPE = 128 + signal.SIGPIPE  # what a shell tells of a program that its reader left
_SOON = 0.01  # seconds, after which what dropped an end is over
# The parameters of verbs that name what is written.
OUTPUTS = ("output", "out", "omnibus", "joint", "plot", "model_out")


class StandardOutput(io.TextIOWrapper):
    """Standard output: quiet when its reader has left, an OutputError when it cannot be written."""

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
        # What is held in buffers would fail again at the end: it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            return SystemExit(CLOSED_PIPE)
        return OutputError(f"could not write: {error.strerror}", where="standard output")


def prepare_streams() -> None:
    """Give the process the three streams, where the shell closed one, and its own output."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number, which is this one
    stdin = io.BufferedReader(io.FileIO(0, closefd=False))
    sys.stdin = sys.stdin or io.TextIOWrapper(stdin, "utf-8")
    raw = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdout = StandardOutput(raw, "utf-8", "backslashreplace", line_buffering=os.isatty(1))


def end_by_signals() -> None:
    """Have SIGTERM and SIGHUP end the run as an interrupt does: nothing unfinished stays."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)
    sys.unraisablehook = _end_later


def _end_later(told: sys.UnraisableHookArgs) -> None:
    """Raise an end again that Python dropped: in a finaliser, or in the callback of a reference."""
    ending = told.exc_value
    if not isinstance(ending, SystemExit | KeyboardInterrupt):
        sys.__unraisablehook__(told)
        return

    def end(number: int, frame: object) -> None:
        raise ending

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def apart(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, which refuses to write over what it reads before it does any work."""

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
    """The files that an option may name: paths, and text that is the name of one."""
    values = value if isinstance(value, list) else [value]
    return [Path(one) for one in values if isinstance(one, Path) or (type(one) is str and one)]
