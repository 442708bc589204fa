"""Every number of a model, as its files have it, in the table that says where it comes from."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.writing.card import card_words

MODELS = Path(__file__).parents[2] / "reference" / "models"
Run = Callable[..., CompletedProcess[str]]


def table(path: Path) -> list[dict[str, str]]:
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def numbers_of_tables(folder: Path) -> Iterator[tuple[str, float]]:
    """Weights, frequencies, standard errors, positions and ranks, each with its source."""
    columns = ("effect_weight", "standard_error", "chr_position", "position_grch37")
    columns += tuple(f"dosage_{copies}_weight" for copies in range(3))
    for row in table(folder / "weights.tsv"):
        for column, cell in row.items():
            if cell and (column in columns or column.startswith("allelefrequency")):
                yield row["source"], float(cell)
    if (folder / "haplotypes.tsv").exists():
        for row in table(folder / "haplotypes.tsv"):
            for column in ("rank", "position_grch38", "position_grch37"):
                if row[column]:  # a class of typed alleles alone has no tag
                    yield row["source"], float(row[column])


def numbers_of_yaml(folder: Path) -> Iterator[tuple[str, float]]:
    """Exposures' effects and frequencies, baselines and performance, each with its source."""
    content: dict[str, Any] = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
    for risk in content.get("baseline", {}).get("prevalence", []):
        yield risk["source"], float(risk["value"])
    for exposure in content.get("exposures", []):
        for level in exposure.get("levels", []):
            yield exposure["frequency_source"], float(level["frequency"])
        for key in ("mean", "sd"):
            if key in exposure:
                yield exposure["frequency_source"], float(exposure[key])


@pytest.mark.parametrize("name", rs.list_models())
def test_every_number_is_traceable(name: str, riskscore: Run) -> None:
    done = riskscore("models", "show", name, "--sources")
    assert done.returncode == 0, done.stderr
    shown = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    told: dict[str, set[float]] = {}
    for row in shown:
        assert row["source"], row
        assert row["status"] in {"found", "derived", "recalled", ""}
        for cell in (row["value"], row["standard_error"]):
            try:
                told.setdefault(row["source"], set()).add(round(float(cell), 12))
            except ValueError:
                assert row["kind"] == "performance" or not cell
    wanted = [*numbers_of_tables(MODELS / name), *numbers_of_yaml(MODELS / name)]
    assert len(wanted) >= 7  # the smallest: two risks, two shares, three weights
    wanted = [(source, round(value, 12)) for source, value in wanted]  # as tables are written
    lost = [(source, value) for source, value in wanted if value not in told.get(source, set())]
    assert lost == []


def test_odds_ratios_of_exposures_are_shown_as_weights(riskscore: Run) -> None:
    done = riskscore("models", "show", "sle", "--sources")
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    (smoking,) = [r for r in rows if r["name"] == "smoking=current"]
    assert float(smoking["value"]) == pytest.approx(0.4054651081)
    assert smoking["source"].startswith("Costenbader 2004")


def test_the_card_answers_the_reporting_items() -> None:
    for name in rs.list_models():
        model = rs.load_model(name)
        card = "\n".join(card_words(model, reference_panel()))
        population = model.reference_populations[0]
        for item in ("Intended use:", "Not for:", "Limits:", "Predicted outcome:", "Study design:",
                     "Participants:", "Genetic data:", "Non-genetic variables:", "Missing data:",
                     "Construction:", "Type of model:", "Calibration:", "Subgroups and fairness:",
                     "Generalisability:", "Performance, as published:", "Citations:",
                     f"Expected variance of the score in {population}, by component:",
                     "Illustrative, not diagnostic"):  # fmt: skip
            assert item in card, (name, item)
        assert "Study design: not stated" not in card, name
        assert "Construction: not stated" not in card, name


def test_the_expected_variance_is_that_of_the_frequencies(riskscore: Run) -> None:
    """Of additive SNPs in Hardy-Weinberg proportions: the sum of 2 f (1 - f) w^2."""
    done = riskscore("models", "show", "hashimoto", "--weights")
    shown = {r["term"]: r for r in csv.DictReader(io.StringIO(done.stdout), delimiter="\t")}
    parts = {}
    for row in table(MODELS / "hashimoto" / "weights.tsv"):
        f, w = float(row["allelefrequency_effect_EUR"]), float(row["effect_weight"])
        parts[row["rsID"]] = 2 * f * (1 - f) * w * w
    first = next(iter(parts))
    for name, part in parts.items():
        share = float(shown[name]["variance_share"]) / float(shown[first]["variance_share"])
        assert share == pytest.approx(part / parts[first], rel=1e-9)
    assert sum(float(row["variance_share"]) for row in shown.values()) == pytest.approx(1)


def test_a_row_by_dosage_is_shown_as_two_copies_against_none(riskscore: Run) -> None:
    done = riskscore("models", "show", "ra-smoking-epitope", "--weights")
    first = next(iter(csv.DictReader(io.StringIO(done.stdout), delimiter="\t")))
    never = (62 * 154) / (43 * 38)  # Kallberg 2011: cases and controls with two copies and none
    assert float(first["odds_ratio"]) == pytest.approx(never, rel=1e-6)


def test_a_scoring_file_has_a_card_too(riskscore: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "#pgs_id=PGS999005\n#genome_build=GRCh38\n#weight_type=beta\n"
        "rsID\tchr_name\tchr_position\teffect_allele\teffect_weight\nrs1\t1\t5\tA\t0.5\n"
    )
    card = riskscore("models", "show", path).stdout
    assert "Baseline: none, so the score has no probability" in card
    assert "Expected variance: not known, since the model brings no frequencies" in card
    assert "1 row(s) name no other allele: matched by the effect allele alone" in card
