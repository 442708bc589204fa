"""Shards put together: of one cohort as if it had never been split, of several as a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskscore.errors import ShardError, UsageError
from riskscore.files.outputs import require_new_folder
from riskscore.scoring.scores.columns import columns_of
from riskscore.writing.folders.bundle import write_tables
from riskscore.writing.folders.dataset import require_own_folder, run_of, write_dataset
from riskscore.writing.folders.failures import Failure, read_failed_shard, tells_failure
from riskscore.writing.folders.shards import assemble, read_shard
from riskscore.writing.provenance import asks_ancestry
from riskscore.writing.tables.parquet import block_of
from riskscore.writing.tables.text_columns import Block


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge: rows without a score, and sample sets that were left out, and why."""

    unscored: int
    failures: tuple[Failure, ...] = ()


def merge(folders: Sequence[Path], out: Path, *, tsv: bool = False) -> Merged:
    """Merge the shards in ``folders`` into ``out``.

    Shards of ``score --shard`` alone give the very files of ``score --out``. Shards that name a
    sample set give the dataset that ``batch`` writes, with ``tsv`` its tables as text too; a sample
    set of which a part could not be scored is left out, and told in failed.tsv. Raises ShardError
    unless every part is there once and all were made in one way.
    """
    failed = [read_failed_shard(folder) for folder in folders if tells_failure(folder)]
    shards = [read_shard(folder) for folder in folders if not tells_failure(folder)]
    broken = {one.failure.sample_set for one in failed}
    wholes = assemble([shard for shard in shards if shard.sample_set not in broken])
    named = [whole for whole in wholes if whole.sample_set]
    unscored = sum(shard.unscored for whole in wholes for shard in whole.shards)
    if not named and not failed:
        (whole,) = wholes
        if tsv:
            raise UsageError("a bundle is text already", fix="leave out --tsv")
        require_new_folder(out)
        plain = whole.plain_lines()
        columns = columns_of(by_ancestry=asks_ancestry(whole.told()))

        def blocks() -> Iterator[Block]:
            return (block_of(part) for part in whole.scores())

        write_tables(out, blocks, columns, whole.tallies(), whole.told(), plain=plain)
        return Merged(unscored)
    if len(named) < len(wholes):
        raise ShardError(
            "some shards name a sample set and others do not", fix="merge them one kind at a time"
        )
    runs = [*(run_of(shard.told) for shard in shards), *(one.run for one in failed)]
    if any(run != runs[0] for run in runs):
        raise ShardError("the shards given are not of one run", fix="score them in one way")
    failures = sorted((one.failure for one in failed), key=lambda f: (f.sample_set, f.part))
    require_own_folder(out)
    write_dataset(wholes, failures, runs[0], out, tsv=tsv)
    return Merged(unscored, tuple(failures))
