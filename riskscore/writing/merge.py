"""Shards put together: of one cohort as if it had never been split, of several as a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from riskscore.errors import ShardError, UsageError
from riskscore.scoring.score import COLUMNS
from riskscore.writing.bundle import check_folder, write_tables
from riskscore.writing.dataset import require_own_folder, run_of, write_dataset
from riskscore.writing.shards import Whole, assemble, read_shard
from riskscore.writing.tables import to_tsv


def merge(folders: Sequence[Path], out: Path, *, tsv: bool = False) -> int:
    """Merge the shards in ``folders`` into ``out``; returns how many rows have no score.

    Shards of ``score --shard`` alone give the very files of ``score --out``. Shards that name a
    sample set give the dataset that ``batch`` writes, with ``tsv`` its tables as text too. Raises
    ShardError unless every part is there once and all were made in one way.
    """
    wholes = assemble([read_shard(folder) for folder in folders])
    named = [whole for whole in wholes if whole.sample_set]
    if not named:
        (whole,) = wholes
        if tsv:
            raise UsageError("a bundle is text already", fix="leave out --tsv")
        check_folder(out)
        write_tables(out, _table(whole), whole.tallies(), whole.told())
    elif len(named) < len(wholes):
        raise ShardError(
            "some shards name a sample set and others do not", fix="merge them one kind at a time"
        )
    else:
        require_own_folder(out)
        write_dataset(wholes, [], run_of(wholes[0].shards[0].told), out, tsv=tsv)
    return sum(shard.unscored for whole in wholes for shard in whole.shards)


def _table(whole: Whole) -> Iterator[str | bytes]:
    yield to_tsv([], COLUMNS)
    for lines in whole.score_lines():
        yield b"".join(line + b"\n" for line in lines)
