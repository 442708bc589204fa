"""Merge shards: of one cohort into the folder of an unsplit run, of several into a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskscore.errors import ShardError, UsageError
from riskscore.files.outputs import require_new_folder
from riskscore.scoring.scores.columns import columns_of
from riskscore.writing.folders.bundle import write_tables
from riskscore.writing.folders.dataset import require_own_folder, run_of, write_dataset
from riskscore.writing.folders.failures import Failure, is_failed_shard, read_failed_shard
from riskscore.writing.folders.shards import assemble, read_shard
from riskscore.writing.provenance import asks_ancestry
from riskscore.writing.tables.parquet import block_of
from riskscore.writing.tables.text_columns import Block


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge: the number of rows without a score, and the sample sets left out."""

    unscored: int
    failures: tuple[Failure, ...] = ()


def merge(folders: Sequence[Path], out: Path, *, tsv: bool = False) -> Merged:
    """Merge the shards in ``folders`` into ``out``.

    Shards of ``score --shard`` alone give the same files as ``score --out``. Shards that name a
    sample set give the dataset that ``batch`` writes, with ``tsv`` its tables as text too; a sample
    set of which a part could not be scored is left out, and listed in failed.tsv. Raises ShardError
    unless every part is there once and all were made in one way.
    """
    failed = [read_failed_shard(folder) for folder in folders if is_failed_shard(folder)]
    shards = [read_shard(folder) for folder in folders if not is_failed_shard(folder)]
    broken = {one.failure.sample_set for one in failed}
    cohorts = assemble([shard for shard in shards if shard.sample_set not in broken])
    named = [cohort for cohort in cohorts if cohort.sample_set]
    unscored = sum(shard.unscored for cohort in cohorts for shard in cohort.shards)
    if not named and not failed:
        (cohort,) = cohorts
        if tsv:
            raise UsageError("a bundle is text already", fix="leave out --tsv")
        require_new_folder(out)
        plain = cohort.plain_lines()
        columns = columns_of(by_ancestry=asks_ancestry(cohort.provenance()))

        def blocks() -> Iterator[Block]:
            return (block_of(part) for part in cohort.scores())

        write_tables(out, blocks, columns, cohort.tallies(), cohort.provenance(), plain=plain)
        return Merged(unscored)
    if len(named) < len(cohorts):
        raise ShardError(
            "some shards name a sample set and others do not", fix="merge them one kind at a time"
        )
    runs = [*(run_of(shard.provenance) for shard in shards), *(one.run for one in failed)]
    if any(run != runs[0] for run in runs):
        raise ShardError("the shards given are not of one run", fix="score them in one way")
    failures = sorted((one.failure for one in failed), key=lambda f: (f.sample_set, f.part))
    require_own_folder(out)
    write_dataset(cohorts, failures, runs[0], out, tsv=tsv)
    return Merged(unscored, tuple(failures))
