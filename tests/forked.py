"""`riskscore` in processes forked from one that has imported everything: half a second less a run.

Each run is a process of its own, with its own folder, environment, streams and exit code, as if a
shell had started it; only the imports are done already. What imports cost and what they bring in
is tested on commands that are started anew (tests/cli/test_imports.py, tests/test_house.py).
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import NoReturn, Self

ALSO = ("rich.markdown", "typer.rich_utils")  # imported where a help or a wrong option is shown


class Forked:
    """Runs commands in forks of two waiting processes by turns.

    These differ in the seed of their hashes: two runs that have to give the same do not give it
    because both put their sets in one order.
    """

    def __enter__(self) -> Self:
        self._all = [_start(seed) for seed in (1, 2)]
        self._next = cycle(self._all)
        return self

    def __exit__(self, *error: object) -> None:
        for waiting in self._all:
            waiting.communicate()  # the end of its input is its own

    def run(self, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """What `subprocess.run(["riskscore", *arguments], cwd=folder)` gives, as text."""
        return self.meet(arguments, folder, lambda process: None)

    def meet(
        self, arguments: Sequence[str], folder: Path, met: Callable[[int], None]
    ) -> subprocess.CompletedProcess[str]:
        """The same, with `met` called with the number of the process as it begins.

        The process leads a group of its own. A signal that ends it is told as a negative code.
        """
        waiting = next(self._next)
        assert waiting.stdin
        assert waiting.stdout
        with tempfile.TemporaryDirectory() as place:
            streams = [str(Path(place) / name) for name in ("stdout", "stderr")]
            for stream in streams:  # there is nothing in them if it is killed at once
                Path(stream).touch()
            order = [list(arguments), str(folder), dict(os.environ), streams]
            waiting.stdin.write(json.dumps(order) + "\n")
            waiting.stdin.flush()
            met(int(waiting.stdout.readline()))
            code = int(waiting.stdout.readline())
            out, err = (Path(stream).read_text(encoding="utf-8") for stream in streams)
        return subprocess.CompletedProcess(["riskscore", *arguments], code, out, err)


def _start(seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
    )


def _serve() -> None:
    """A fork for each line of standard input; to standard output go its number and exit code."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            _run(*json.loads(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


def _run(
    arguments: list[str], folder: str, environment: dict[str, str], streams: list[str]
) -> NoReturn:
    sys.argv = ["riskscore", *arguments]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take all modules apart would take longer than most runs


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as main has it, which imports these later
    import riskscore
    from riskscore.cli import main

    for module in pkgutil.walk_packages(riskscore.__path__, "riskscore."):
        importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)
    gc.freeze()
    _serve()
