"""A disk that refuses: a typed error, nothing partial, and the next run goes on."""

import contextlib
import errno
import os
import resource
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import riskscore as rs
from riskscore.batches.run import run_batch
from riskscore.batches.sample_sets import find_sample_sets
from riskscore.errors import OutputError
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import Question
from riskscore.writing.folders.bundle import write_bundle, write_shard
from riskscore.writing.folders.shards import read_shard

Results = Callable[[Path], dict[str, bytes]]


class Refusing:
    """Makes the n-th call that changes the disk fail, as a full or broken disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
        self.patch, self.error = monkeypatch, error
        self.left = 0
        self.failed = False

    def after(self, calls: int) -> None:
        self.left, self.failed = calls, False
        for owner, name in (
            (os, "fsync"), (os, "mkdir"), (os, "rename"), (os, "replace"), (os, "unlink"),
        ):  # fmt: skip
            self.patch.setattr(owner, name, self._wrap(getattr(owner, name)))

    def _wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def refusing(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.failed = True
                raise OSError(self.error, os.strerror(self.error))
            return call(*arguments, **options)

        return refusing


def refuse_everywhere(
    error: int,
    folder: Path,
    write: Callable[[Path], object],
    check: Callable[[Path], None],
    prepare: Callable[[Path], object] = lambda out: None,
) -> int:
    """Write into a new folder with the first call refused, then the second, until all succeed."""
    for calls in count(1):
        out = folder / f"{calls}"
        prepare(out)
        with pytest.MonkeyPatch.context() as monkeypatch:
            refusing = Refusing(monkeypatch, error)
            refusing.after(calls)
            with contextlib.suppress(OutputError):
                write(out)
                if not refusing.failed:
                    return calls
        check(out)
    raise AssertionError


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_each_write_of_a_shard_and_of_a_bundle(
    error: int, cohorts: Path, tmp_path: Path, results_in: Results
) -> None:
    scores = rs.score(cohorts / "c000.vcf.gz", "t1d")

    def shard(out: Path) -> object:
        return write_shard(scores, out, PeoplePart(1, 1), hashed={})

    def whole_or_nothing(out: Path) -> None:
        if out.exists():
            read_shard(out)
        assert not list(out.parent.glob(".*"))

    (tmp_path / "shards").mkdir()
    assert refuse_everywhere(error, tmp_path / "shards", shard, whole_or_nothing) > 6
    expected = results_in(write_bundle(scores, tmp_path / "whole"))

    def bundle_or_nothing(out: Path) -> None:
        assert not out.exists() or results_in(out) == expected
        assert not list(out.parent.glob(".*"))

    (tmp_path / "bundles").mkdir()
    write = refuse_everywhere(
        error,
        tmp_path / "bundles",
        lambda out: write_bundle(scores, out),
        bundle_or_nothing,
    )
    assert write > 6


@pytest.mark.parametrize("error", [errno.ENOSPC])
def test_each_write_of_the_results(
    error: int,
    cohorts: Path,
    tmp_path: Path,
    results_in: Results,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sets = find_sample_sets(str(cohorts))
    question = Question.of("t1d")

    def batch(out: Path) -> None:
        run_batch(sets, question, out, tsv=True)

    whole = tmp_path / "whole"
    batch(whole)
    expected = results_in(whole)

    def scored(out: Path) -> None:
        shutil.copytree(whole / "work", out / "work")

    def resumed(out: Path) -> None:
        if (out / "provenance.json").exists():
            assert results_in(out) == expected
        batch(out)
        assert results_in(out) == expected

    assert refuse_everywhere(error, tmp_path, batch, resumed, scored) > 20


def test_a_limit_on_the_size_of_files(
    tmp_path: Path, start: Callable[..., Any], results_in: Results
) -> None:
    start(tmp_path / "whole").communicate()
    expected = results_in(tmp_path / "whole")
    largest = max(len(data) for data in expected.values())
    for size in (0, largest - 1):
        out = tmp_path / f"limit{size}"

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        short = start(out, preexec_fn=limit)
        message = short.communicate()[1]
        assert short.returncode == OutputError.exit_code, message
        assert "OutputError" in message
        assert "Traceback" not in message
        assert not (out / "provenance.json").exists()
        for shard in (out / "work" / "shards").iterdir():
            read_shard(shard)
        start(out).communicate()
        assert results_in(out) == expected
