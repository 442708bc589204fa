"""A batch: find the shards that are not done, score them, write the dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Unpack

from riskscore.batches.inputs import Checksums
from riskscore.batches.sample_sets import SampleSet, find_sample_sets
from riskscore.batches.tasks import Done, Task
from riskscore.batches.workers import run_tasks
from riskscore.batches.workplace import Workplace, workplace
from riskscore.errors import OutputError, RiskscoreError, UsageError
from riskscore.models.catalog import Models
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import Question, QuestionOptions, takes_options
from riskscore.writing.folders.dataset import write_dataset
from riskscore.writing.folders.failures import Failure
from riskscore.writing.folders.shards import Shard, assemble, read_shard
from riskscore.writing.provenance import method_record


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is. ``reused`` shards are of an earlier run, ``seconds`` the time so far."""

    shards: int
    done: int = 0
    reused: int = 0
    failed: int = 0
    people: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """People a second, of those scored now."""
        return self.people / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time left at the rate so far; None before the first shard."""
        now = self.done + self.failed - self.reused
        left = self.shards - self.done - self.failed
        return self.seconds / now * left if now else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a batch: its final progress, the failures, and the number of unscored rows.

    ``warnings`` counts the sample sets with warnings, which summary.json lists.
    """

    progress: Progress
    failures: tuple[Failure, ...]
    unscored: int
    warnings: int


@takes_options
def batch(
    source: str | Path,
    models: Models | Question,
    out: str | Path,
    *,
    shards: int = 1,
    jobs: int = 1,
    tsv: bool = False,
    **options: Unpack[QuestionOptions],
) -> Outcome:
    """Score many files into one folder; called again, it goes on where an earlier run ended.

    ``source`` is a manifest (TSV: sample_set, vcf, exposures, hla), a folder, or a pattern such as
    ``data/*.vcf.gz``. Each sample set is scored in ``shards`` parts, which bounds the memory, by
    ``jobs`` processes; with more than one, a script must call this under
    ``if __name__ == "__main__":``.
    The options are the fields of :class:`Question`; ``exposures`` and ``hla`` are files, for the
    sample sets whose manifest names none. With ``tsv`` scores are written as TSV too, beside
    Parquet. A sample set that cannot be scored is listed in ``failed.tsv`` and in the result;
    the others go on.

    Raises ManifestError, an error of a model, PopulationError, BatchLockedError or OutputError.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from riskscore.studies.simulation.simulate import simulate
    >>> with TemporaryDirectory() as folder:
    ...     _ = simulate("ms", 3, out=f"{folder}/people")
    ...     outcome = batch(f"{folder}/people/cohort.vcf.gz", "ms", f"{folder}/results")
    ...     sorted(path.name for path in Path(folder, "results").glob("*.tsv"))
    ['coverage.tsv', 'failed.tsv', 'match_report.tsv']
    >>> outcome.progress.people, outcome.failures
    (3, ())
    """
    question = Question.of(models, **options)
    if not isinstance(question.exposures, str | Path | None):
        raise UsageError("the exposures of a batch are a file", fix="write the frame to one")
    exposures = None if question.exposures is None else Path(question.exposures)
    found = find_sample_sets(str(source), exposures=exposures, hla=question.hla)
    return run_batch(found, question, Path(out), shards=shards, jobs=jobs, tsv=tsv)


def run_batch(
    sample_sets: Sequence[SampleSet],
    question: Question,
    out: Path,
    *,
    shards: int = 1,
    jobs: int = 1,
    tsv: bool = False,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Outcome:
    """Score sample sets, each in ``shards`` parts, in ``jobs`` processes, into the folder ``out``.

    What an earlier run in ``out`` has scored of the same inputs in the same way is not scored
    again. A sample set that fails is listed in failed.tsv and left out; the others go on.
    Exposures and HLA tables are those of the sample sets, not the question's.

    Raises PopulationError, BatchLockedError or OutputError, which end the batch.
    """
    question.reference_population()
    tasks = [
        Task(one, PeoplePart(index, shards))
        for one in sample_sets
        for index in range(1, shards + 1)
    ]
    with workplace(out) as place:
        batch = _Batch(place, question, tasks, jobs, watch)
        batch.score()
        cohorts = assemble(batch.whole_sets())
        failures = tuple(sorted(batch.failures, key=lambda f: (f.sample_set, f.part)))
        write_dataset(cohorts, failures, method_record(question), out, tsv=tsv)
    unscored = sum(shard.unscored for cohort in cohorts for shard in cohort.shards)
    warnings = sum(bool(cohort.shards[0].provenance["cohort"]["warnings"]) for cohort in cohorts)
    return Outcome(batch.progress, failures, unscored, warnings)


class _Batch:
    """One run of a batch: its tasks, what is finished, and what failed."""

    def __init__(
        self,
        place: Workplace,
        question: Question,
        tasks: Sequence[Task],
        jobs: int,
        watch: Callable[[Progress], None],
    ) -> None:
        self.place, self.question, self.jobs, self.watch = place, question, jobs, watch
        self.failures: list[Failure] = []
        self.finished: list[Shard] = []
        self.progress = Progress(len(tasks))
        self.checksums = Checksums(place.inputs)
        own = [path for files in question.input_files.values() for path in files]
        self.checksums.learn([*own, *(path for task in tasks for path in task.files)], jobs)
        self.todo = list(self._not_done(tasks))
        self._tell(self.progress)

    def _not_done(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """The tasks that no earlier run has finished; a task whose input is missing fails here."""
        for bare in tasks:
            try:
                task = bare.of_inputs(self.question, self.checksums.of)
            except RiskscoreError as error:
                self._fail(bare, error)
                continue
            shard = self.place.finished(task)
            if shard is None:
                yield task
            else:
                self.finished.append(shard)
                done, reused = self.progress.done + 1, self.progress.reused + 1
                self.progress = replace(self.progress, done=done, reused=reused)

    def score(self) -> None:
        """Score what is not done."""
        start = monotonic()
        for task, outcome in run_tasks(self.todo, self.question, self.place.making, self.jobs):
            try:
                if isinstance(outcome, Exception):
                    raise outcome
                self.checksums.require_unchanged(task.files)
                self.place.publish(task)
                self.finished.append(read_shard(self.place.shards / task.name))
                self._succeed(outcome, monotonic() - start)
            except OutputError:
                raise  # nothing can be written, whichever shard it is
            except Exception as error:
                self._fail(task, error)
                self._tell(replace(self.progress, seconds=monotonic() - start))

    def whole_sets(self) -> list[Shard]:
        """The shards of sample sets without a failure."""
        failed = {failure.sample_set for failure in self.failures}
        return [shard for shard in self.finished if shard.sample_set not in failed]

    def _succeed(self, done: Done, seconds: float) -> None:
        self._tell(
            replace(
                self.progress,
                done=self.progress.done + 1,
                people=self.progress.people + done.people,
                seconds=seconds,
            )
        )

    def _fail(self, task: Task, error: Exception) -> None:
        self.failures.append(task.failure(error))
        self.progress = replace(self.progress, failed=self.progress.failed + 1)

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        self.watch(progress)
