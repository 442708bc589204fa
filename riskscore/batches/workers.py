"""Processes that score shards; if one dies, only its shard fails.

They are forked from a clean server process, so that they inherit no open file. They write into a
folder of their run, from which the parent moves finished shards: what a run left behind cannot mix
with the next one's shards.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from riskscore.batches.inputs import checksum
from riskscore.batches.tasks import Done, Task
from riskscore.errors import OutputError, WorkerError
from riskscore.samples.question import Question
from riskscore.writing.folders.failures import Failure, write_failed_shard
from riskscore.writing.provenance import hash_inputs, method_record


@dataclass
class Worker:
    """A process, the pipe to it, and what it is busy with."""

    process: BaseProcess
    pipe: Connection
    task: Task | None = None

    def stop(self) -> None:
        """End the process, even at work."""
        self.pipe.close()
        self.process.terminate()
        self.process.join()


def run_tasks(
    tasks: Sequence[Task], question: Question, folder: Path, jobs: int
) -> Iterator[tuple[Task, Done | Exception]]:
    """Score shards in up to ``jobs`` processes, each into a folder of its name in ``folder``.

    Yields each task with its result as it is done; a failure is yielded as an exception.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["riskscore.run", "riskscore.writing.folders.bundle"])
    waiting = list(reversed(tasks))
    workers = [_start(context, question, folder) for _ in range(min(jobs, len(tasks)))]
    try:
        for worker in workers:
            _give(worker, waiting)
        while busy := [worker for worker in workers if worker.task is not None]:
            ready = wait([worker.pipe for worker in busy])
            for worker in [worker for worker in busy if worker.pipe in ready]:
                task, worker.task = worker.task, None
                assert task is not None
                try:
                    outcome = worker.pipe.recv()
                except (EOFError, OSError):
                    outcome = _death(worker.process)
                    worker.pipe.close()
                    workers.remove(worker)
                    worker = _start(context, question, folder)  # noqa: PLW2901
                    workers.append(worker)
                _give(worker, waiting)
                yield task, outcome
    finally:
        for worker in workers:
            worker.stop()


def _start(context: ForkServerContext, question: Question, folder: Path) -> Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, question, folder), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


def _give(worker: Worker, waiting: list[Task]) -> None:
    """Send the next task, if there is one. A dead worker is noticed later, in ``wait``."""
    if waiting:
        worker.task = waiting.pop()
        with suppress(OSError):
            worker.pipe.send(worker.task)


def _death(process: BaseProcess) -> WorkerError:
    process.join()
    code = process.exitcode or 0
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    fix = "likely out of memory: use more --shards or fewer --jobs"
    return WorkerError(
        f"the process that scored it was ended {how}", fix=fix if code == -signal.SIGKILL else ""
    )


def serve(pipe: Connection, question: Question, folder: Path) -> None:
    """Score the tasks that come through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its workers
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task: Task = pipe.recv()
            outcome: Done | Exception
            try:
                outcome = score_task(task, question, folder / task.name)
            except Exception as error:
                outcome = error
            try:
                pipe.send(outcome)
            except (TypeError, ValueError, AttributeError):  # an error that cannot be pickled
                pipe.send(WorkerError(f"unforeseen: {type(outcome).__name__}"))


def score_task(task: Task, question: Question, out: Path) -> Done:
    """Score one shard and write it into the new folder ``out``."""
    from riskscore.run import score
    from riskscore.writing.folders.bundle import write_shard

    sample_set = task.sample_set
    scores = score(sample_set.files, task.question(question), part=task.part)
    write_shard(
        scores,
        out,
        task.part,
        sample_set=sample_set.name,
        hashed=task.hashed,
        fingerprint=task.fingerprint,
    )
    unscored = sum(table.unscored for table in scores.tables)
    return Done(len(scores.cohort.samples), unscored, scores.cohort.warnings)


def score_one(task: Task, question: Question, out: Path) -> Done | Failure:
    """Score one shard into the new folder ``out``.

    An error that a batch would list in failed.tsv is written to ``out`` instead, and returned.
    Raises PopulationError, since no file causes it, and OutputError.
    """
    question.reference_population()
    try:
        hashed = hash_inputs(task.inputs(question), checksum)
        return score_task(replace(task, hashed=hashed), question, out)
    except OutputError:
        raise
    except Exception as error:
        failure = task.failure(error)
        write_failed_shard(out, failure, method_record(question))
        return failure
