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
from riskscore.models.folders.folder import read_folder
from riskscore.models.reference.panel import reference_panel
from riskscore.models.sources import SOURCE_COLUMNS, source_rows
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


LOG_OR, SURVEY = "log odds ratio", ("recalled", "Survey")
ONE, TWO, SEVEN = ("found", "Paper_1"), ("derived", "Paper_2"), ("derived", "Paper_7")
FOUND = ("found", "Paper 1")


def test_one_row_a_number_and_none_besides(made_folder: Callable[..., Path]) -> None:
    """Of a folder with one thing of each kind, written out by hand from its files."""
    model = read_folder(made_folder())
    weights = {t.id: (t.weight, t.standard_error) for t in model.terms}
    expected = [
        ("genetic weight", "rs1", LOG_OR, 0.25, 0.125, *ONE),
        ("position", "rs1", "position on chromosome 1, GRCh38", 100, None, *ONE),
        ("position", "rs1", "position on chromosome 1, GRCh37", 90, None, *ONE),
        ("frequency", "rs1", "frequency of A in EUR", 0.5, None, *ONE),
        ("frequency", "rs1", "frequency of A in AFR", 0.125, None, *ONE),
        ("genetic weight", "rs2 (by dosage)", LOG_OR, 1, None, *TWO),
        ("position", "rs2", "position on chromosome 6, GRCh38", 200, None, *TWO),
        ("position", "rs2", "position on chromosome 6, GRCh37", 190, None, *TWO),
        ("frequency", "rs2 (by dosage)", "frequency of C in EUR", 0.25, None, *TWO),
        ("weight by dosage", "rs2 (by dosage)", "0 copies", 0, None, *TWO),
        ("weight by dosage", "rs2 (by dosage)", "1 copies", -0.5, None, *TWO),
        ("weight by dosage", "rs2 (by dosage)", "2 copies", 0.75, None, *TWO),
        ("genetic weight", "HLA-B*27:05", LOG_OR, 1.5, None, "recalled", "Paper_2"),
        ("genetic weight", "DR3", LOG_OR, 1, None, *ONE),
        ("genetic weight", "DR4", LOG_OR, 2, None, *ONE),
        ("genetic weight", "DR3+DR4", LOG_OR, 4, None, *ONE),
        ("exposure weight", "smoking=past", LOG_OR, *weights["smoking=past"], *FOUND),
        ("exposure weight", "packs", LOG_OR, weights["packs"][0], None, "derived", "Paper 2"),
        ("interaction weight", "both", LOG_OR, *weights["both"], *FOUND),
        ("exposure weight", "only", LOG_OR, weights["only"][0], None, *FOUND),
        # A haplotype's own source, or that of its row of weights; its frequency is of that row.
        ("haplotype", "DR4", "rank", 1, None, *ONE),
        ("haplotype", "DR4", "frequency in AFR", 0.1, None, *ONE),
        ("haplotype", "DR3", "rank", 2, None, *SEVEN),
        ("haplotype", "DR3", "frequency in EUR", 0.2, None, *ONE),
        ("haplotype", "DR3", "position of rs7, GRCh38", 700, None, *SEVEN),
        ("haplotype", "DR3", "position of rs7, GRCh37", 690, None, *SEVEN),
        ("exposure frequency", "smoking", "never", 0.5, None, *SURVEY),
        ("exposure frequency", "smoking", "past", 0.25, None, *SURVEY),
        ("exposure frequency", "smoking", "now", 0.25, None, *SURVEY),
        ("exposure frequency", "packs", "mean, packs", 1, None, *SURVEY),
        ("exposure frequency", "packs", "sd, packs", 0.5, None, *SURVEY),
        ("exposure range", "packs", "least plausible, packs", 0, None, "", "of this model"),
        ("exposure range", "packs", "most plausible, packs", 5, None, "", "of this model"),
        ("exposure step", "packs", "packs a step of the weight", 2, None, "derived", "Paper 2"),
        ("unit", "packs", "packs in a cigarettes", 0.05, None, *SURVEY),
        ("exposure frequency", "births", "no", 0.75, None, *SURVEY),
        ("exposure frequency", "births", "yes", 0.25, None, *SURVEY),
        ("baseline", "baseline, female", "lifetime", 0.02, None, *FOUND),
        ("baseline", "baseline, female", "lifetime, 95% low", 0.01, None, *FOUND),
        ("baseline", "baseline, female", "lifetime, 95% high", 0.03, None, *FOUND),
        ("baseline", "baseline, male", "by age 20, AFR", 0.01, None, "recalled", "Paper 4"),
        ("performance", "AUC", "as published", "0.7", None, "found", "Paper 6"),
    ]
    assert source_rows(model) == [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in expected]


def test_a_place_that_is_not_known_is_no_row(scoring_file: Callable[..., Path]) -> None:
    columns = "rsID chr_name position_grch37 effect_allele other_allele effect_weight"
    rows = source_rows(rs.load_model(scoring_file(columns, ["rs1 1 90 A G 0.5"]), force=True))
    assert [(r["kind"], r["value"]) for r in rows] == [("genetic weight", 0.5), ("position", 90)]


def test_plain_variants_are_one_row(scoring_file: Callable[..., Path]) -> None:
    columns = "rsID chr_name chr_position effect_allele other_allele effect_weight"
    lines = [f"rs{i} 1 {i} A G -0.5" for i in range(1, 2101)]
    [row] = source_rows(rs.load_model(scoring_file(columns, lines), force=True))
    expected = ("genetic weights", "2100 plain variants", "log odds ratios", None, None, "found",
                "PGS999001")  # fmt: skip
    assert tuple(row.values()) == expected
