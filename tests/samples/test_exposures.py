"""Exposures as people write them: levels, doses with units, gaps, and what is refused."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import (
    ExposureError,
    ExposureLevelError,
    ExposureRangeError,
    ExposureTableError,
    InputError,
)
from riskscore.genetics.sex import Sex
from riskscore.samples.exposure_table import read_exposures
from riskscore.samples.exposure_words import unused_columns
from riskscore.samples.exposures import Exposures

MS, RA = rs.load_model("ms"), rs.load_model("ra")
UNKNOWN_CELLS = ["", "NA", "nan", "None", ".", "unknown", "n/a", "<NA>"]


def _table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "exposures.tsv"
    path.write_text(text.replace(" | ", "\t"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("column", "cell", "nmol"),
    [
        ("vitamin_d", "75", 75),
        ("vitamin_d", "75 nmol/L", 75),
        ("vitamin_d", "30 ng/mL", 30 * 2.496),
        ("vitamin_d", "30 NG/ML", 30 * 2.496),
        ("vitamin_d [ng/mL]", "30", 30 * 2.496),
        ("vitamin_d (ng/mL)", "30", 30 * 2.496),
        ("vitamin_d [ng/mL]", "75 nmol/L", 75),
        ("vitamin_d", "7.5e1", 75),
    ],
)
def test_doses_are_converted_by_the_unit_that_is_named(
    column: str, cell: str, nmol: float, tmp_path: Path
) -> None:
    """25(OH)D: 1 ng/mL is 2.496 nmol/L."""
    path = _table(tmp_path, f"sample | {column}\np1 | {cell}\n")
    doses = read_exposures(path, ["p1"], [MS]).doses(MS.exposure("vitamin_d"), 1)
    assert doses.tolist() == pytest.approx([nmol])


@pytest.mark.parametrize("cell", UNKNOWN_CELLS)
def test_unknown_is_not_zero(cell: str) -> None:
    given = Exposures({"vitamin_d": (cell,), "smoking": (cell,)})
    assert np.isnan(given.doses(MS.exposure("vitamin_d"), 1)).all()
    assert given.levels(MS.exposure("smoking"), 1).tolist() == [-1]


def test_levels_by_value_or_alias_in_any_case() -> None:
    cells = ("never", "NO", "0", "False", "ever", "Yes", "1", "TRUE")
    levels = Exposures({"smoking": cells}).levels(MS.exposure("smoking"), len(cells))
    assert levels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    steps = Exposures({"concussion": ("none", "1", "two or more", "2+")})
    assert steps.levels(MS.exposure("concussion"), 4).tolist() == [0, 1, 2, 2]


def test_two_models_may_read_one_column_differently() -> None:
    """A column is decoded for each exposure that reads it, not once for all."""
    given = Exposures({"smoking": ("ever", "never")})
    other = replace(MS.exposure("smoking"), levels=MS.exposure("smoking").levels[::-1])
    assert given.levels(MS.exposure("smoking"), 2).tolist() == [1, 0]
    assert given.levels(other, 2).tolist() == [0, 1]


def test_only_people_of_the_cohort_are_taken(tmp_path: Path) -> None:
    path = _table(tmp_path, "IID | sex | smoking\nother | 1 | ever\nb | 2 | ever\na | M | never\n")
    given = read_exposures(path, ["a", "b", "c"], [MS])
    assert given.levels(MS.exposure("smoking"), 3).tolist() == [0, 1, -1]
    assert given.sex == (Sex.MALE, Sex.FEMALE, None)


def test_a_frame_is_read_by_its_index() -> None:
    frame = pd.DataFrame({"smoking": ["ever", None], "bmi": [30.5, np.nan]}, index=["a", "b"])
    given = read_exposures(frame, ["b", "a"], [RA])
    assert given.levels(RA.exposure("smoking"), 2).tolist() == [-1, 1]
    assert given.doses(RA.exposure("bmi"), 2).tolist() == pytest.approx([np.nan, 30.5], nan_ok=True)


def test_columns_nobody_reads_are_kept_in_mind(tmp_path: Path) -> None:
    path = _table(tmp_path, "sample | smokin | sex\np1 | ever | female\n")
    assert read_exposures(path, ["p1"], [MS]).unused == ("smokin",)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("sample | smoking\np1 | sometimes\n", ExposureLevelError, "use one of: never, ever"),
        ("sample | vitamin_d\np1 | a lot\n", ExposureLevelError, "not a number"),
        ("sample | vitamin_d\np1 | 30 IU\n", ExposureLevelError, "use one of: nmol/L, ng/mL"),
        ("sample | vitamin_d\np1 | 900\n", ExposureRangeError, "outside 0 to 400"),
        ("sample | vitamin_d [ng/mL]\np1 | 200\n", ExposureRangeError, "check the value and its"),
        ("sample | vitamin_d\np1 | -5\n", ExposureRangeError, "outside 0 to 400"),
        ("sample | sex\np1 | robot\n", ExposureLevelError, "male, female or unknown"),
        ("who | smoking\np1 | ever\n", ExposureTableError, "no column names the samples"),
        ("sample | smoking\np1 | ever\np1 | never\n", ExposureTableError, "more than one row"),
        ("sample | smoking\np9 | ever\n", ExposureTableError, "none of the table's samples"),
        (
            "sample | vitamin_d | vitamin_d [ng/mL]\np1 | 50 | 20\n",
            ExposureTableError,
            "two columns",
        ),
    ],
)
def test_what_is_refused(text: str, error: type[Exception], says: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=says.replace("(", r"\(")) as caught:
        read_exposures(_table(tmp_path, text), ["p1"], [MS])
    assert "p1" not in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_tables_of_other_systems(tmp_path: Path, end: str, packed: bool) -> None:
    """A byte order mark, ends of lines of two systems, remarks, blank lines, gzip."""
    lines = ["\ufeff# made by hand", "sample,smoking", "", "p1,yes", "p2,no", ""]
    data = end.join(lines).encode()
    path = tmp_path / "exposures.csv.gz"
    path.write_bytes(gzip.compress(data) if packed else data)
    given = read_exposures(path, ["p2", "p1", "p3"], [RA], people=range(1, 3))
    assert given.columns == {"smoking": ("yes", "")}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"sample\tsmoking\np1\t\xff\n", "not UTF-8"),
        (gzip.compress(b"sample\tsmoking\np1\tyes\n", mtime=0)[:-9], "to its end"),
        (b"# nothing\n", "empty"),
        (b"sample\tsmoking\np1\tyes\np2\n", "1 columns where the header has 2 .*line 3"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "exposures.tsv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words):
        read_exposures(path, ["p1"], [RA])


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "sex of 0 and 1": ("sample | sex\np1 | 0\np2 | 1\n", "0 or 1 throughout"),
        "sex of 0.0 and 1.0": ("sample | sex\np1 | 0.0\np2 | 1.0\n", "0 or 1 throughout"),
        "a decimal comma": ("sample | vitamin_d\np1 | 55,5\n", "a decimal comma .*line 2"),
        "a spreadsheet's error": ("sample | vitamin_d\np2 | 5\np1 | #N/A\n", "'#N/A'.*line 3"),
        "a database's word": ("sample | smoking\np2 | ever\np1 | NULL\n", "'NULL'.*line 3"),
        "PLINK's code": ("sample | vitamin_d\np1 | -9\n", "-9 is no missing value here.*line 2"),
        "too many digits": (f"sample | vitamin_d\np1 | {'5' * 200}\n", "not a number"),
        "nobody's row": ("sample | smoking\n | ever\n", "a row names nobody .*line 2"),
        "one name twice": ("sample | smoking | smoking.1\np1 | ever | never\n", "one name twice"),
    }.values(),
)  # fmt: skip
def test_cells_that_are_refused_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ExposureError, match=says):
        read_exposures(_table(tmp_path, text), ["p1", "p2"], [MS])


def test_whole_numbers_with_a_point(tmp_path: Path) -> None:
    """What pandas makes of a column with a gap."""
    given = read_exposures(
        _table(tmp_path, "sample | sex | smoking\na | 1.0 | 1.0\nb | 2.0 | \nc |  | 0.0\n"),
        ["a", "b", "c"], [MS],
    )  # fmt: skip
    assert given.sex == (Sex.MALE, Sex.FEMALE, None)
    assert given.levels(MS.exposure("smoking"), 3).tolist() == [1, -1, 0]


def test_columns_of_sex(tmp_path: Path) -> None:
    path = _table(tmp_path, "IID | Gender | SMOKING\np1 | F | ever\n")
    with pytest.raises(ExposureTableError, match="no column 'sexe' gives sex"):
        read_exposures(path, ["p1"], [MS], "sexe")
    given = read_exposures(path, ["p1"], [MS], "gender")
    assert (given.sex, given.columns["smoking"], given.unused) == ((Sex.FEMALE,), ("ever",), ())
    assert read_exposures(path, ["p1"], [MS]).sex == ()
    people = _table(tmp_path, "sample | sex\np1 | 0\np2 | 1\np3 | 2\n")  # PLINK's, with unknown
    assert read_exposures(people, ["p1", "p2"], [MS]).sex == (None, Sex.MALE)


def test_whom_the_table_speaks_of(tmp_path: Path) -> None:
    """Three of four names have lost their zeros."""
    path = _table(tmp_path, "sample | smoking\n1 | ever\n2 | ever\n3 | never\n100 | never\n")
    told = read_exposures(path, ["001", "002", "003", "100"], [MS]).joined
    assert told is not None
    assert (told.people, told.samples, told.both) == (4, 4, 1)
    assert "zeros in front" in told.hint
    with pytest.raises(ExposureTableError, match="zeros in front"):
        read_exposures(path, ["001", "002"], [MS])


def test_a_quote_takes_no_rows_with_it(tmp_path: Path) -> None:
    path = _table(
        tmp_path, 'sample | smoking | note\na | ever | "x\nb | never | y\nc | ever | "z\n'
    )
    given = read_exposures(path, ["a", "b", "c"], [MS])
    assert given.levels(MS.exposure("smoking"), 3).tolist() == [1, 0, 1]


def test_many_columns_are_told_by_ten_names() -> None:
    [told] = unused_columns([f"f.{i}" for i in range(30_000)])
    assert told.endswith("f.9, and 29990 more")
