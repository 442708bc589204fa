"""A disk that is full, or broken, at each write of each kind: a typed error, nothing partial."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

import riskscore as rs
from riskscore import Scores, outputs
from riskscore.errors import OutputError
from riskscore.models.catalog import load_model
from riskscore.writing.folders.bundle import write_bundle
from riskscore.writing.tables.write import write_table

ROWS = [{"sample": f"p{i}", "score": i / 7} for i in range(3)]


class Disk:
    """Counts what is written by riskscore/outputs.py, and refuses the write of a number."""

    def __init__(self, error: int, refused: int) -> None:
        self.error, self.left = error, refused

    def write(self, stream: IO[bytes], data: Any) -> int:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.error, os.strerror(self.error))
        return io.BufferedWriter.write(stream, data)  # type: ignore[arg-type]

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        disk = self

        class Stream(io.BufferedWriter):
            def write(self, data: Any, /) -> int:
                return disk.write(self, data)

        return lambda *given, **options: Stream(real(*given, buffering=0, **options))


@pytest.fixture(scope="module")
def scores(cohorts: Path) -> Scores:
    return rs.score(cohorts / "c000.vcf.gz", "t1d")


def writers(scores: Scores) -> dict[str, Callable[[Path], object]]:
    """What writes each kind of output to a path."""
    model = load_model("ms-2013")
    return {
        "table.tsv": lambda path: write_table(ROWS, ["sample", "score"], path),
        "table.csv": lambda path: write_table(ROWS, ["sample", "score"], path),
        "table.parquet": lambda path: write_table(ROWS, ["sample", "score"], path),
        "results": lambda path: write_bundle(scores, path),
        "explorer.html": lambda path: rs.write_explorer(model, path),
        "model": lambda path: rs.write_model(model, path),
    }


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_each_write_of_each_kind(error: int, scores: Scores, tmp_path: Path) -> None:
    refused = 0
    for name, write in writers(scores).items():
        for number in range(1, 100):
            path = tmp_path / f"{name} {number}" / name
            path.parent.mkdir(exist_ok=True)
            with pytest.MonkeyPatch.context() as patch:
                disk = Disk(error, number)
                patch.setattr(outputs, "open", disk.wrapped(open), raising=False)
                patch.setattr(os, "fdopen", disk.wrapped(os.fdopen))
                if not was_refused(lambda write=write, path=path: write(path)):
                    assert disk.left > 0, name
                    assert path.exists()
                    break
            assert list(path.parent.iterdir()) == [], name
            refused += 1
        else:
            raise AssertionError(name)
    assert refused > 20, refused


def was_refused(write: Callable[[], object]) -> bool:
    try:
        write()
    except OutputError:
        return True
    return False
