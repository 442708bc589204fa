"""Two hundred files, twenty of them bad in ten ways: the good are scored, the bad are named."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pysam

from riskscore import errors

Spoil = Callable[[Path], None]


def text_of(path: Path) -> str:
    with pysam.BGZFile(str(path), "rb") as stream:
        return "".join(f"{line.decode()}\n" for line in stream)


def rewrite(path: Path, text: str) -> None:
    plain = path.with_suffix("")
    plain.write_text(text)
    pysam.tabix_compress(str(plain), str(path), force=True)
    plain.unlink()
    pysam.tabix_index(str(path), preset="vcf", force=True)


def replace(old: str, new: str) -> Spoil:
    def spoil(path: Path) -> None:
        text = text_of(path)
        assert old in text
        rewrite(path, text.replace(old, new))

    return spoil


def body(change: Callable[[list[str]], list[str]]) -> Spoil:
    def spoil(path: Path) -> None:
        lines = text_of(path).splitlines(keepends=True)
        head = [line for line in lines if line.startswith("#")]
        rewrite(path, "".join(head + change([line for line in lines if line[0] != "#"])))

    return spoil


def name_twice(path: Path) -> None:
    number = int(path.name[1:4])
    replace(f"P{number}x1", f"P{number}x0")(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-28])  # the block that ends a BGZF file


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


BAD: dict[str, tuple[Spoil, type[errors.RiskscoreError]]] = {
    "cut short": (cut, errors.VCFFormatError),
    "a flipped byte": (flip, errors.VCFFormatError),
    "not a VCF": (lambda p: p.write_bytes(b"PK\x03\x04 a zip"), errors.VCFFormatError),
    "empty": (lambda p: p.write_bytes(b""), errors.EmptyVCFError),
    "no records": (body(lambda lines: []), errors.EmptyVCFError),
    "a sample twice": (name_twice, errors.DuplicateSampleError),
    "of another build": (
        replace("length=170805979>", "length=170805979>\n##reference=GRCh37"),
        errors.BuildMismatchError,
    ),
    "none of the loci": (
        body(lambda lines: [line.replace("\t3", "\t5", 1) for line in lines]),
        errors.NothingMatchedError,
    ),
    "an allele that is not there": (
        body(lambda lines: [lines[0].rsplit("\t", 1)[0] + "\t0/7\n", *lines[1:]]),
        errors.VCFFormatError,
    ),
    "gone": (lambda p: p.unlink(), errors.FileMissingError),
}  # fmt: skip


def test_two_hundred_files(
    tmp_path: Path,
    make_cohorts: Callable[..., Path],
    riskscore: Callable[..., CompletedProcess[str]],
) -> None:
    folder = make_cohorts(tmp_path / "in", 200)
    expected: dict[str, tuple[str, str]] = {}
    for place, (spoil, error) in enumerate(BAD.values()):
        for number in (place * 20 + 3, place * 20 + 11):
            path = folder / f"c{number:03}.vcf.gz"
            spoil(path)
            expected[f"c{number:03}"] = (error.__name__, str(error.exit_code))
    manifest = tmp_path / "manifest.tsv"
    rows = [f"c{number:03}\tin/c{number:03}.vcf.gz" for number in range(200)]
    manifest.write_text("sample_set\tvcf\n" + "\n".join(rows) + "\n")
    done = riskscore("batch", manifest, "-m", "t1d", "--out", "out", "-j", "2")
    assert done.returncode == errors.EXIT_SOME_NOT_SCORED, done.stderr
    with (tmp_path / "out" / "failed.tsv").open() as stream:
        failed = list(csv.DictReader(stream, delimiter="\t"))
    found = {row["sample_set"]: (row["error"], row["exit_code"]) for row in failed}
    assert found == expected
    for row in failed:
        assert row["file"] == f"{row['sample_set']}.vcf.gz"
        assert str(tmp_path) not in row["message"]
        assert "x0" not in row["message"]  # no sample's name
    scores = pd.read_parquet(tmp_path / "out" / "scores")
    assert scores["sample_set"].nunique() == 180
    assert len(scores) == 180 * 4
    assert not scores["sample"].duplicated().any()
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (len(told["sample_sets"]), told["failed"]) == (180, 20)

    # Mended, they are scored and the others are not scored again.
    shutil.rmtree(folder)
    make_cohorts(folder, 200)
    done = riskscore("batch", manifest, "-m", "t1d", "--out", "out", "-j", "2")
    assert done.returncode == 0, done.stderr
    assert "20 scored, 180 from an earlier run, 0 failed" in done.stderr
