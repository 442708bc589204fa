"""The average of plain variants' coded copies, by the frequencies there are."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.missing import Missing
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.scoring_files.rows import OWN_FREQUENCY
from riskscore.models.terms import VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.samples.genome_wide.plain_sums import PlainSums
from riskscore.scoring.scores.genome_wide import Basis, plain_flags, plain_reference, with_plain

NAN = float("nan")
COPIES = {"additive": (0, 1, 2), "dominant": (0, 1, 1), "recessive": (0, 0, 1)}


def variants(coding: list[str], **frequency: list[float]) -> PlainVariants:
    count = len(coding)
    words, places = np.full(count, "x"), np.arange(1, count + 1)
    return PlainVariants(
        words, words, places, places, words, words, np.ones(count),
        np.array([PLAIN_CODINGS.index(name) for name in coding], dtype=np.uint8),
        {name: np.array(values) for name, values in frequency.items()}, places, "",
    )  # fmt: skip


def sums(
    frequency: list[float], missing: list[int] | None = None, palindromes: int = 0
) -> PlainSums:
    count, people = len(frequency), 3
    nothing = np.zeros(count)
    return PlainSums(
        np.zeros(people), np.zeros(people), np.zeros(people, dtype=np.int64),
        np.array(missing or [0] * count, dtype=np.uint8), np.zeros(count, dtype=np.uint8),
        np.array(frequency), nothing, nothing, nothing, people, palindromes,
    )  # fmt: skip


@pytest.mark.parametrize("coding", PLAIN_CODINGS)
def test_moments_in_hardy_weinberg_proportions(coding: str) -> None:
    f = 0.3
    shares = [(1 - f) * (1 - f), 2 * f * (1 - f), f * f]
    mean = sum(p * x for p, x in zip(shares, COPIES[coding], strict=True))
    square = sum(p * x * x for p, x in zip(shares, COPIES[coding], strict=True))
    found = plain_reference(variants([coding], EUR=[f]), sums([NAN]), "EUR")
    np.testing.assert_allclose(found.mean, [mean])
    np.testing.assert_allclose(found.variance, [square - mean**2])
    assert found.basis is Basis.POPULATION


def test_a_variant_has_the_first_frequency_that_is_known() -> None:
    plain = variants(
        ["additive"] * 4, EUR=[0.1, NAN, NAN, NAN], **{OWN_FREQUENCY: [0.9, 0.2, NAN, NAN]}
    )
    found = plain_reference(plain, sums([0.8, 0.8, 0.3, NAN], [0, 0, 0, Missing.ABSENT]), "EUR")
    np.testing.assert_allclose(found.mean, [0.2, 0.4, 0.6, 1.0])
    np.testing.assert_allclose(found.variance[3], 0.5)  # as of a frequency of 0.5


@pytest.mark.parametrize(
    ("own", "cohort", "missing", "basis"),
    [
        ([NAN, 0.2], [NAN, NAN], [0, 0], Basis.FILE),
        ([NAN, 0.2], [NAN, NAN], [0, Missing.ABSENT], Basis.POPULATION),  # not in the sum
        ([NAN, NAN], [NAN, 0.2], [0, 0], Basis.COHORT),
        ([NAN, NAN], [NAN, NAN], [0, 0], Basis.NOTHING),
        ([NAN, NAN], [NAN, NAN], [0, Missing.ABSENT], Basis.POPULATION),
        ([0.2, 0.2], [0.2, 0.2], [0, Missing.ABSENT], Basis.POPULATION),
    ],
)
def test_whose_average_it_is(
    own: list[float], cohort: list[float], missing: list[int], basis: Basis
) -> None:
    plain = variants(["additive"] * 2, EUR=[0.1, NAN], **{OWN_FREQUENCY: own})
    assert plain_reference(plain, sums(cohort, missing), "EUR").basis is basis


def test_flags_count_what_was_lost() -> None:
    plain = variants(["additive"] * 3, EUR=[0.1, 0.1, 0.1])
    lost = sums([NAN] * 3, [0, Missing.ABSENT, Missing.ABSENT], palindromes=2)
    told = plain_flags(lost, plain_reference(plain, lost, "EUR"))
    assert told == ["absent=genome_wide(2)", "palindromes=as_written(2)"]
    bare = plain_flags(sums([NAN] * 3), plain_reference(variants(["additive"] * 3), lost, "EUR"))
    assert bare == ["not_centred"]


def test_plain_variants_beside_terms() -> None:
    """Four people: both read, no plain variant, no term, and nothing at all."""
    ms = rs.load_model("ms")
    single = [t for t in ms.terms if type(t.factors[0]) is VariantFactor][:2]
    model = replace(ms, terms=tuple(single))
    frame = pd.DataFrame({str(t.factors[0]): [1.0, 2.0, NAN, NAN] for t in single})
    table = rs.score(read_frame(frame, [model])).of("ms")
    frequencies, weights = [0.1, 0.2, 0.3], [0.5, -0.2, 0.3]
    plain = replace(variants(["additive"] * 3, EUR=frequencies), weight=np.array(weights))
    spread = [w * w * 2 * f * (1 - f) for w, f in zip(weights, frequencies, strict=True)]
    total = [0.7, 0.02, 0.1, 0.02]
    uncalled, no_calls = [0, 2, 1, 2], [0.0, spread[0] + spread[1], spread[0], sum(spread[:2])]
    seen = replace(
        sums([NAN] * 3, [0, 0, Missing.ABSENT]),
        total=np.array(total), no_calls=np.array(no_calls), uncalled=np.array(uncalled), people=4,
    )  # fmt: skip
    found = with_plain(table, plain, seen, "EUR")
    centre = 0.5 * 2 * 0.1 - 0.2 * 2 * 0.2  # of the two that the file has
    others = 0.0
    for term in single:
        f = ms.frequencies[term.factors[0].variant]["EUR"]
        others += term.weight**2 * 2 * f * (1 - f)
    for i in range(3):
        rest = 0.0 if i == 2 else float(table.numbers["log_odds"][i])
        score = rest + (0.0 if i == 1 else total[i] - centre)
        coverage = max(0.0, spread[0] + spread[1] - no_calls[i]) + (0.0 if i == 2 else others)
        assert found.numbers["log_odds"][i] == pytest.approx(score)
        assert found.numbers["genetic_score"][i] == pytest.approx(score)
        assert found.numbers["odds_ratio"][i] == pytest.approx(math.exp(score))
        assert found.numbers["exposure_score"][i] == 0
        assert found.numbers["coverage"][i] == pytest.approx(coverage / (sum(spread) + others))
        assert math.isnan(found.numbers["percentile"][i])
        assert math.isnan(found.numbers["probability"][i])
    assert all(math.isnan(values[3]) for values in found.numbers.values())
    assert found.unscored == 1
    share = (spread[0] + spread[1]) / sum(spread)
    assert found.component_coverage["genome_wide"].tolist() == pytest.approx(
        [share, 0.0, spread[1] / sum(spread), 0.0]
    )
    gaps = [f"no_call={','.join(str(t.factors[0]) for t in single)}"] * 2
    assert list(found.flags) == [
        "absent=genome_wide(1)",
        "no_call=genome_wide(2);absent=genome_wide(1)",
        f"{gaps[0]};no_call=genome_wide(1);absent=genome_wide(1)",
        f"not_scored;{gaps[1]};no_call=genome_wide(2);absent=genome_wide(1)",
    ]


@pytest.mark.parametrize("centred", [True, False])
def test_sums_on_the_scale_of_the_paper(*, centred: bool) -> None:
    """Beside a term of which both people are read, and alone: 0.7 and 0.1 are added as they are.

    Where no frequency is known nothing is taken off, and there is nothing to have odds against.
    """
    ms = rs.load_model("ms")
    term = next(t for t in ms.terms if type(t.factors[0]) is VariantFactor)
    total = np.array([0.7, 0.1])
    known = {"EUR": [0.1]} if centred else {}
    plain = replace(variants(["additive"], **known), weight=np.array([0.5]))
    nothing = np.zeros(2)
    seen = replace(
        sums([NAN]), total=total, no_calls=nothing, uncalled=nothing.astype(np.int64), people=2
    )
    off = 0.5 * 2 * 0.1 if centred else 0.0
    frame = pd.DataFrame({str(term.factors[0]): [1.0, 2.0]})
    for terms in ((term,), ()):
        model = replace(ms, terms=terms, published_score="made up", published_minimum_coverage=0.0)
        own = rs.score(read_frame(frame, [replace(model, terms=(term,))])).of("ms")
        found = with_plain(replace(own, model=model), plain, seen, "EUR").numbers
        for i, (dosage, more) in enumerate(zip((1.0, 2.0), total.tolist(), strict=True)):
            mean = 2 * ms.frequencies[term.factors[0].variant]["EUR"]
            rest = term.weight * (dosage - mean) if terms else 0.0
            published = term.weight * dosage if terms else 0.0
            assert found["log_odds"][i] == pytest.approx(rest + more - off)
            assert found["published_score"][i] == pytest.approx(published + more)
            assert found["interaction_score"][i] == found["exposure_score"][i] == 0
            odds = math.exp(rest + more - off) if centred else NAN
            assert found["odds_ratio"][i] == pytest.approx(odds, nan_ok=True)
