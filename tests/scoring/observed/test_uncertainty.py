"""What makes a score unsure, against sums over every state written out here."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma, norm

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.samples.person import person
from riskscore.scoring.design import Measurements
from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.observed.variance import uncertainty
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.score import score_cohort
from tests.scoring.panels import alleles

BETA = math.log(3.92)  # DRB1*15:01, Moutsianas 2015
HOMOZYGOTE = math.log(0.54)


def _shares(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["source"], frame["variance"], strict=True))


def test_homozygote_correction_and_additive_term_are_one_measurement() -> None:
    """DRB1*15:01 with probability 0.6 on either chromosome: 0, 1 or 2 copies by one posterior."""
    frame = pd.DataFrame({"DRB1*15:01": [1.2], "DRB1*01:01": [0.8]})
    ms = rs.load_model("ms")
    drb1 = [t for t in ms.terms if {getattr(f, "gene", "") for f in t.factors} <= {"DRB1", ""}]
    model = replace(ms, terms=tuple(drb1))  # no other gene says anything of this one
    cohort = read_frame(frame, [model])
    calls = cohort.hla.genes["DRB1"]
    p = {0: 0.0, 1: 0.0, 2: 0.0}
    for i, j, share in zip(calls.first, calls.second, calls.probability, strict=True):
        p[sum(str(calls.alleles[k]) == "DRB1*15:01" for k in (i, j))] += share
    value = {0: 0.0, 1: BETA, 2: 2 * BETA + HOMOZYGOTE}
    mean = sum(p[k] * value[k] for k in p)
    variance = sum(p[k] * (value[k] - mean) ** 2 for k in p)
    # Exposures act with DRB1*15:01: give them all, so that nothing else is unsure there.
    known = frame.assign(smoking="never", passive_smoking="unexposed", mononucleosis="never")
    scores = rs.score(read_frame(known, [model]))
    assert _shares(scores.uncertainty("0"))["genotypes"] == pytest.approx(variance, rel=1e-4)
    ledger = scores.explain("0").set_index("term")["variance"]
    own = ledger[[term for term in ledger.index if "DRB1*15:01" in term and "_x_" not in term]]
    assert own.sum() == pytest.approx(variance, rel=1e-4)
    # Apart, the terms' variances would make more of it: the correction offsets the additive term.
    apart = BETA**2 * sum(p[k] * (k - 1.2) ** 2 for k in p) + HOMOZYGOTE**2 * p[2] * (1 - p[2])
    assert apart > 1.1 * variance


def test_missing_gene_and_unknown_exposure_that_act_together() -> None:
    """RA, DRB1 and smoking unknown: every genotype and both histories, from the frequencies."""
    ra, panel = rs.load_model("ra"), reference_panel()
    drb1 = [t for t in ra.terms if {getattr(f, "gene", "") for f in t.factors} <= {"DRB1", ""}]
    model = replace(ra, terms=tuple(drb1))
    weights = {str(t.factors[0]): t.weight for t in model.terms if t.component == "HLA"}
    haplotype = {}
    for fields, share in alleles("DRB1", ("DRB1",), model.genes).items():
        allele = HLAAllele.parse(f"DRB1*{fields}")
        residues = [panel.residues.residue(allele, position) for position in (11, 71, 74)]
        if None not in residues:
            name = ";".join(
                f"HLA-DRB1:{at}{aa}" for at, aa in zip((11, 71, 74), residues, strict=True)
            )
            group = next(f for t in model.terms for f in t.factors if str(f) == "shared_epitope")
            haplotype[str(allele)] = (share, weights.get(name, 0.0), allele in group.alleles)
    total = sum(share for share, _, _ in haplotype.values())
    smoking = {0: math.log(1.14), 1: math.log(1.73), 2: math.log(2.97)}
    values, shares = [], []
    for one, two in product(haplotype.values(), repeat=2):
        for smokes, share in ((0, 0.3984), (1, 0.6016)):
            copies = one[2] + two[2]
            average = [0.3984 + 0.6016 * math.exp(smoking[k]) for k in (0, copies)]
            taken_out = math.log(average[0] / average[1])  # the haplotypes hold it already
            values.append(one[1] + two[1] + taken_out + smokes * smoking[copies])
            shares.append(one[0] * two[0] / total**2 * share)
    p, x = np.array(shares), np.array(values)
    variance = float(p @ (x - p @ x) ** 2)
    known = {"alcohol": "none", "silica": "unexposed"}
    cohort = person([model], sex="male", variants={"rs2476601": 1}, exposures=known)
    scores = rs.score(cohort)
    ledger = scores.explain("person")
    reads_drb1 = [any(getattr(f, "gene", "") == "DRB1" for f in t.factors) for t in model.terms]
    here = ledger[reads_drb1]
    assert here["variance"].sum() == pytest.approx(variance, rel=1e-6)
    table = _shares(scores.uncertainty("person"))
    assert table["missing"] + table["exposures"] == pytest.approx(ledger["variance"].sum())
    assert 0 < table["exposures"] < 0.2 < table["missing"]


def test_what_is_unknown_of_a_person_is_not_mixed_with_what_is_of_others() -> None:
    """People of different genotypes whose smoking is unknown, which acts with these: and alone."""
    model = rs.load_model("ra-smoking-epitope")
    people = pd.DataFrame(
        {
            "DRB1": ["03:01+03:01", "04:01+03:01", "04:01+04:01", "04:01+03:01"],
            "smoking": ["", "", "", "ever"],
        }
    )
    names = ["odds_ratio", "probability", "probability_low", "probability_high"]
    together = rs.score(read_frame(people, [model])).tables[0].numbers
    for i in range(len(people)):
        alone = rs.score(read_frame(people.iloc[[i]], [model])).tables[0].numbers
        for name in names:
            assert alone[name][0] == pytest.approx(together[name][i], rel=1e-12), (name, i)


def test_shares_sum_and_the_ledger_agrees(draw) -> None:
    model = rs.load_model("ms")
    frame = draw(model, 12, 3)
    rng = np.random.default_rng(1)
    for column in frame.columns:
        frame[column] = frame[column].where(rng.random(12) > 0.4)
    cohort = read_frame(frame, [model])
    scores = rs.score(cohort)
    table = scores.of("ms")
    for place, sample in enumerate(cohort.samples):
        ledger, sources = scores.explain(sample), scores.uncertainty(sample)
        assert ledger["contribution"].sum() == pytest.approx(
            table.numbers["log_odds"][place], abs=1e-9
        )
        parts = _shares(sources)
        assert sources["share"][:-1].sum() == pytest.approx(1)
        assert sum(v for k, v in parts.items() if k != "total") == pytest.approx(parts["total"])
        unknown = parts["genotypes"] + parts["missing"] + parts["exposures"]
        assert ledger["variance"].sum() == pytest.approx(unknown, abs=1e-9)


def test_unknown_sex_spreads_between_the_sexes() -> None:
    """The intercepts of women and men differ; half their difference is the standard deviation."""
    model = rs.load_model("ra")
    cohort = person([model], variants={"rs2476601": 1})
    table = rs.score(cohort).of("ra")
    own = table.reference.by_sex[None]
    alpha = [own.distribution.intercept(value) for value in (0.024, 0.011)]
    variance = _shares(rs.score(cohort).uncertainty("person"))["baseline"]
    assert variance == pytest.approx(((alpha[0] - alpha[1]) / 2) ** 2)


def test_weights_without_a_standard_error_are_named() -> None:
    note = rs.score(person([rs.load_model("ms")], variants={"rs10801908": 1})).uncertainty("person")
    assert "weights' error unknown of 114 of 187" in note["note"][0]


@pytest.mark.parametrize("name", ["t1d", "ra", "ms"])
def test_same_bits_for_any_chunk(name: str, draw) -> None:
    model = rs.load_model(name)
    frame = draw(model, 20, 8)
    rng = np.random.default_rng(2)
    for column in frame.columns:
        frame[column] = frame[column].where(rng.random(20) > 0.2)
        if column.startswith("rs"):
            frame[column] = np.clip(frame[column] + rng.normal(0, 0.2, 20), 0, 2)
    cohort, panel = read_frame(frame, [model]), reference_panel()
    whole = score_cohort(cohort, panel).of(name)
    for chunk in (1, 7, 19):
        parts = score_cohort(cohort, panel, chunk=chunk).of(name)
        for column, values in whole.numbers.items():
            np.testing.assert_array_equal(values, parts.numbers[column])
        for source, values in whole.variance.items():
            np.testing.assert_array_equal(values, parts.variance[source])


@pytest.mark.parametrize("shape", [40.0, 400.0])
def test_limits_of_a_skewed_score_are_near_those_of_a_gamma(shape: float) -> None:
    """A gamma distribution has variance k, third central moment 2k and known quantiles."""
    nothing = np.zeros(1)
    variance = dict.fromkeys(VarianceSource, nothing)
    variance |= {VarianceSource.MISSING: nothing + 0.75 * shape}
    variance |= {VarianceSource.WEIGHTS: nothing + 0.25 * shape}
    found = Uncertainty(variance, nothing + 2 * shape, (), nothing, nothing)
    assert found.total[0] == pytest.approx(shape)
    low, high = (float(limit[0]) for limit in found.limits())
    sd = math.sqrt(shape)
    for limit, share in ((low, 0.025), (high, 0.975)):
        exact = gamma.ppf(share, shape) - shape
        assert limit / sd == pytest.approx(exact / sd, abs=0.01)
    z = norm.ppf(0.975)
    skewness = 2 / sd
    assert low == pytest.approx(sd * (-z + (z * z - 1) * skewness / 6))
    assert high == pytest.approx(sd * (z + (z * z - 1) * skewness / 6))


def test_limits_without_variance_and_with_much_skewness() -> None:
    nothing = np.zeros(3)
    variance = dict.fromkeys(VarianceSource, nothing)
    variance |= {VarianceSource.MISSING: np.array([0.0, 1.0, 1.0])}
    low, high = Uncertainty(variance, np.array([0.0, 9.0, -9.0]), (), nothing, nothing).limits()
    z = norm.ppf(0.975)
    most = (z * z - 1) * 2 / 6  # a skewness of 2 is the most that is corrected for
    np.testing.assert_allclose(low, [0, most - z, -most - z])
    np.testing.assert_allclose(high, [0, most + z, -most + z])


def test_third_moment_of_missing_variants() -> None:
    """Each missing genotype is one of the population's three; one that is known adds nothing."""
    ms = rs.load_model("ms")
    terms = [t for t in ms.terms if len(t.factors) == 1 and isinstance(t.factors[0], VariantFactor)]
    model = replace(ms, terms=tuple(terms[:6]))
    names = [str(term.factors[0]) for term in model.terms]
    table = np.array([[0, 1, 2, 1, 0, 0], [np.nan, 1, np.nan, 1, 0, 0], [np.nan] * 5 + [2.0]])
    cohort = read_frame(pd.DataFrame(table, columns=names), [model])
    reference = build_reference(model, reference_panel(), "EUR")
    measured = Measurements(cohort, reference, range(3))
    found = uncertainty(measured, measured.design(), reference)
    for i, row in enumerate(table):
        moments = np.zeros(2)
        for term, copies in zip(model.terms, row, strict=True):
            if np.isnan(copies):
                f = ms.frequencies[term.factors[0].variant]["EUR"]
                shares = [(1 - f) ** 2, 2 * f * (1 - f), f * f]
                for k, share in enumerate(shares):
                    value = term.weight * (k - 2 * f)
                    moments += share * np.array([value**2, value**3])
        assert found.variance[VarianceSource.MISSING][i] == pytest.approx(moments[0])
        assert found.variance[VarianceSource.GENOTYPES][i] == 0
        assert found.third[i] == pytest.approx(moments[1])
