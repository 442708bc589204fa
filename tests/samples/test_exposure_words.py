"""Words of an exposures table that could mean a level or that nothing is known."""

import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import ExposureLevelError, UsageError
from riskscore.samples.exposure_words import unit_doubts, unused_columns
from riskscore.samples.exposures import Exposures
from riskscore.samples.frame import read_frame


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("none", "none"),
        ("None", "none"),
        ("0", "none"),
        ("", None),
        ("NA", None),
        ("unknown", None),
    ],
)
def test_a_level_called_none_is_a_level(cell: str, level: str | None) -> None:
    alcohol = rs.load_model("ra").exposure("alcohol")
    places = Exposures(columns={"alcohol": (cell,)}).levels(alcohol, 1)
    found = alcohol.levels[places[0]].value if places[0] >= 0 else None
    assert found == level


@pytest.mark.parametrize(
    ("model", "cell", "level"),
    [
        ("ms", "ex-smoker", "ever"),
        ("ms", "Former", "ever"),
        ("ms", "current", "ever"),
        ("ms", "non-smoker", "never"),
        ("ra", "current smoker", "ever"),
        ("ra-smoking-epitope", "past", "ever"),
        ("ms-smoking-hla", "smoker", "ever"),
        ("sle", "ex-smoker", "former"),
        ("sle", "smoker", "current"),
        ("hashimoto", "Never smoker", "never"),
        ("hashimoto", "current smoker", "current"),
    ],
)
def test_smoking_is_read_in_the_words_of_questionnaires(model: str, cell: str, level: str) -> None:
    smoking = rs.load_model(model).exposure("smoking")
    place = Exposures(columns={"smoking": (cell,)}).levels(smoking, 1)[0]
    assert smoking.levels[place].value == level


def test_one_table_serves_every_model() -> None:
    """A level of one model that another has not is unknown there, and told; no word is guessed."""
    people = pd.DataFrame(
        {"smoking": ["never", "ex-smoker", "ever", None], "alcohol": ["no", "low_moderate"] * 2,
         "stress_ptsd": ["none", "diagnosed", "no", None]}
    )  # fmt: skip
    models = [rs.load_model(name) for name in ("hashimoto", "ms", "ra", "sle")]
    cohort = read_frame(people, models)
    read = {
        (model.id, e.id): [e.levels[j].value if j >= 0 else "" for j in
                           cohort.exposures.levels(e, len(people))]
        for model in models for e in model.exposures if e.id in people
    }  # fmt: skip
    # Hashimoto's odds ratio is of current smokers against never.
    assert read["hashimoto", "smoking"] == ["never", "", "", ""]
    assert read["ms", "smoking"] == read["ra", "smoking"] == ["never", "ever", "ever", ""]
    assert read["sle", "smoking"] == ["never", "former", "", ""]
    assert read["ra", "alcohol"] == ["none", "low_moderate"] * 2
    assert read["hashimoto", "alcohol"] == ["0_units", ""] * 2
    assert read["ra", "stress_ptsd"] == ["", "", "no_trauma", ""]
    told = [warning for warning in cohort.warnings if "unknown there" in warning]
    assert told == [
        "smoking is 'ever' in 1 people, which is no level of hashimoto (never, current): unknown "
        "there",
        "smoking is 'ex-smoker' in 1 people, which is no level of hashimoto (never, current): "
        "unknown there",
        "alcohol is 'low_moderate' in 2 people, which is no level of hashimoto (1-10_units, "
        "0_units, 11-20_units, 21_units_or_more): unknown there",
        "stress_ptsd is 'diagnosed' in 1 people, which is no level of ra (no_trauma, "
        "four_or_more_symptoms): unknown there",
        "smoking is 'ever' in 1 people, which is no level of sle (never, former, current): unknown "
        "there",
    ]
    with pytest.raises(ExposureLevelError, match="use one of: never, current"):
        read_frame(people.assign(smoking="seldom"), models)


MS = (rs.load_model("ms"),)


@pytest.mark.parametrize(
    ("column", "used", "meant"),
    [
        ("smokin", (), "smoking"),
        ("vitamin-d", (), "vitamin_d"),
        ("SMOKNIG", (), "smoking"),
        ("smoking2", ("smoking",), ""),  # the column itself is there
        ("bmi", (), ""),
    ],
)
def test_a_column_that_is_nearly_an_exposure_is_named(
    column: str, used: tuple[str, ...], meant: str
) -> None:
    said = f"{column} (did you mean {meant}?)" if meant else column
    assert unused_columns([column], MS, used) == [f"columns of the exposures no model uses: {said}"]


@pytest.mark.parametrize(
    ("cells", "units", "doubted"),
    [
        (("24", "20", "30"), {}, True),  # usual in ng/mL: 24 are 60 nmol/L, the mean
        (("24", "20", "30"), {"vitamin_d": "ng/mL"}, False),
        (("24 nmol/L", "20 nmol/L", "30 nmol/L"), {}, False),
        (("60", "50", "75"), {}, False),
        (("24", "20"), {}, False),  # too few
        (("24", "", "NA", "20"), {}, False),
        (("140", "150", "130"), {}, False),  # high in either unit
    ],
)
def test_doses_that_look_like_another_unit_are_doubted(
    cells: tuple[str, ...], units: dict[str, str], doubted: bool
) -> None:
    said = unit_doubts(Exposures(columns={"vitamin_d": cells}, units=units), MS)
    assert bool(said) == doubted
    if doubted:
        assert "was read in nmol/L, and a median of 24 looks like ng/mL" in said[0]
        assert "'vitamin_d [ng/mL]'" in said[0]


def test_a_person_written_down_is_read_as_a_table_is() -> None:
    one = rs.person(MS, exposures={"Vitamin_D [ng/mL]": "24", "smoking": "ex-smoker"})
    assert one.exposures.doses(MS[0].exposure("vitamin_d"), 1)[0] == pytest.approx(24 * 2.496)
    with pytest.raises(UsageError, match="no model given here has the exposure smokin"):
        rs.person(MS, exposures={"smokin": "ever"})
