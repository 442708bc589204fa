"""The explorer: what its page computes, against people scored in Python."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.samples.question import Question
from riskscore.scoring.population.build import build_reference
from riskscore.writing.explorer.equations import equations
from tests.writing.browser import Oracle, Page, with_script


def test_the_explorer_computes_what_scoring_computes(tmp_path: Path, oracle: Oracle) -> None:
    """A grid of choices through the page's own arithmetic, against people scored in Python."""
    model = rs.load_model("ms")
    grid = [
        {
            "sex": sex,
            "load": 0,
            "hla": {"A": a, "B": "07:02 44:02", "DRB1": drb1, "DQA1": dqa1, "DQB1": dqb1},
            "exposures": {"smoking": smoking, "vitamin_d": dose, "mononucleosis": "had"},
        }
        for sex, a, (drb1, dqa1, dqb1), smoking, dose in product(
            ("female", "male"),
            ("02:01 02:01", "01:01 03:01"),
            (
                ("15:01 15:01", "01:02 01:02", "06:02 06:02"),
                ("15:01 01:01", "01:02 01:01", "06:02 05:01"),
                ("04:01 11:01", "03:01 05:01", "03:02 03:01"),
            ),
            ("never", "ever"),
            (40.0, 75.0),
        )
    ]
    exported = equations(model, reference_panel())
    first = {e["id"]: e["levels"][0] if e["levels"] else e["mean"] for e in exported["exposures"]}
    choices = []
    for point in grid:
        genes = {
            gene: [
                exported["genes"][gene].index(f"{gene}*{name}")
                if f"{gene}*{name}" in exported["genes"][gene]
                else -1
                for name in pair.split()
            ]
            for gene, pair in point["hla"].items()
        }
        base = exported["baseline"][point["sex"]]
        stop = base["prevalence"].index(base["own"])
        exposures = first | point["exposures"]
        choices.append(
            {
                **point,
                "typed": True,
                "genes": genes,
                "haplotypes": [],
                "stop": stop,
                "exposures": exposures,
            }
        )
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.map((choice) => { "
        "const r = window.riskscore.compute(window.riskscore.equations, choice); "
        "return [r.logOdds, r.oddsRatio, r.risk, r.ledger.length]; })); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    html = Page(oracle("chromium"), page).html
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', html, re.DOTALL)[1])  # type: ignore[index]
    assert len(found) == len(grid) == 48
    reference = build_reference(model, reference_panel(), "EUR")
    snps = {v.name: 2 * model.frequencies[v]["EUR"] for v in model.variants}
    scores = rs.score(
        _people(
            model,
            snps,
            [(p["sex"], p["hla"], c["exposures"]) for p, c in zip(grid, choices, strict=True)],
        )
    )
    for number, (point, (log_odds, odds, risk, terms)) in enumerate(zip(grid, found, strict=True)):
        ledger = scores.explain(f"P{number}")
        # The load of single variants is the explorer's own; all other terms must be the same.
        same = ~ledger["term"].isin(snps)
        assert log_odds == pytest.approx(ledger.loc[same, "contribution"].sum(), abs=1e-9)
        assert odds == pytest.approx(math.exp(log_odds), rel=1e-12)
        alpha = reference.by_sex[Sex(point["sex"])].alpha
        assert alpha is not None
        assert risk == pytest.approx(1 / (1 + math.exp(-(alpha + log_odds))), abs=1e-9)
        assert terms > 25


def test_the_explorer_averages_over_what_is_unknown(tmp_path: Path, oracle: Oracle) -> None:
    """With exposures unknown, the page's risk is the one that scoring gives, to 1e-9."""
    model = rs.load_model("ms")
    exported = equations(model, reference_panel())
    hla = {"A": "02:01 01:01", "B": "07:02 44:02", "DRB1": "15:01 03:01", "DQA1": "01:02 05:01",
           "DQB1": "06:02 02:01"}  # fmt: skip
    genes = {
        gene: [
            exported["genes"][gene].index(name) if name in exported["genes"][gene] else -1
            for name in (f"{gene}*{allele}" for allele in pair.split())
        ]
        for gene, pair in hla.items()
    }
    snps = {v.name: round(2 * model.frequencies[v]["EUR"]) for v in model.variants}
    grid = [
        {"sex": sex, "given": given}
        for sex in ("female", "male")
        for given in (
            {},
            {"smoking": "ever"},
            {"smoking": "never", "vitamin_d": "40"},
            {"anti_ebna1": "elevated"},
            {"mononucleosis": "had", "anti_ebna1": "elevated"},
            {"mononucleosis": "had", "adolescent_obesity": "obese"},
        )
    ]
    expected, choices = [], []
    scores = rs.score(_people(model, snps, [(p["sex"], hla, p["given"]) for p in grid]))
    numbers = scores.of("ms").numbers
    for number, point in enumerate(grid):
        ledger = scores.explain(f"P{number}")
        load = ledger.loc[ledger["term"].isin(snps), "contribution"].sum()
        # the page shows the place among people of whom everything is known
        whole = scores.of("ms").reference.by_sex[Sex(point["sex"])].distribution
        log_odds, chance = (float(numbers[n][number]) for n in ("log_odds", "probability"))
        place = float(whole.percentile(np.array([log_odds]))[0])
        expected.append([log_odds, chance, place])
        base = exported["baseline"][point["sex"]]
        exposures = {
            e["id"]: (
                None
                if e["id"] not in point["given"]
                else point["given"][e["id"]]
                if e["levels"]
                else float(point["given"][e["id"]])
            )
            for e in exported["exposures"]
        }
        choices.append(
            {"sex": point["sex"], "stop": base["prevalence"].index(base["own"]), "genes": genes,
             "haplotypes": [], "typed": True, "exposures": exposures,
             "load": load / exported["load"]["sd"]}
        )  # fmt: skip
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.map((choice) => { "
        "const r = window.riskscore.compute(window.riskscore.equations, choice); "
        "return [r.logOdds, r.risk, r.percentile]; })); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    html = Page(oracle("chromium"), page).html
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', html, re.DOTALL)[1])  # type: ignore[index]
    assert len(found) == len(grid) == 12
    for (log_odds, risk, place), (truth, chance, percentile) in zip(found, expected, strict=True):
        assert log_odds == pytest.approx(truth, abs=1e-9)
        assert risk == pytest.approx(chance, abs=1e-9)
        assert place == pytest.approx(percentile, abs=0.5)


@pytest.mark.parametrize("name", ["ms", "t1d"])
def test_where_all_is_unknown_the_risk_is_the_average(
    name: str, tmp_path: Path, oracle: Oracle
) -> None:
    page = rs.write_explorer(rs.load_model(name), tmp_path / "explorer.html")
    script = (
        "const model = window.riskscore.equations; const base = model.baseline.male; "
        "const exposures = Object.fromEntries(model.exposures.map((one) => [one.id, null])); "
        "const r = window.riskscore.compute(model, { sex: 'male', load: null, exposures, "
        "typed: false, stop: base.prevalence.indexOf(base.own) }); "
        "const out = document.createElement('pre'); out.id = 'told'; "
        "out.textContent = JSON.stringify([r.risk, base.own]); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    html = Page(oracle("chromium"), page).html
    risk, average = json.loads(re.search(r'<pre id="told">(.*?)</pre>', html)[1])  # type: ignore[index]
    assert risk == pytest.approx(average, abs=1e-8)


def test_the_explorers_controls_move_the_numbers(tmp_path: Path, oracle: Oracle) -> None:
    page = rs.write_explorer(rs.load_model("t1d"), tmp_path / "explorer.html")
    chosen = []
    for names in (("", "", ""), ("typed", "other", "other"), ("typed", "DR3-DQ2.5", "DR4-DQ8.1")):
        script = "const boxes = document.querySelectorAll('#controls select'); " + "".join(
            f"boxes[{side}].value = {name!r}; boxes[{side}].dispatchEvent(new Event('change')); "
            for side, name in enumerate(names)
        )
        again = tmp_path / f"{len(chosen)}.html"
        again.write_bytes(page.read_bytes())
        with_script(again, f'<script type="module">{script}</script>')
        shown = Page(oracle("chromium"), again)
        assert shown.console == []
        assert 'data-ready="true"' in shown.html
        chosen.append(shown.html)
    odds = [
        float(re.search(r'<strong id="logodds">([^<]+)<', html)[1])  # type: ignore[index]
        for html in chosen
    ]
    assert odds.pop(0) == 0  # all is unknown
    assert '<strong id="logodds">0.000<' in chosen[0]  # and no -0.000
    assert '<span id="ratio">about the average</span>' in chosen[0]
    # From two unnamed haplotypes (weight 0) to the pair that weighs 3.632269419.
    assert odds[1] - odds[0] == pytest.approx(3.632269419, abs=2e-3)


def _people(
    model: rs.RiskModel,
    snps: dict[str, float],
    people: Sequence[tuple[str, dict[str, str], dict[str, Any]]],
) -> rs.Cohort:
    """P0, P1 and so on, who have these copies of the SNPs and a sex, HLA types, and exposures."""
    rows = [{"sex": sex, **hla, **given, **snps} for sex, hla, given in people]
    return read_frame(pd.DataFrame(rows, index=[f"P{n}" for n in range(len(rows))]), [model])


def _typed(exported: dict[str, Any], hla: dict[str, str]) -> dict[str, list[int]]:
    """The places of alleles in the page's lists; -1 for another allele."""
    return {
        gene: [
            names.index(name) if (name := f"{gene}*{allele}") in names else -1
            for allele in hla[gene].split()
        ]
        for gene, names in exported["genes"].items()
    }


@pytest.mark.parametrize("name", ["ms", "ra"])
def test_the_explorers_risks_by_age_are_those_of_scoring(
    name: str, tmp_path: Path, oracle: Oracle
) -> None:
    """A grid of sexes, ages, genotypes and exposures, known and unknown, to 1e-9."""
    model = rs.load_model(name)
    exported = equations(model, reference_panel())
    stops = exported["ages"]["stops"]
    types = [
        {"A": "02:01 01:01", "B": "07:02 44:02", "DRB1": "15:01 03:01", "DQA1": "01:02 05:01",
         "DQB1": "06:02 02:01", "DPB1": "04:01 01:01"},
        {"A": "02:01 02:01", "B": "08:01 44:02", "DRB1": "04:01 01:01", "DQA1": "03:01 01:01",
         "DQB1": "03:02 05:01", "DPB1": "03:01 01:01"},
    ]  # fmt: skip
    places = (0, 4, len(stops) - 2)
    asked = list(product(("female", "male"), [*types, {}], ({}, {"smoking": "ever"})))
    stand_ins = {str(f) for term in model.terms if term.fallback_for for f in term.factors}
    snps = {v.name: round(2 * model.frequencies[v]["EUR"]) for v in model.variants
            if v.name not in stand_ins}  # fmt: skip
    used = [{gene: hla[gene] for gene in exported["genes"] if hla} for _, hla, _ in asked]
    people = [(sex, own, given) for (sex, _, given), own in zip(asked, used, strict=True)]
    cohort = _people(model, snps, people)
    scores = rs.score(cohort)
    choices = []
    for number, (sex, own, given) in enumerate(people):
        ledger = scores.explain(f"P{number}")
        load = ledger.loc[ledger["term"].isin(snps), "contribution"].sum()
        base = exported["baseline"][sex]
        choices.append(
            {"sex": sex, "stop": base["prevalence"].index(base["own"]), "haplotypes": [],
             "typed": bool(own), "genes": _typed(exported, own) if own else {},
             "load": load / exported["load"]["sd"],
             "exposures": {e["id"]: given.get(e["id"]) for e in exported["exposures"]}}
        )  # fmt: skip
    spans = [(stops[place], end) for place in places for end in stops[place + 1 :: 5]]
    by_span = []
    for span in spans:
        question = Question.of(model, horizon=span)
        numbers = rs.score(replace(cohort, question=question)).of(name).numbers
        by_span.append(np.column_stack([numbers["probability"], numbers["average_risk"]]))
    # a row for each person and span, as the page gives them
    expected = np.stack(by_span, axis=1).reshape(-1, 2)
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.flatMap((choice) => "
        f"{list(places)}.flatMap((place) => window.riskscore.ageCurve("
        "window.riskscore.equations, choice, place).filter((_, i) => i % 5 === 0)"
        ".map((row) => [row.risk, row.average])))); document.body.append(out);"
    )
    low = (
        "const nodes = window.riskscore.equations.nodes; const sure = { real: nodes.map(() => 1), "
        "imaginary: nodes.map(() => 0) }; const below = document.createElement('pre'); "
        "const { alpha } = window.riskscore.equations.ages.by_sex.female; below.id = 'low'; "
        "below.textContent = JSON.stringify([-24, -30].map((x) => window.riskscore.ageCurve("
        "window.riskscore.equations, choices[0], 0, { logOdds: x - alpha, unknown: sure })"
        ".map((row) => row.risk))); document.body.append(below);"
    )
    with_script(page, f'<script type="module">{script} {low}</script>')
    shown = Page(oracle("chromium"), page)
    assert shown.console == []
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', shown.html, re.DOTALL)[1])  # type: ignore[index]
    # A risk of next to nothing goes with the odds.
    one, other = json.loads(re.search(r'<pre id="low">(.*?)</pre>', shown.html, re.DOTALL)[1])  # type: ignore[index]
    assert max(one) < 1e-7
    np.testing.assert_allclose(other, np.array(one) * math.exp(-6), rtol=1e-9)
    assert len(found) == len(expected) > 40
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert 'class="own"' in shown.html


def test_a_rare_risk_is_enlarged_and_one_that_is_not_there_is_said_to_be_missing(
    tmp_path: Path, oracle: Oracle
) -> None:
    model = replace(rs.load_model("t1d-hla"), rates=None)
    rare = replace(model, baseline=tuple(replace(r, value=0.0003) for r in model.baseline))
    html = {}
    for name, one in (("rare", rare), ("none", replace(model, baseline=()))):
        page = Page(oracle("chromium"), rs.write_explorer(one, tmp_path / f"{name}.html"))
        assert page.console == []
        html[name] = page.html
    assert "30 of 100 parts of one person in 1,000" in html["rare"]  # 0.3 of one
    assert 'aria-label="The average: 0.3 of 1,000"' in html["rare"]
    assert '<p class="headline" id="no-risk" hidden="">' in html["rare"]
    assert '<p class="headline" id="no-risk">' in html["none"]
    assert '<p class="headline" id="headline" aria-live="polite" hidden="">' in html["none"]
    assert "People like this:" not in html["none"]
    # what to begin with is offered where the model reads it: this one has HLA types alone
    offered = re.findall(r'<button type="button">([^<]+)<', html["rare"])
    assert offered == ["everything unknown (reset)", "HLA without a risk allele"]


def test_the_explorers_ledger_names_each_term_in_words_of_its_own() -> None:
    told = {}
    for name in ("ms", "ra", "t1d"):
        model = rs.load_model(name)
        terms = equations(model, reference_panel())["terms"]
        told[name] = [term["words"] for term in terms]
        assert len(set(told[name])) == len(told[name])
        assert not [words for words in told[name] if "_" in words or "=" in words]
    assert "Infectious mononucleosis: had, where High anti-EBNA-1 IgG is known" in told["ms"]
    assert "Mononucleosis in carriers of DRB1*15:01" in told["ms"]
    assert "HLA-DRB1*15:01, two copies" in told["ms"]
    assert "DRB1 residues 11-71-74 VKA" in told["ra"]
    assert "Mother's age at the birth, per 5 years" in told["t1d"]
