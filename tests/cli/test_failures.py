"""Each thing that goes wrong says what, where and how to mend it, with its own exit code."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from riskscore import errors

DATA = Path(__file__).parents[1] / "data"
VCF = DATA / "t1d_b38_clean.vcf.gz"
Run = Callable[..., CompletedProcess[str]]
Make = Callable[..., Path]
ROW = ("6", 32658707, "rs9273369", "T", "C", "GT", ["0/1", "0/0"])


def fails(done: CompletedProcess[str], kind: type[errors.RiskscoreError], *words: str) -> None:
    assert done.returncode == kind.exit_code, done.stderr
    assert done.stdout == ""
    assert kind.__name__ in done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_missing_file(riskscore: Run) -> None:
    fails(riskscore("score", "no.vcf.gz", "-m", "t1d"), errors.FileMissingError, "no.vcf.gz")


def test_wrong_build(riskscore: Run) -> None:
    done = riskscore("score", VCF, "-m", "t1d", "--build", "GRCh37")
    fails(done, errors.BuildMismatchError, "GRCh38", "GRCh37")


def test_a_header_that_lies_about_its_build(riskscore: Run, make_vcf: Make) -> None:
    places = [("6", 32626484, "T", "C"), ("6", 32677440, "G", "A"), ("6", 32603212, "T", "C")]
    rows = [(c, p, ".", r, a, "GT", ["0/1", "0/0"]) for c, p, r, a in sorted(places)]
    done = riskscore("score", make_vcf(["A", "B"], rows), "-m", "t1d")
    fails(done, errors.BuildMismatchError, "fit GRCh37")


def test_a_model_that_is_not_there(riskscore: Run) -> None:
    fails(riskscore("score", VCF, "-m", "gout"), errors.ModelNotFoundError, "gout", "t1d")


def test_a_model_that_does_not_parse(riskscore: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.yaml").write_text("id: mine\nname: [unclosed\n")
    done = riskscore("score", VCF, "-m", folder)
    fails(done, errors.ModelFormatError, "model.yaml, line")


@pytest.mark.parametrize(
    ("exposure", "cell", "error", "fix"),
    [
        ("smoking", "sometimes", errors.ExposureLevelError, "never, ever"),
        ("bmi", "2500", errors.ExposureRangeError, "kg/m2"),
    ],
)
def test_an_exposure_that_cannot_be(
    exposure: str, cell: str, error: type[errors.RiskscoreError], fix: str,
    riskscore: Run, tmp_path: Path, make_vcf: Make,
) -> None:  # fmt: skip
    table = tmp_path / "exposures.tsv"
    table.write_text(f"sample\t{exposure}\nA\t{cell}\n")
    vcf = make_vcf(["A", "B"], [ROW])
    done = riskscore("score", vcf, "-m", "t1d", "-m", "ra", "--exposures", table)
    fails(done, error, cell, fix)


def test_a_duplicate_sample(riskscore: Run, make_vcf: Make) -> None:
    done = riskscore("score", make_vcf(["A", "A"], [ROW], index=False), "-m", "t1d")
    assert done.returncode in {
        errors.DuplicateSampleError.exit_code, errors.IndexMissingError.exit_code
    }  # fmt: skip


def test_an_empty_vcf(riskscore: Run, make_vcf: Make, tmp_path: Path) -> None:
    fails(riskscore("score", make_vcf(["A"], []), "-m", "t1d"), errors.EmptyVCFError, "no records")
    (tmp_path / "zero.vcf.gz").write_bytes(b"")
    done = riskscore("score", tmp_path / "zero.vcf.gz", "-m", "t1d")
    fails(done, errors.EmptyVCFError, "empty")


def test_none_of_the_loci(riskscore: Run, make_vcf: Make) -> None:
    rows = [("6", 5000, "rs1", "A", "G", "GT", ["0/1", "0/0"])]
    done = riskscore("score", make_vcf(["A", "B"], rows), "-m", "t1d")
    fails(done, errors.NothingMatchedError, "t1d")


def test_an_unknown_population(riskscore: Run) -> None:
    done = riskscore("score", VCF, "-m", "t1d", "--population", "XXX")
    fails(done, errors.PopulationError, "XXX", "EUR")


def test_a_full_output_folder_is_not_touched(riskscore: Run, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "scores.tsv").write_text("precious")
    done = riskscore("score", VCF, "-m", "t1d", "--out", folder)
    fails(done, errors.OutputError, "not empty")
    assert (folder / "scores.tsv").read_text() == "precious"


def test_nothing_half_written(riskscore: Run, tmp_path: Path, make_vcf: Make) -> None:
    rows = [ROW, ("6", 32709663, "rs10947332", "G", "A", "GT", ["0/1", "0/7"])]
    out, folder = tmp_path / "scores.tsv", tmp_path / "results"
    done = riskscore("score", make_vcf(["A", "B"], rows), "-m", "t1d", "-o", out, "--out", folder)
    fails(done, errors.VCFFormatError, "6:32709663", "GT")
    assert not out.exists()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["scores.txt", "scores"])
def test_an_output_of_unknown_format(riskscore: Run, name: str) -> None:
    fails(riskscore("score", VCF, "-m", "t1d", "-o", name), errors.UsageError, name)


def test_exit_codes_are_one_a_class() -> None:
    classes, todo = [], [errors.RiskscoreError]
    while todo:
        classes.append(todo.pop())
        todo += classes[-1].__subclasses__()
    codes = [kind.exit_code for kind in classes]
    assert len(codes) == len(set(codes))
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in classes)
    assert errors.EXIT_SOME_NOT_SCORED not in codes


def test_control_characters_of_a_name_reach_no_terminal(riskscore: Run, tmp_path: Path) -> None:
    name = "a\x1b[31m\nriskscore: all is well\u202e.vcf"
    (tmp_path / name).write_text("no VCF")
    done = riskscore("score", name, "-m", "t1d")
    assert done.returncode == errors.VCFFormatError.exit_code
    assert "a\\x1b[31m\\nriskscore: all is well\\u202e.vcf" in done.stderr
    assert len(done.stderr.splitlines()) == 1
