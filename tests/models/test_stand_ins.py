"""A population in which a model's frequencies are not known: those of another stand in, and say so.

The numbers expected are worked out from the table of weights, by Hardy-Weinberg proportions.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.files.inputs import reference_root
from riskscore.models.reference.panel import reference_panel
from riskscore.scoring.score import score_cohort
from riskscore.writing.card import card_words

MODELS = reference_root() / "models"
EVERYWHERE = {"AFR", "AMR", "EAS", "EUR", "SAS"}
PEOPLE = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"

Run = Callable[..., Any]


def rows_of(folder: Path) -> list[dict[str, str]]:
    lines = (folder / "weights.tsv").read_text().splitlines()
    return list(csv.DictReader((x for x in lines if x[0] != "#"), delimiter="\t"))


def changed(tmp_path: Path, frequencies: dict[str, dict[str, str]], stand_in: str = "EUR") -> Path:
    """The model hashimoto, of frequencies beside EUR with those alone that are given, by rsID."""
    folder = tmp_path / "hashimoto"
    shutil.copytree(MODELS / "hashimoto", folder)
    path = folder / "weights.tsv"
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    rows = rows_of(folder)
    for row in rows:
        given = dict.fromkeys(EVERYWHERE - {"EUR"}, "") | frequencies.get(row["rsID"], {})
        row |= {"allelefrequency_effect_" + name: text for name, text in given.items()}
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(columns), *("\t".join(r.get(c, "") for c in columns) for r in rows)]
    path.write_text("\n".join(head + lines) + "\n")
    text = (folder / "model.yaml").read_text()
    assert "stand_in_population: EUR\n" in text
    line = f"stand_in_population: {stand_in}\n" if stand_in else ""
    (folder / "model.yaml").write_text(text.replace("stand_in_population: EUR\n", line))
    return folder


@pytest.mark.parametrize("name", rs.list_models())
def test_every_shipped_model_takes_every_superpopulation(name: str) -> None:
    model = rs.load_model(name)
    assert set(model.reference_populations) == EVERYWHERE
    one = rs.person([model], hla={"DRB1": "15:01 04:01"}, population="EAS")
    scores = score_cohort(one, reference_panel())
    known = {row["rsID"] for row in rows_of(MODELS / name) if row.get("allelefrequency_effect_EAS")}
    known |= {marker.variant for marker in model.markers}  # of these the allele's is known
    lost = [v.name for v in model.frequencies if v.name not in known]
    assert sorted(v.name for v in model.stand_ins("EAS")) == sorted(lost)
    flag = f"frequencies_from={model.stand_in_population}({len(lost)}/{len(model.frequencies)})"
    assert (flag in scores.tables[0].flags[0]) == bool(lost)
    matches = scores.matches()
    noted = matches[matches["note"].str.contains("frequency of ")]["name"]
    assert sorted(noted) == sorted(lost)


def test_the_mean_is_of_own_frequencies_and_of_stand_ins(tmp_path: Path) -> None:
    rows = rows_of(MODELS / "hashimoto")
    own = {row["rsID"]: {"AFR": "0.9"} for row in rows[:5]}
    model = rs.load_model(changed(tmp_path, own))
    given = {row["rsID"]: 1.0 for row in rows}
    scores = score_cohort(
        rs.person([model], variants=given, sex="male", population="AFR"), reference_panel()
    )
    expected = sum(
        float(row["effect_weight"])
        * (1 - 2 * (0.9 if place < 5 else float(row["allelefrequency_effect_EUR"])))
        for place, row in enumerate(rows)
    )
    assert scores.tables[0].numbers["genetic_score"][0] == pytest.approx(expected, abs=1e-9)
    assert f"frequencies_from=EUR({len(rows) - 5}/{len(rows)})" in scores.tables[0].flags[0]


def test_in_a_mixture_each_population_has_its_own_or_the_stand_in(tmp_path: Path) -> None:
    rows = rows_of(MODELS / "hashimoto")
    first, second = rows[0], rows[1]
    model = rs.load_model(changed(tmp_path, {first["rsID"]: {"AFR": "0.9"}}))
    by_name = {variant.name: variant for variant in model.frequencies}
    mixture = "EUR=0.7,AFR=0.3"
    for row, other in ((first, 0.9), (second, float(second["allelefrequency_effect_EUR"]))):
        wanted = 0.7 * float(row["allelefrequency_effect_EUR"]) + 0.3 * other
        assert model.frequency_in(by_name[row["rsID"]], mixture) == pytest.approx(wanted)
    assert by_name[first["rsID"]] not in model.stand_ins(mixture)
    assert by_name[second["rsID"]] in model.stand_ins(mixture)


@pytest.mark.parametrize("model", ["t1d", "t1d-grs1", "ra", "ms", "sle"])
def test_a_mixture_of_one_population_is_that_population(model: str) -> None:
    alone, mixed = (rs.score(PEOPLE, model, population=name) for name in ("EUR", "EUR=1"))
    for column in ("log_odds", "probability", "percentile", "coverage"):
        one, other = (scores.tables[0].numbers[column] for scores in (alone, mixed))
        np.testing.assert_allclose(other, one, rtol=1e-9, err_msg=column)


def test_without_a_stand_in_every_frequency_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="has no frequency for A"):
        rs.load_model(changed(tmp_path, {}, stand_in=""))
    with pytest.raises(ModelFormatError, match="has no frequency for A"):
        rs.load_model(changed(tmp_path / "again", {}, stand_in="SAS"))


def test_check_score_and_card_say_how_many(riskscore: Run, tmp_path: Path) -> None:
    rows = [row for row in rows_of(MODELS / "ra") if row["rsID"].startswith("rs")]
    lost = sum(not row["allelefrequency_effect_SAS"] for row in rows)
    words = f"{lost} of {len(rows)} SNPs of ra take frequencies of EUR"
    for verb in ("score", "check"):
        done = riskscore(verb, PEOPLE, "-m", "ra", "--population", "SAS")
        assert done.returncode == 0
        assert words in " ".join(done.stderr.split()), verb
    done = riskscore("score", PEOPLE, "-m", "ra", "--population", "EUR")
    assert "take frequencies" not in done.stderr
    assert "frequencies_from" not in done.stdout
    card = "\n".join(card_words(rs.load_model("ra"), reference_panel()))
    assert f"AFR {lost}, AMR {lost}, EAS {lost}, SAS {lost}" in card


def test_percentiles_of_hla_are_of_the_population_asked_for() -> None:
    """DRB1*15:01 is rarer in Africa: with the same alleles one stands higher there."""
    model = rs.load_model("ra")
    found = []
    for population in ("EUR", "AFR"):
        one = rs.person([model], hla={"DRB1": "04:01 15:01"}, population=population)
        found.append(score_cohort(one, reference_panel()).tables[0].numbers["percentile"][0])
    assert np.isfinite(found).all()
    # DRB1*04:01 has 2% of chromosomes in AFR at most, and 9 to 11% in EUR.
    assert 100 - found[1] < (100 - found[0]) / 2
