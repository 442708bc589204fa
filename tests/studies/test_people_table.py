"""Tables of people: names as text, PLINK's forms, odd cells among numbers, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from riskscore.cli import command_line
from riskscore.errors import InputError, OutcomeError, RiskscoreError, StudyTableError
from riskscore.studies import people_table
from riskscore.studies.people import numeric, read_outcome
from riskscore.studies.people_table import met_words, read_people


def _people(tmp_path: Path, text: str) -> tuple[pd.DataFrame, list[str]]:
    path = tmp_path / "people.txt"
    path.write_text(text, encoding="utf-8")
    return read_people(path)


NAMES = ["001", "0001", "1", "1.0", "1e3", "P_1", "NA", "a.b", "True"]


def test_names_of_people_are_text(tmp_path: Path) -> None:
    """0001 and 1 are two people, and NA is one."""
    text = "sample\tcase\n" + "".join(f"{name}\t{i % 2}\n" for i, name in enumerate(NAMES))
    people, _ = _people(tmp_path, text)
    assert list(people.index) == NAMES
    whole, _ = read_people(tmp_path / "people.txt", by_sample=False)
    assert list(whole["sample"]) == NAMES


@pytest.mark.parametrize("names", [["001", "1"], [1, 10]])
def test_names_of_people_in_parquet(tmp_path: Path, names: list[object]) -> None:
    pd.DataFrame({"sample": names, "case": [0, 1]}).to_parquet(tmp_path / "x.parquet")
    assert list(read_people(tmp_path / "x.parquet")[0].index) == [str(name) for name in names]


def test_names_that_were_made_fractions_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"sample": [1.0, 2.0], "case": [0, 1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(StudyTableError, match="numbers with decimals"):
        read_people(tmp_path / "x.parquet")


PLINK = {
    "spaces": "FID IID MS\nF1 01 1\nF2 02 2\nF3 03 -9\n",
    "tabs": "FID\tIID\tMS\nF1\t01\t1\nF2\t02\t2\nF3\t03\t-9\n",
    "a hash": "#FID\tIID\tMS\nF1\t01\t1\nF2\t02\t2\nF3\t03\t-9\n",
    "no header": "F1 01 1\nF2 02 2\nF3 03 -9\n",
}


@pytest.mark.parametrize("text", PLINK.values(), ids=PLINK)
def test_phenotypes_as_plink_writes_them(tmp_path: Path, text: str) -> None:
    people, notes = _people(tmp_path, text)
    [column] = people.columns
    assert read_outcome(people[column], ["03", "02", "01"]).tolist() == pytest.approx(
        [np.nan, 1.0, 0.0], nan_ok=True
    )
    assert notes == ["people.txt: 1 cells are -9, PLINK's missing value"]


def test_plink2_names_the_person_alone(tmp_path: Path) -> None:
    people, _ = _people(tmp_path, "#IID\tMS\n01\t0\n02\t1\n")
    assert people["MS"].to_dict() == {"01": 0, "02": 1}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2", "2"], [0, 1, 1]),
        ([1, 2, -9], [0, 1, None]),
        ([1.0, 2.0, None], [0, 1, None]),
        (["1", "0", "n/a"], [1, 0, None]),
        (["case", "control", "NA"], [1, 0, None]),
    ],
)
def test_outcomes(values: list[object], expected: list[float | None]) -> None:
    assert read_outcome(values, [*"abc"]).tolist() == pytest.approx(
        [np.nan if value is None else value for value in expected], nan_ok=True
    )


@pytest.mark.parametrize("values", [["0", "1", "2"], [0, 2, 1], ["2", "no", "1"], ["1", "3", "0"]])
def test_outcomes_that_are_refused(values: list[object]) -> None:
    """PLINK's 0 is unknown, everybody else's a control."""
    with pytest.raises(OutcomeError, match="the outcome is"):
        read_outcome(values, [*"abc"])


AGES = ["45", "51.5", "60", "38", "47", "NA", "44"]


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ("45,5", "age is '45,5' in row 3 .*a decimal point"),
        ("NULL", "age is 'NULL' in row 3 .*write NA"),
        ("#N/A", "age is '#N/A' in row 3"),
        ("#DIV/0!", "age is '#DIV/0!' in row 3"),
        ("4O", "age is '4O' in row 3"),
        ("-9", r"age is '-9' in row 3 .*-9\.0 is taken for the number"),
        ("1" * 200, "age is '1111"),
    ],
)
def test_one_odd_cell_makes_no_categories_of_numbers(tmp_path: Path, odd: str, says: str) -> None:
    ages = [*AGES[:2], odd, *AGES[2:]]
    people, _ = _people(
        tmp_path, "IID\tage\n" + "".join(f"p{i}\t{a}\n" for i, a in enumerate(ages))
    )
    with pytest.raises(StudyTableError, match=says):
        numeric(people["age"], "age")


def test_decimal_commas_throughout(tmp_path: Path) -> None:
    people, _ = _people(tmp_path, "IID;age\na;45,5\nb;51,2\nc;60,0\n")
    with pytest.raises(StudyTableError, match="age is '45,5' in row 1"):
        numeric(people["age"], "age")


def test_minus_nine_among_negative_numbers_is_a_number(tmp_path: Path) -> None:
    values = ["-12", "-9", "-7.5", "3", "11"]
    people, _ = _people(tmp_path, "IID\tz\n" + "".join(f"p{v}\t{v}\n" for v in values))
    assert numeric(people["z"], "z")["z"].tolist() == [float(value) for value in values]
    people, _ = _people(tmp_path, "IID\tz\na\t-9.0\nb\t2\n")
    assert numeric(people["z"], "z")["z"].tolist() == [-9.0, 2.0]


@given(st.lists(st.sampled_from(["never", "former", "current", None]), min_size=1))
def test_words_stay_categories(words: list[str | None]) -> None:
    columns = numeric(pd.Series(words, dtype=object), "smoking")
    levels = sorted({word for word in words if word})
    for level in levels[1:]:
        expected = [np.nan if word is None else float(word == level) for word in words]
        assert columns[f"smoking={level}"].tolist() == pytest.approx(expected, nan_ok=True)


def test_people_twice_and_nobody(tmp_path: Path) -> None:
    with pytest.raises(StudyTableError, match=r"1 sample\(s\) stand in more than one row"):
        _people(tmp_path, "Sample\tcase\na\t1\na\t0\n")
    assert list(_people(tmp_path, "Sample\tcase\na\t1\na \t0\n")[0].index) == ["a", "a "]
    with pytest.raises(StudyTableError, match="names nobody"):
        _people(tmp_path, "sample\tcase\na\t1\n\t0\n")
    with pytest.raises(StudyTableError, match="no column names the samples"):
        _people(tmp_path, "who\tcase\na\t1\n")
    with pytest.raises(InputError, match="line 3"):
        _people(tmp_path, "sample\tcase\na\t1\nb\n")


def test_whom_a_table_speaks_of() -> None:
    assert met_words(Path("t.tsv"), ["a"], ["a"]) == []
    assert met_words(Path("t.tsv"), ["a", "x"], ["a", "b", "c"]) == [
        "t.tsv: 1 of its 2 people are in the cohort, and 1 of the cohort's 3 are in it"
    ]


def _fit(*arguments: object) -> pd.DataFrame:
    found = CliRunner().invoke(command_line(), ["fit", *map(str, arguments)])
    if isinstance(found.exception, RiskscoreError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return pd.read_csv(arguments[-1], sep="\t").set_index("term")


def test_covariates_of_a_file_of_their_own(tmp_path: Path) -> None:
    """Against statsmodels on the joined columns, the covariates in another order of people."""
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    n = 400
    names = [f"{i:04d}" for i in range(n)]
    x, pc1, pc2 = rng.normal(size=(3, n))
    case = rng.random(n) < 1 / (1 + np.exp(0.5 - 0.6 * x - pc1))
    pheno = pd.DataFrame({"FID": names, "IID": names, "T1D": case + 1, "x": x})
    pheno.to_csv(tmp_path / "pheno.txt", sep=" ", index=False)
    covar = pd.DataFrame({"#FID": names, "IID": names, "PC1": pc1, "PC2": pc2})
    covar.iloc[rng.permutation(n)].to_csv(tmp_path / "covar.txt", sep="\t", index=False)
    table = tmp_path / "fit.tsv"
    common = ("--outcome", tmp_path / "pheno.txt", "--outcome-column", "T1D",
              "--covariates", tmp_path / "covar.txt")  # fmt: skip
    for chosen, columns in (((), [x, pc1, pc2]), (("--covariate", "PC1"), [x, pc1])):
        found = _fit(*common, *chosen, "-t", "x", "-o", table)
        truth = sm.Logit(case.astype(float), sm.add_constant(np.column_stack(columns))).fit(disp=0)
        assert found.loc["x", "beta"] == pytest.approx(truth.params[1], abs=1e-6)
        assert found.loc["x", "se"] == pytest.approx(truth.bse[1], abs=1e-6)
    with pytest.raises(StudyTableError, match="no column 'PC9'"):
        _fit(*common, "--covariate", "PC9", "-t", "x", "-o", table)


def test_the_only_column_is_the_outcome(tmp_path: Path) -> None:
    rows = "".join(f"f p{i} {1 + (i % 3 == 0)}\n" for i in range(60))
    (tmp_path / "pheno.txt").write_text(rows)
    covar = "".join(f"f p{i} {i % 7}\n" for i in range(60))
    (tmp_path / "x.txt").write_text(covar)
    with pytest.raises(StudyTableError, match=r"'MS', and no header.*use one of: VALUE1"):
        _fit(
            "--outcome", tmp_path / "pheno.txt", "--outcome-column", "MS", "-o", tmp_path / "a.tsv"
        )


def test_nothing_of_statsmodels_is_on_stderr(tmp_path: Path) -> None:
    """Separated data, in a process of its own: statsmodels sets filters as it is imported."""
    rows = "".join(f"p{i}\t{int(i < 20)}\t{i}\n" for i in range(40))
    (tmp_path / "sep.tsv").write_text(f"sample\tcase\tx\n{rows}")
    script = "from riskscore.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", script, "fit", "--outcome", "sep.tsv", "-t", "x"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert "firth" in run.stdout


def test_a_parquet_that_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.parquet"
    pd.DataFrame({"sample": ["a", "b"], "case": [0, 1]}).to_parquet(path)
    monkeypatch.setattr(people_table, "_MOST_CELLS", 4)
    assert len(read_people(path)[0]) == 2
    monkeypatch.setattr(people_table, "_MOST_CELLS", 3)
    with pytest.raises(InputError, match="4 cells, more than 3"):
        read_people(path)


def test_a_parquet_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pd.DataFrame({"sample": ["a", "b"], "case": [0, 1]}).to_parquet(path)
    data = path.read_bytes()
    for changed in (b"", b"PAR1", data[:-9], data[:20] + b"\xff" * 60 + data[80:]):
        path.write_bytes(changed)
        with pytest.raises(InputError):
            read_people(path)
