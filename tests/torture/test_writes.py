"""A disk that is full, or broken, at each write of each kind: a typed error, nothing partial."""

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
import typer

import riskscore as rs
from riskscore.cli import command_line
from riskscore.errors import OutputError
from riskscore.models.catalog import load_model
from riskscore.samples.hla.imputation.panel_file import write_panel
from riskscore.samples.people_part import PeoplePart
from riskscore.studies.charts.theme import save_chart
from riskscore.writing.folders.bundle import write_bundle, write_shard
from riskscore.writing.folders.failures import Failure, write_failed_shard
from riskscore.writing.folders.merge import merge
from riskscore.writing.tables.write import write_blocks, write_table
from tests.samples.hla.imputation.test_by_enumeration import made as made_panel

ROWS = [{"sample": f"p{i}", "score": i / 7} for i in range(3)]


class Disk:
    """Counts what is written to files, and refuses the write of a number."""

    def __init__(self, error: int, refused: int) -> None:
        self.error, self.left = error, refused

    def write(self, stream: IO[bytes], data: Any) -> int:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.error, os.strerror(self.error))
        return io.BufferedWriter.write(stream, data)  # type: ignore[arg-type]

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """`open` by which all of Python writes: files opened to be written count here."""
        disk = self

        class Stream(io.BufferedWriter):
            def write(self, data: Any, /) -> int:
                return disk.write(self, data)

        def opened(
            file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
            errors: str | None = None, newline: str | None = None, **more: Any,
        ) -> Any:  # fmt: skip
            if not set(mode) & set("wxa+"):
                return real(file, mode, buffering, encoding, errors, newline, **more)
            stream = Stream(real(file, mode.strip("bt") + "b", 0, **more))
            return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)

        return opened


@pytest.fixture(scope="module")
def writers(
    cohorts: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Callable[[Path], object]]:
    """What writes each kind of output to a path."""
    model = load_model("ms-2013")
    scores = rs.score(cohorts / "c000.vcf.gz", "t1d")
    made = rs.simulate("ms", 4, seed=1, r2=0.9)
    folder = tmp_path_factory.mktemp("shards")
    whole, alone = PeoplePart(1, 1), folder / "alone"
    write_shard(scores, alone, whole, hashed={})
    write_shard(scores, folder / "a", whole, hashed={}, sample_set="a")
    failure = Failure("a", "a.vcf", "1/1", "VCFFormatError", 13, "x")
    command = typer.main.get_command(command_line("models"))
    pgs = folder / "pgs.txt"
    command(["models", "export-pgs", "ms", "--lossy", "-o", str(pgs)], standalone_mode=False)
    return {
        "table.tsv": lambda path: write_table(ROWS, ["sample", "score"], path),
        "table.csv": lambda path: write_table(ROWS, ["sample", "score"], path),
        "table.parquet": lambda path: write_table(ROWS, ["sample", "score"], path),
        "blocks.tsv": lambda path: write_blocks(scores.blocks(), scores.columns, path),
        "results": lambda path: write_bundle(scores, path),
        "shard": lambda path: write_shard(scores, path, whole, hashed={}),
        "failed shard": lambda path: write_failed_shard(path, failure, {}),
        "merged": lambda path: merge([alone], path),
        "dataset": lambda path: merge([folder / "a"], path, tsv=True),
        "explorer.html": lambda path: rs.write_explorer(model, path),
        "report.html": lambda path: rs.write_report(scores, path),
        "chart.json": lambda path: save_chart(scores.plot.waterfall("P0x0"), path),
        "model": lambda path: rs.write_model(model, path),
        "imported": lambda path: command(
            ["models", "import-pgs", str(pgs), "-o", str(path)], standalone_mode=False
        ),
        "exported.txt": lambda path: command(
            ["models", "export-pgs", "ms", "--lossy", "-o", str(path)], standalone_mode=False
        ),
        "haplotypes.panel": lambda path: write_panel(made_panel(1), path),
        "simulation": made.write,
    }


def test_each_write_of_each_kind(
    writers: dict[str, Callable[[Path], object]], tmp_path: Path
) -> None:
    refused = 0
    for name, write in writers.items():
        for number in range(1, 100):
            path = tmp_path / f"{name} {number}" / name
            path.parent.mkdir(exist_ok=True)
            with pytest.MonkeyPatch.context() as patch:
                disk = Disk((errno.ENOSPC, errno.EIO)[number % 2], number)
                opened = disk.wrapped(open)
                patch.setattr(builtins, "open", opened)
                patch.setattr(io, "open", opened)  # of pathlib and os.fdopen
                if not was_refused(lambda write=write, path=path: write(path)):
                    assert disk.left > 0, name
                    assert path.exists()
                    break
            if name == "dataset":  # a batch's own folder, which the next run goes on in
                assert not (path / "provenance.json").exists()
            else:
                assert list(path.parent.iterdir()) == [], name
            refused += 1
        else:
            raise AssertionError(name)
        assert number > 1, f"{name}: no write was seen"
    assert refused > 60, refused


def was_refused(write: Callable[[], object]) -> bool:
    try:
        write()
    except OutputError:
        return True
    return False
