"""One shard of a batch by itself, as a workflow manager scores it; a failure is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from riskscore.batches.inputs import checksum
from riskscore.batches.tasks import Done, Task
from riskscore.batches.workers import score_task
from riskscore.errors import OutputError
from riskscore.samples.question import Question
from riskscore.writing.folders.failures import Failure, write_failed_shard
from riskscore.writing.provenance import hash_inputs, method_told


def score_one(task: Task, question: Question, out: Path) -> Done | Failure:
    """Score one shard into the new folder ``out``.

    What a batch would leave out and tell in failed.tsv is told in ``out`` instead, and is what
    comes back. Raises PopulationError, which no file is to blame for, and OutputError.
    """
    question.reference_population()
    try:
        hashed = hash_inputs(task.inputs(question), checksum)
        return score_task(replace(task, hashed=hashed), question, out)
    except OutputError:
        raise
    except Exception as error:
        failure = task.failure(error)
        write_failed_shard(out, failure, method_told(question))
        return failure
