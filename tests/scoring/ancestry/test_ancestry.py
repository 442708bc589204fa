"""What an ancestry rests on, and how sure it is, by the rules that its words state."""

import numpy as np
import pytest

from riskscore.scoring.ancestry.ancestry import Ancestry
from riskscore.scoring.ancestry.projection import Projection
from riskscore.scoring.ancestry.shares import OUTSIDE, Placement
from riskscore.scoring.population.likeness import Likeness

NAN = float("nan")
# name, projected, shares, standard error, distance, loci of the models, their log likelihood,
# what the ancestry rests on, verdict
PEOPLE = [
    ("one", True, (0.9, 0.1), 0.05, 3.0, 9, (0.0, -5.0), "components", "sure"),
    ("edge", True, (0.2, 0.8), 0.1, OUTSIDE, 9, (0.0, -5.0), "components", "sure"),
    ("both", True, (0.5, 0.5), 0.05, 3.0, 9, (0.0, -5.0), "components", "mixed"),
    ("vague", True, (0.9, 0.1), 0.2, 3.0, 9, (0.0, -5.0), "components", "unsure"),
    ("far", True, (0.9, 0.1), 0.05, OUTSIDE + 1, 9, (0.0, -5.0), "components", "outside"),
    ("few", False, (NAN, NAN), NAN, NAN, 7, (0.0, -5.0), "likelihood", "sure"),
    ("fewer", False, (NAN, NAN), NAN, NAN, 1, (0.0, -1.0), "likelihood", "unsure"),
    ("none", False, (NAN, NAN), NAN, NAN, 0, (0.0, 0.0), "nothing", "unsure"),
]


def ancestry(*, likelihood: bool = True) -> Ancestry:
    names, done, shares, errors, distance, loci, logarithms, *_ = map(
        list, zip(*PEOPLE, strict=True)
    )
    count = len(PEOPLE)
    known = np.array(done)
    return Ancestry(
        tuple(names),
        np.where(known, 2000, 10) + np.arange(count),
        Projection(np.full((count, 2), 0.5), np.zeros((count, 2, 2)), known),
        Placement(
            ("EUR", "AFR"),
            np.array(shares),
            np.repeat(np.array(errors)[:, None], 2, axis=1),
            np.where(known[:, None], [0.7, 0.3], NAN),
            np.array(distance),
        ),
        Likeness(("EUR", "AFR"), np.array(logarithms), np.array(loci), (), ())
        if likelihood
        else None,
    )


def test_what_it_rests_on_and_how_sure_it_is() -> None:
    found = ancestry()
    assert found.methods.tolist() == [person[-2] for person in PEOPLE]
    assert found.verdicts.tolist() == [person[-1] for person in PEOPLE]
    assert repr(found) == "Ancestry of 8 people (5 by components, 2 by likelihood, 1 by nothing)"


def test_without_a_likelihood_who_is_not_projected_is_unknown() -> None:
    found = ancestry(likelihood=False)
    assert found.methods.tolist() == ["components"] * 5 + ["nothing"] * 3
    assert np.isnan(found.likeness[5:]).all()
    assert found.verdicts.tolist()[5:] == ["unsure"] * 3


def test_a_row_has_the_numbers_of_what_it_rests_on() -> None:
    rows = {row["sample"]: row for row in ancestry().rows()}
    one, few, none = rows["one"], rows["few"], rows["none"]
    assert (one["loci"], one["most_similar"], one["posterior"]) == (2000, "EUR", 0.7)
    assert (one["P_AFR"], one["share_EUR"], one["share_se"]) == (0.3, 0.9, 0.05)
    assert (one["PC1"], one["PC2"], one["distance"]) == (0.5, 0.5, 3.0)
    assert (few["loci"], few["most_similar"]) == (7, "EUR")
    assert few["posterior"] == pytest.approx(1 / (1 + np.exp(-5)))
    assert few["P_AFR"] == pytest.approx(1 / (1 + np.exp(5)))
    assert np.isnan(few["share_EUR"])
    assert (none["loci"], none["most_similar"]) == (17, "")
    assert np.isnan(none["posterior"])
    assert list(ancestry().to_frame()["sample"]) == list(rows)
