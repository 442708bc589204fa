"""What scores show of themselves: a few models and people of many, and tables a block at a time."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import UsageError
from riskscore.samples.frame import read_frame
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.columns import COLUMNS

SAMPLES = ("a", "b", "c", "d", "e", "f", "g")


@pytest.fixture(scope="module")
def scores() -> Scores:
    """Seven people, of one of whom nothing is known."""
    frame = pd.DataFrame({"rs10801908": [0, 1, 2, 0, 1, 2, None]}, index=list(SAMPLES))
    return rs.score(read_frame(frame, [rs.load_model("ms")]))


def test_the_first_models_are_named_and_the_others_counted(scores: Scores) -> None:
    (table,) = scores.tables
    coverage = table.numbers["coverage"][:6].mean()
    line = f"  ms {table.model.version}: 6 scored, mean coverage {coverage:.0%}"
    head = "Scores of 7 people (GRCh38, reference population EUR)"
    assert repr(scores).splitlines() == [head, line]
    for count, more in ((20, []), (22, ["  and 2 models more"])):
        several = replace(scores, tables=(table,) * count)
        assert repr(several).splitlines() == [head, *[line] * 20, *more]
    nobody = replace(
        table, numbers=table.numbers | {"coverage": table.numbers["coverage"] * float("nan")}
    )
    assert repr(replace(scores, tables=(nobody,))).endswith("mean coverage none")


def test_a_notebook_shows_the_first_five_people_of_twenty_models(scores: Scores) -> None:
    for count in (1, 22):
        written = replace(scores, tables=scores.tables * count)._repr_html_()
        told = re.findall(r"<td>([a-g])</td>", written)
        assert told == list(SAMPLES[:5]) * min(count, 20)
        assert 'border="1"' not in written
        assert "<th>0</th>" not in written  # no index


def test_a_table_in_blocks_is_the_whole(scores: Scores, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores.to_frame()
    monkeypatch.setattr("riskscore.scoring.score.CHUNK", 3)
    blocks = list(scores.blocks())
    assert [list(block["sample"]) for block in blocks] == [
        list(SAMPLES[:3]), list(SAMPLES[3:6]), list(SAMPLES[6:]),
    ]  # fmt: skip
    assert list(blocks[0]) == list(scores.columns)
    pd.testing.assert_frame_equal(scores.to_frame(), whole)
    assert list(whole["flags"]) == list(scores.of("ms").flags)
    assert list(whole["log_odds"][:6]) == scores.of("ms").numbers["log_odds"][:6].tolist()


def test_one_of_several_models_is_named(scores: Scores) -> None:
    assert len(scores.explain("a")) == len(scores.tables[0].model.terms)
    several = replace(scores, tables=scores.tables * 2)
    with pytest.raises(UsageError, match="say which one"):
        several.explain("a")
    assert len(several.explain("a", "ms")) == len(scores.explain("a"))
    with pytest.raises(UsageError, match="'sle' was not scored"):
        scores.of("sle")
    assert scores.beside("ms") is None


def test_columns_are_those_of_the_question(scores: Scores) -> None:
    """Z by ancestry has a column where that is asked, though no SNP tells it; else not."""
    question = scores.cohort.question
    for asked, population in ((True, question.population), (False, "EUR")):
        cohort = replace(scores.cohort, question=replace(question, population=population))
        assert (cohort.question.by_ancestry, cohort.projection) == (asked, None)
        more = ("z_adjusted",) if asked else ()
        found = replace(scores, cohort=cohort).columns
        assert found == (*COLUMNS[:-1], *more, COLUMNS[-1])
