"""The folder of a batch: its lock, its shards, and what is being made.

``work/shards/`` holds finished shards, each moved in whole; ``work/making/`` what workers write,
in a folder of each run, as workers outlive a run that is killed by a moment; ``work/inputs.json``
the checksums of inputs. ``work/`` may be deleted: the next run starts anew.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from riskscore.batches.tasks import Task
from riskscore.errors import BatchLockedError, ShardError
from riskscore.files.outputs import as_output_errors, sync_folder
from riskscore.writing.folders.dataset import require_own_folder
from riskscore.writing.folders.shards import Shard, read_shard

WORK = "work"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a batch that holds the lock works."""

    work: Path
    run: str = ""  # the name of the folder that workers of this run write into

    @property
    def shards(self) -> Path:
        return self.work / "shards"

    @property
    def making(self) -> Path:
        return self.work / "making" / self.run

    @property
    def inputs(self) -> Path:
        return self.work / "inputs.json"

    def finished(self, task: Task) -> Shard | None:
        """The shard of a task, if it was made from what the task would be made from now."""
        folder = self.shards / task.name
        if not folder.is_dir():
            return None
        try:
            shard = read_shard(folder)
        except ShardError:
            return None
        return shard if shard.fingerprint == task.fingerprint else None

    def publish(self, task: Task) -> None:
        """Move in what a worker made, in the place of what may be there."""
        target = self.shards / task.name
        with as_output_errors(target):
            if target.exists():
                target.replace(self.making / f"old-{task.name}")
            (self.making / task.name).replace(target)
            sync_folder(self.shards)
            shutil.rmtree(self.making / f"old-{task.name}", ignore_errors=True)


@contextmanager
def workplace(out: Path) -> Iterator[Workplace]:
    """The workplace in ``out``, held against every other run until the end.

    Raises BatchLockedError when another run holds it, and OutputError when ``out`` holds things
    that no batch has made. The lock goes with the process, however it ends.
    """
    require_own_folder(out, WORK)
    place = Workplace(out / WORK, secrets.token_hex(8))
    making = place.making.parent
    with as_output_errors(out):
        for folder in (place.shards, making):
            folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(place.work / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BatchLockedError(
                "another run works in this folder",
                where=out.name,
                fix="wait for it, or choose another",
            ) from None
    try:
        _clear(making)
        with as_output_errors(out):
            place.making.mkdir()
        yield place
        _clear(making)
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Take away what an interrupted run was making."""
    for left in folder.iterdir():
        shutil.rmtree(left, ignore_errors=True)
