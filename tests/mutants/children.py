"""Work in forks: each job is done by a process of its own, which may hang, die or eat memory."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

Job = TypeVar("Job")
MEMORY = 6 << 30  # bytes that a child may reserve


def in_children(
    jobs: Iterable[Job], work: Callable[[Job], object], workers: int
) -> Iterator[tuple[Job, object]]:
    """Each job with what `work` says of it in a fork, as JSON: None if the fork died."""
    waiting, running = iter(jobs), dict[int, tuple[Job, Path]]()
    try:
        while True:
            while len(running) < workers and (job := next(waiting, None)) is not None:
                folder = Path(tempfile.mkdtemp(prefix="riskscore-mutants-"))
                pid = os.fork()
                if pid == 0:
                    _answer(job, work, folder)
                running[pid] = job, folder
            if not running:
                return
            pid, _ = os.wait()
            done, folder = running.pop(pid)
            said = folder / "said"
            answer = json.loads(said.read_text()) if said.exists() else None
            _end(pid, folder)
            yield done, answer
    finally:
        for pid, (_, folder) in running.items():
            _end(pid, folder)
            os.waitpid(pid, 0)


def limit(cpu: float, wall: float) -> None:
    """End this process after so many seconds of processor time, or of a clock."""
    signal.setitimer(signal.ITIMER_PROF, cpu)
    signal.setitimer(signal.ITIMER_REAL, wall)


def _answer(job: Job, work: Callable[[Job], object], folder: Path) -> NoReturn:
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(nothing, stream)
        errors = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT)
        os.dup2(errors, 2)
        os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(folder)
        for sign in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(sign, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        said = json.dumps(work(job))
        (folder / "part").write_text(said)
        (folder / "part").rename(folder / "said")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _end(pid: int, folder: Path) -> None:
    """End what a child started, and remove what it wrote."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
