"""Family histories beside genotypes: what is read, what changes, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import (
    ExposureLevelError,
    ExposureRangeError,
    ExposureTableError,
    UsageError,
)
from riskscore.samples.family import KnownRelative, read_family
from riskscore.samples.frame import read_frame

HEADER = "sample\trelation\taffected\tage\n"


def _table(folder: Path, text: str) -> Path:
    path = folder / "family.tsv"
    path.write_text(HEADER + text)
    return path


def test_reading(tmp_path: Path) -> None:
    found = read_family(
        _table(tmp_path, "b\tMother\tyes\t\na\tsibling\t0\t33\nb\tfather\tno\t70\n")
    )
    assert found == {
        "a": (KnownRelative("sibling", False, 33.0),),
        "b": (KnownRelative("father", False, 70.0), KnownRelative("mother", True)),
    }


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("a\tuncle\tyes\t30\n", ExposureLevelError, "line 2.*|identical_twin"),
        ("a\tmother\tmaybe\t30\n", ExposureLevelError, "'maybe'"),
        ("a\tmother\tno\tNA\n", ExposureLevelError, "has no age"),
        ("a\tmother\tyes\told\n", ExposureLevelError, "'old'"),
        ("a\tmother\tyes\t300\n", ExposureRangeError, "'300'"),
    ],
)
def test_tables_that_cannot_be_read(
    tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        read_family(_table(tmp_path, text))


def test_a_table_without_ages(tmp_path: Path) -> None:
    path = tmp_path / "family.tsv"
    path.write_text("sample\trelation\taffected\na\tmother\tyes\n")
    with pytest.raises(ExposureTableError, match="'age'"):
        read_family(path)


PEOPLE = pd.DataFrame(
    {"DRB1": ["15:01+03:01"] * 4, "sex": ["female"] * 4}, index=["none", "ill", "well", "both"]
)


def test_relatives_move_the_risk_of_their_own(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        "ill\tmother\tyes\t35\nwell\tmother\tno\t80\nboth\tmother\tyes\t35\nboth\tsibling\tyes\t30\n"
        "nobody\tmother\tyes\t30\n",
    )
    cohort = read_frame(PEOPLE, [rs.load_model("ms")])
    plain = rs.score(cohort).of("ms").numbers
    table = rs.score(cohort, family=path).of("ms")
    risk = table.numbers["probability"]
    assert risk[0] == plain["probability"][0]
    assert risk[3] > risk[1] > plain["probability"][1]
    assert 0.9 * plain["probability"][2] < risk[2] < plain["probability"][2]
    np.testing.assert_array_equal(table.numbers["log_odds"], plain["log_odds"])
    np.testing.assert_allclose(table.numbers["risk_ratio"], risk / table.numbers["average_risk"])
    assert (table.numbers["probability_low"] < risk).all()
    assert (risk < table.numbers["probability_high"]).all()
    assert [flag.rpartition(";")[2] for flag in table.flags[1:]] == [
        "family=1", "family=1", "family=2",
    ]  # fmt: skip
    # Between ages too.
    later = rs.score(cohort, family=path, horizon=(35, 60)).of("ms").numbers["probability"]
    assert later[1] > later[0]


def test_a_model_without_heritability(tmp_path: Path) -> None:
    path = _table(tmp_path, "ill\tmother\tyes\t35\n")
    model = replace(rs.load_model("ms"), heritability=None)
    with pytest.raises(UsageError, match="names no heritability"):
        rs.score(read_frame(PEOPLE, [model]), family=path)
