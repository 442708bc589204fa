"""Every number of the model.yaml files against the published tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

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
    ("smoking", "ever"): ("Smoking", "ever vs never, behaviour before onset"),
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
    exposures = model("ms")["exposures"]
    recommended = [row for row in published("ms/ms_env") if row["recommended"] == "1"]
    table = {(row["factor"], row["exposure_level"]): row for row in recommended}
    assert set(MS.values()) == set(table)
    assert dict(effects(exposures)) == {
        key: numbers(table[name], "estimate") for key, name in MS.items()
    }
    assert [e["id"] for e in exposures if e.get("weighted") == "false"] == ["ebv"]
    source = {key[0]: table[name]["source"] for key, name in MS.items()}
    assert all(source[e["id"]].split(" (")[0] in e["source"] for e in exposures)


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
    ours = {entry["id"]: entry for entry in model("ms")["interactions"]}
    both = "DRB1*15 x no A*02"
    joint = ratio(both, "smoker, DRB1*15+, A*02-")
    unexposed = ratio(both, "non-smoker, both genetic risks")
    smoking = float(joint["odds_ratio"]) / (
        float(unexposed["odds_ratio"]) * main["smoking", "ever"]
    )
    (smoking_row,) = [
        row
        for row in published("ms/ms_env")
        if row["factor"] == "Smoking" and row["recommended"] == "1"
    ]
    smoking_error = math.hypot(width(joint), width(smoking_row))
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
