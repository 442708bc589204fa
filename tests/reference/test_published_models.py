"""Every number of the model.yaml files against the published tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]
Effect = tuple[float, float, float, str]

Z95 = 1.959963984540054

T1D = {
    ("caesarean", "caesarean"): ("Caesarean section", "childhood T1D"),
    ("birth_weight", "above_4000g"): ("high birth weight", "T1D"),
    ("maternal_age", ""): ("maternal age", "T1D"),
    ("childhood_obesity", "obese"): ("childhood obesity", "T1D"),
}
RA = {
    ("silica", "exposed"): ("silica", "occupational exposure", "seropositive RA"),
    ("bmi", ""): ("bmi", "per 5 kg/m2", "all RA", "continuous, women"),
    ("alcohol", "low_moderate"): ("alcohol", "low-moderate vs none"),
    ("breastfeeding", "1-12_months"): ("breastfeeding", "1-12 months"),
    ("breastfeeding", "over_12_months"): ("breastfeeding", ">12 months"),
    ("stress_ptsd", "four_or_more_symptoms"): (
        "stress_ptsd",
        ">=4 PTSD symptoms, adjusted for smoking",
    ),
}
MS = {
    ("ebv", "seropositive"): ("EBV infection", "seroconversion vs persistent seronegative"),
    ("mononucleosis", "had"): ("Infectious mononucleosis", "history vs none"),
    ("anti_ebna1", "elevated"): ("Anti-EBNA-1 IgG", "elevated vs not (direct effect)"),
    ("passive_smoking", "exposed"): ("Passive smoking", "never-smokers exposed vs not"),
    ("snus", "ever"): ("Oral tobacco (snus)", "ever vs never"),
    ("adolescent_obesity", "obese"): (
        "BMI adolescence/young adult",
        "obese, age 14-34 (measured)",
    ),
    ("vitamin_d", ""): ("25(OH)D", "per +50 nmol/L"),
    ("shift_work", "before_20"): ("Shift work", "before age 20 vs never"),
    ("organic_solvents", "exposed"): ("Organic solvents", "exposed vs not"),
    ("concussion", "1"): ("Concussion age 11-20", "1 vs 0"),
    ("concussion", "2+"): ("Concussion age 11-20", ">1 vs 0"),
    ("cmv", "seropositive"): ("CMV", "seropositive vs negative"),
}


def effects(exposures: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], Effect]]:
    """Each weighted level (or dose) of the exposures, with its odds ratio, interval and status."""
    for exposure in exposures:
        for level in exposure.get("levels", [{"value": ""} | exposure]):
            if "ci" in level:
                low, high = map(float, level["ci"])
                effect = (float(level["odds_ratio"]), low, high, exposure["status"])
                yield (exposure["id"], level["value"]), effect


def numbers(row: Row, estimate: str) -> Effect:
    low, high = float(row["ci_low"]), float(row["ci_high"])
    return float(row[estimate]), low, high, row["status"]


def test_t1d_exposures(model: Load, published: Read) -> None:
    ours = dict(effects(model("t1d")["exposures"]))
    table = {(r["factor"], r["outcome"]): r for r in published("t1d/environment_t1d")}
    assert ours == {key: numbers(table[name], "estimate") for key, name in T1D.items()}
    assert "interactions" not in model("t1d")


def test_ra_exposures(model: Load, published: Read) -> None:
    def matches(row: Row, name: tuple[str, ...]) -> bool:
        cells = (row["factor"], row["level_or_unit"], row["outcome_subset"], row["coding"])
        return cells[: len(name)] == name

    ours = dict(effects(model("ra")["exposures"]))
    table = [row for row in published("ra/ra_env") if row["recommended"].startswith("yes")]
    expected = {}
    for key, name in RA.items():
        (row,) = [row for row in table if matches(row, name)]
        expected[key] = numbers(row, "value")
    assert ours == expected


def test_ms_exposures_are_the_recommended_ones(model: Load, published: Read) -> None:
    """But smoking, which has a newer estimate; see the next test."""
    exposures = model("ms")["exposures"]
    recommended = [row for row in published("ms/ms_env") if row["recommended"] == "1"]
    table = {(row["factor"], row["exposure_level"]): row for row in recommended}
    smoking = ("Smoking", "ever vs never, behaviour before onset")
    assert set(MS.values()) == set(table) - {smoking}
    ours = dict(effects(exposures))
    del ours["smoking", "ever"]
    assert ours == {key: numbers(table[name], "estimate") for key, name in MS.items()}
    assert [e["id"] for e in exposures if e.get("weighted") == "false"] == ["ebv"]
    source = {key[0]: table[name]["source"] for key, name in MS.items()}
    told = {e["id"]: e["source"] for e in exposures}
    assert all(words.split(" (")[0] in told[name] for name, words in source.items())


def zhang(published: Read) -> Row:
    """The estimate that the corrections recommend for smoking and multiple sclerosis."""
    (row,) = [
        row
        for row in published("corrections")
        if row["item"] == "smoking, ever v. never" and row["recommendation"].startswith("use")
    ]
    return row


def test_ms_smoking_is_against_never_smokers_who_do_not_breathe_it(
    model: Load, published: Read
) -> None:
    """1.55 is against all never-smokers, of whom 40% are passive smokers with 1.3 here."""
    row, exposures = zhang(published), {e["id"]: e for e in model("ms")["exposures"]}
    passive = exposures["passive_smoking"]["levels"][1]
    share = float(passive["frequency"])
    average = 1 - share + share * float(passive["odds_ratio"])
    level = exposures["smoking"]["levels"][1]
    found = [level["odds_ratio"], *level["ci"]]
    expected = [float(row[name]) * average for name in ("new_value", "lower", "upper")]
    assert list(map(float, found)) == pytest.approx(expected, rel=1e-9)
    assert exposures["smoking"]["status"] == "derived"
    assert "PMID 27014514" in exposures["smoking"]["source"]
    assert "PMID 27014514" in row["source"]


def test_ms_mononucleosis_beside_anti_ebna1_is_the_part_not_through_it(
    model: Load, published: Read
) -> None:
    table = {
        (row["factor"], row["exposure_level"]): row
        for row in published("ms/ms_env")
        if row["status"] == "found"
    }
    direct = table["Infectious mononucleosis", "direct effect not through EBNA-1"]
    (total,) = [
        row
        for row in published("ms/ms_env")
        if row["factor"] == "Infectious mononucleosis" and row["recommended"] == "1"
        and row["exposure_level"] == "history vs none"
    ]  # fmt: skip
    (entry,) = [e for e in model("ms")["interactions"] if e.get("only_known")]
    assert (entry["only_known"], entry["parts"]) == (
        "anti_ebna1",
        [{"exposure": "mononucleosis", "level": "had"}],
    )
    ratio = float(direct["estimate"]) / float(total["estimate"])
    assert entry["odds_ratio"] == f"{ratio:.5g}"
    errors = [
        math.log(float(row["ci_high"]) / float(row["ci_low"])) / (2 * Z95)
        for row in (direct, total)
    ]
    error = math.sqrt(errors[0] ** 2 - errors[1] ** 2)
    limits = [f"{ratio * math.exp(sign * Z95 * error):.2f}" for sign in (-1, 1)]
    assert entry["ci"] == limits
    # Both together as the study has them on the additive scale: RERI 1.2 (0.3 to 2.0).
    ebna1 = float(table["Anti-EBNA-1 IgG", "elevated vs not (direct effect)"]["estimate"])
    mononucleosis = float(direct["estimate"])
    (joint,) = [r for r in published("ms/ms_gxe") if (r["exposure"], r["gene"]) == ("EBNA-1", "IM")]
    reri = mononucleosis * ebna1 - mononucleosis - ebna1 + 1
    assert float(joint["RERI_low"]) < reri < float(joint["RERI_high"])
    assert reri == pytest.approx(float(joint["RERI"]), abs=0.1)


def test_ra_smoking_by_shared_epitope(model: Load, published: Read) -> None:
    rows = [row for row in published("ra/ra_gxe") if row["outcome"] == "ACPA+"]
    counts = {
        (row["exposure"], row["se_copies"]): (float(row["n_cases"]), float(row["n_controls"]))
        for row in rows
        if row["n_cases"]
    }
    stratum = {
        row["se_copies"]: float(row["or_value"])
        for row in rows
        if row["exposure"].startswith("smoking OR within stratum")
    }
    ours = {entry["id"]: entry for entry in model("ra")["interactions"]}
    assert set(ours) == {"smoking_x_se0", "smoking_x_se1", "smoking_x_se2"}
    for copies in "012":
        (a, b), (c, d) = (counts[f"{smoker} smoker", copies] for smoker in ("ever", "never"))
        ratio, error = (a * d) / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        entry = ours[f"smoking_x_se{copies}"]
        assert float(entry["odds_ratio"]) == stratum[copies] == round(ratio, 2)
        limits = [round(ratio * math.exp(sign * Z95 * error), 2) for sign in (-1, 1)]
        assert [float(limit) for limit in entry["ci"]] == limits
        assert entry["parts"][1] == {"group": "shared_epitope", "copies": copies}
        assert entry["status"] == "derived"


def test_ra_smoking_frequency_is_that_of_the_controls(model: Load, published: Read) -> None:
    controls = {
        kind: sum(
            float(row["n_controls"])
            for row in published("ra/ra_gxe")
            if row["outcome"] == "ACPA+" and row["exposure"] == kind and row["n_controls"]
        )
        for kind in ("ever smoker", "never smoker")
    }
    (smoking,) = [e for e in model("ra")["exposures"] if e["id"] == "smoking"]
    share = controls["ever smoker"] / sum(controls.values())
    assert [float(level["frequency"]) for level in smoking["levels"]] == [
        round(1 - share, 4),
        round(share, 4),
    ]
    assert float(smoking["levels"][1]["odds_ratio"]) == 1
    assert smoking["status"] == smoking["frequency_status"] == "derived"


def test_shared_epitope_alleles(model: Load, published: Read) -> None:
    (group,) = model("ra")["groups"]
    assert (group["gene"], group["status"]) == ("DRB1", "found")
    assert group["alleles"] == [
        row["allele"]
        for row in published("hla/drb1_aminoacids")
        if row["shared_epitope_classic"] == "yes"
    ]


def test_ms_interactions(model: Load, published: Read) -> None:
    def ratio(gene: str, stratum: str) -> Row:
        (row,) = [
            row
            for row in published("ms/ms_gxe")
            if (row["gene"], row["stratum"]) == (gene, stratum) and row["status"] == "found"
        ]
        return row

    def width(row: Row) -> float:
        return math.log(float(row["ci_high"]) / float(row["ci_low"])) / (2 * Z95)

    main = {key: effect[0] for key, effect in effects(model("ms")["exposures"])}
    ours = {e["id"]: e for e in model("ms")["interactions"] if not e.get("only_known")}
    both = "DRB1*15 x no A*02"
    joint = ratio(both, "smoker, DRB1*15+, A*02-")
    unexposed = ratio(both, "non-smoker, both genetic risks")
    meta = zhang(published)
    smoking = float(joint["odds_ratio"]) / (
        float(unexposed["odds_ratio"]) * float(meta["new_value"])
    )
    meta_error = math.log(float(meta["upper"]) / float(meta["lower"])) / (2 * Z95)
    smoking_error = math.hypot(width(joint), meta_error)
    interaction = ratio("DRB1*15", "multiplicative interaction")
    mononucleosis = float(ratio("DRB1*15", "both vs neither")["odds_ratio"]) / (
        main["mononucleosis", "had"]
        * float(ratio("DRB1*15", "DRB1*15 effect, IM-naive")["odds_ratio"])
    )
    expected = {
        "smoking_x_drb1_1501_x_no_a_0201": (smoking, smoking_error),
        "mononucleosis_x_drb1_1501": (mononucleosis, width(interaction)),
    }
    assert set(ours) == set(expected)
    for name, (value, error) in expected.items():
        entry = ours[name]
        assert entry["odds_ratio"] == f"{value:.5g}"
        limits = [f"{value * math.exp(sign * Z95 * error):.2f}" for sign in (-1, 1)]
        assert entry["ci"] == limits
        assert entry["status"] == "derived"
