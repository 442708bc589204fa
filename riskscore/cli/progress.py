"""The progress of a batch: a bar on a terminal, or lines of JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskscore.batches.run import Progress

Watch = Callable[["Progress"], None]


@contextmanager
def watching(*, as_json: bool) -> Iterator[Watch]:
    """A function that shows progress: as JSON lines, as a bar on a terminal, or not at all."""
    if as_json:
        yield _json_line
    elif sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield lambda progress: None


def _json_line(progress: Progress) -> None:
    left = progress.seconds_left
    line = {
        "shards": progress.shards,
        "done": progress.done,
        "reused": progress.reused,
        "failed": progress.failed,
        "people": progress.people,
        "people_per_second": round(progress.rate, 1),
        "seconds": round(progress.seconds, 3),
        "seconds_left": None if left is None else round(left, 1),
    }
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("shards  {task.fields[words]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, words="")

        def watch(progress: Progress) -> None:
            left = progress.seconds_left
            words = f"{progress.people:,} people, {progress.rate:,.0f} a second"
            if progress.failed:
                words += f", {progress.failed} failed"
            if left is not None:
                words += f", {left:,.0f} s left"
            done = progress.done + progress.failed
            bar.update(task, total=progress.shards, completed=done, words=words)

        yield watch
