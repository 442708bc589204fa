"""The verb index, and what other verbs say and do where a record index lies beside a file."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pysam
import pytest

from riskscore import errors

DATA = Path(__file__).parents[1] / "data"
Run = Callable[..., CompletedProcess[str]]
CELLS = ["0|1", "0|0", "1|1"]
HLA = [
    ("6", 29_942_470, "HLA_A*01:01", "A", "T", "GT", ["0|1", "0|0", "1|1"]),
    ("6", 29_942_471, "HLA_A*02:01", "A", "T", "GT", ["1|0", "1|1", "0|0"]),
    ("6", 32_658_707, "rs9273369", "T", "C", "GT", CELLS),
]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    name = "t1d_b38_clean.vcf.gz"
    for ending in ("", ".tbi"):
        shutil.copy(DATA / f"{name}{ending}", tmp_path)
    return tmp_path / name


def test_scores_are_the_same_and_the_file_says_how_many(riskscore: Run, example: Path) -> None:
    with pysam.VariantFile(str(example)) as file:
        records = sum(1 for _ in file)
    before = riskscore("score", example, "-m", "t1d")
    done = riskscore("index", example)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"riskscore: {example.name}.records lists {records:,} records\n"
    after = riskscore("score", example, "-m", "t1d")
    assert after.returncode == before.returncode == 0
    assert (after.stdout, after.stderr) == (before.stdout, before.stderr)


def test_one_of_another_file_is_told_of_with_what_to_do(
    riskscore: Run, example: Path, make_vcf: Callable[..., Path]
) -> None:
    other = make_vcf(["a", "b", "c"], HLA)
    before = {verb: riskscore(verb, example, "-m", "t1d") for verb in ("score", "check")}
    before["hla"] = riskscore("hla", other)
    assert riskscore("index", other, example).returncode == 0
    records = [Path(f"{path}.records") for path in (other, example)]
    shutil.copy(records[0], records[1])
    records[0].write_bytes(records[0].read_bytes()[:-1])
    for verb, path, why in (
        ("score", example, "is not of the file and its index as they are now"),
        ("check", example, "is not of the file and its index as they are now"),
        ("hla", other, "is damaged"),
    ):
        done = riskscore(verb, path, *(() if verb == "hla" else ("-m", "t1d")))
        warning = f"riskscore: warning: {path.name}.records {why} and is not used; "
        assert f"{warning}make it anew: riskscore index {path.name}\n" in done.stderr
        assert done.stdout == before[verb].stdout


def test_hla_records_are_found_by_it(riskscore: Run, make_vcf: Callable[..., Path]) -> None:
    path = make_vcf(["a", "b", "c"], HLA)
    before = riskscore("hla", path)
    assert "A*01:01" in before.stdout
    assert riskscore("index", path).returncode == 0
    after = riskscore("hla", path)
    assert (after.stdout, after.stderr) == (before.stdout, before.stderr)


def test_what_has_no_index_is_refused(riskscore: Run, make_vcf: Callable[..., Path]) -> None:
    path = make_vcf(["a", "b", "c"], HLA, index=False)
    done = riskscore("index", path)
    assert done.returncode == errors.IndexMissingError.exit_code
    assert "run: tabix -p vcf made.vcf.gz" in done.stderr
    assert riskscore("index", "absent.bcf").returncode == errors.FileMissingError.exit_code
    assert riskscore("index", "-").returncode == errors.UsageError.exit_code
    assert list(path.parent.glob("*.records")) == []
