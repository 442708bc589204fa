"""The folder of a batch: its lock, its finished shards, and the shards in the making.

``work/shards/`` holds finished shards. In ``work/making/`` each run has a folder that its workers
write into, since workers may outlive a killed run for a moment. ``work/inputs.json`` has the
checksums of inputs. ``work/`` may be deleted: the next run then scores everything again.
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
    """The working folder of a batch that holds the lock."""

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
        """The finished shard of a task, if it has the task's fingerprint; else None."""
        folder = self.shards / task.name
        if not folder.is_dir():
            return None
        try:
            shard = read_shard(folder)
        except ShardError:
            return None
        return shard if shard.fingerprint == task.fingerprint else None

    def publish(self, task: Task) -> None:
        """Move a shard that a worker wrote among the finished ones, over an earlier one."""
        target = self.shards / task.name
        with as_output_errors(target):
            if target.exists():
                target.replace(self.making / f"old-{task.name}")
            (self.making / task.name).replace(target)
            sync_folder(self.shards)
            shutil.rmtree(self.making / f"old-{task.name}", ignore_errors=True)


@contextmanager
def workplace(out: Path) -> Iterator[Workplace]:
    """The workplace in ``out``, locked against other runs until the end.

    Raises BatchLockedError when another run has the lock, and OutputError when ``out`` holds files
    that no batch wrote. The lock ends with the process, however that ends.
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
    """Remove what an interrupted run left."""
    for left in folder.iterdir():
        shutil.rmtree(left, ignore_errors=True)
