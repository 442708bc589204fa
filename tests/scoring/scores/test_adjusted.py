"""Scores among people of one's own ancestry: moments by enumeration and by regression, percentiles
of people drawn from each superpopulation, and who has none.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import kstest

import riskscore as rs
from riskscore.arrays import Array
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.ancestry.sums import ProjectionSums, no_sums, sums_of
from riskscore.samples.ancestry.table import ComponentTable, scoring_table
from riskscore.samples.cohort import Cohort
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.ancestry.shares import nearest_shares
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.scores.adjusted import MixedMoments, moments_of, placement_of, shares_text

TABLE = scoring_table()
POPULATIONS = TABLE.populations


def genotypes_of(
    frequency: Array, people: int, seed: int, table: ComponentTable = TABLE
) -> ProjectionSums:
    drawn = np.random.default_rng(seed).binomial(2, frequency, (people, len(frequency)))
    return sums_of(table, slice(0, len(frequency)), drawn.astype(float))


def cohort_of(model: str, shares: dict[str, float], people: int, seed: int) -> Cohort:
    """People drawn by shares of superpopulations, at the loci and SNPs that ``score`` reads."""
    chosen = {"population": next(iter(shares))} if len(shares) == 1 else {"admixture": dict(shares)}
    drawn = rs.simulate(model, people, seed=seed, **chosen).cohort()
    frequency = np.array([shares.get(name, 0.0) for name in POPULATIONS]) @ TABLE.expected(
        TABLE.centres
    )
    return replace(drawn, population="EUR", projection=genotypes_of(frequency, people, seed))


def test_variance_of_unlinked_snps_is_that_of_their_mixed_frequencies() -> None:
    """Against every genotype of three SNPs, at the frequencies that the shares mix."""
    rng = np.random.default_rng(3)
    frequency, weight = rng.uniform(0.05, 0.95, (5, 3)), rng.normal(size=3)
    copies = np.array(list(product(range(3), repeat=3)))

    def moments(f: Array) -> tuple[float, float]:
        each = np.where(copies == 2, f**2, np.where(copies == 1, 2 * f * (1 - f), (1 - f) ** 2))
        probability, value = each.prod(axis=1), copies @ weight
        mean = float(probability @ value)
        return mean, float(probability @ (value - mean) ** 2)

    variance = np.array([moments(f)[1] for f in frequency])
    mixed = MixedMoments(variance, 2 * frequency * weight)
    for shares in rng.dirichlet([0.5] * 5, 20):
        mean, expected = moments(shares @ frequency)
        within, found = mixed.of_shares(shares[None])
        assert found[0] == pytest.approx(expected)
        assert within[0] == pytest.approx(shares @ variance)
        assert (shares @ mixed.means).sum() == pytest.approx(mean)


@pytest.mark.parametrize("name", ["hashimoto", "ms"])
def test_moments_are_of_the_terms_that_count_in_a_sex(name: str) -> None:
    """Not of another sex's terms, nor of those of people of whom an exposure is known."""
    model = rs.load_model(name)
    reference = build_reference(model, reference_panel(), "EUR")
    for sex in (*Sex, None):
        found = moments_of([None, reference], sex)
        assert not found.means[0].any()
        assert found.variance.tolist() == [0, reference.by_sex[sex].distribution.variance]
        for mean, part in zip(found.means[1], reference.components, strict=True):
            counted = [j for j in part.terms if model.applies(model.terms[j], sex)]
            counted = [j for j in counted if not model.terms[j].only_known]
            wanted = sum(model.terms[j].weight * reference.mean[j] for j in counted)
            assert mean == pytest.approx(wanted, abs=1e-12)


def test_moments_are_those_of_two_regressions_on_the_components() -> None:
    """As Z_norm2 of the PGS Catalog Calculator: of scores, then of squared residuals, by numpy.

    Over people drawn all over the reference, here by an additive score of 40 SNPs. The mean is
    linear in the components, the variance quadratic.
    """
    rng = np.random.default_rng(11)
    frequency, weight = rng.uniform(0.1, 0.9, (5, 40)), rng.normal(size=40)
    shares = rng.dirichlet([0.7] * 5, 40_000)
    score = rng.binomial(2, shares @ frequency) @ weight
    components = shares @ TABLE.centres
    linear = np.column_stack([np.ones(len(score)), components / 0.03])
    slopes = np.linalg.lstsq(linear, score, rcond=None)[0]
    products = [linear[:, i] * linear[:, j] for i in range(5) for j in range(i, 5)]
    quadratic = np.column_stack(products)
    squared = (score - linear @ slopes) ** 2
    form = np.linalg.lstsq(quadratic, squared, rcond=None)[0]
    variance = (2 * frequency * (1 - frequency)) @ weight**2
    mixed = MixedMoments(variance, 2 * frequency * weight)
    mean = (shares[:, :, None] * mixed.means).sum(axis=(1, 2))
    sd = np.sqrt(mixed.of_shares(shares)[1])
    assert np.abs(linear @ slopes - mean).max() < 0.15 * sd.mean()
    assert (quadratic @ form) == pytest.approx(sd**2, rel=0.15)
    by_regression = (score - linear @ slopes) / np.sqrt(quadratic @ form)
    assert np.abs(by_regression - (score - mean) / sd).max() < 0.3
    assert by_regression.std() == pytest.approx(((score - mean) / sd).std(), rel=0.01)


def z_norm2(score: Array, components: Array) -> tuple[Array, Array]:
    """Slopes of the mean and of the log variance by likelihood, in standardised components.

    The published form of Z_norm2 (pgscatalog.calc ``pgs_adjust``; mean as Khera 2019,
    doi:10.1161/CIRCULATIONAHA.118.035658, variance as Khan 2022, doi:10.1038/s41591-022-01869-1):
    a normal score with mean X a and variance exp(X b), fitted to the reference people, and
    Z = (score - X a) / sqrt(exp(X b)).
    """
    x = np.column_stack([np.ones(len(score)), components])
    terms = x.shape[1]

    def loss(slopes: Array) -> tuple[float, Array]:
        variance, rest = np.exp(x @ slopes[terms:]), score - x @ slopes[:terms]
        value = float((np.log(variance) + rest**2 / variance).sum() / 2)
        of_variance = (1 - rest**2 / variance) / 2
        return value, np.concatenate([-(x.T @ (rest / variance)), x.T @ of_variance])

    mean = np.linalg.lstsq(x, score, rcond=None)[0]
    spread = np.log(np.mean((score - x @ mean) ** 2))
    start = np.concatenate([mean, [spread], np.zeros(terms - 1)])
    found = minimize(loss, start, jac=True, method="BFGS").x
    return found[:terms], found[terms:]


def test_z_beside_z_norm2_fitted_to_the_reference_people() -> None:
    """The 2,504 people's components, an additive score of 60 SNPs drawn by their shares.

    Both have mean 0 and SD 1 in each superpopulation. A log variance that is linear cannot tell
    that people of mixed descent vary by what sets the superpopulations apart: their Z_norm2 has
    too large an SD, z_adjusted has not. Frequencies here differ more than those of real SNPs.
    """
    rng = np.random.default_rng(2)
    frequency, weight = rng.uniform(0.05, 0.95, (5, 60)), rng.normal(size=60)
    shares = nearest_shares(TABLE.components, TABLE.centres, np.eye(4))
    score = rng.binomial(2, shares @ frequency) @ weight
    mixed = MixedMoments((2 * frequency * (1 - frequency)) @ weight**2, 2 * frequency * weight)

    def adjusted(score: Array, shares: Array) -> Array:
        mean = (shares[:, :, None] * mixed.means).sum(axis=(1, 2))
        return np.asarray((score - mean) / np.sqrt(mixed.of_shares(shares)[1]))

    scale = TABLE.components.std(axis=0)
    mean, log_variance = z_norm2(score, TABLE.components / scale)

    def norm2(score: Array, components: Array) -> Array:
        x = np.column_stack([np.ones(len(score)), components / scale])
        return np.asarray((score - x @ mean) / np.exp(x @ log_variance / 2))

    ours, theirs = adjusted(score, shares), norm2(score, TABLE.components)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.12
    for k in range(5):
        for z in (ours[TABLE.of(k)], theirs[TABLE.of(k)]):
            assert abs(z.mean()) < 0.13
            assert z.std() == pytest.approx(1, abs=0.08)
    halves = np.repeat([[0.5, 0.0, 0.0, 0.5, 0.0]], 20_000, axis=0)
    drawn = rng.binomial(2, halves @ frequency) @ weight
    assert adjusted(drawn, halves).std() == pytest.approx(1, abs=0.02)
    assert norm2(drawn, halves @ TABLE.centres).std() > 1.05


def test_z_is_written_from_the_formula() -> None:
    """From the scores centred on each superpopulation, a person and a population at a time."""
    cohort = cohort_of("ra", {"AFR": 0.5, "EUR": 0.5}, 6, 2)
    found = rs.score(cohort).tables[0].numbers["z_adjusted"]
    apart = [
        rs.score(replace(cohort, projection=None, population=k)).tables[0] for k in POPULATIONS
    ]
    placement = placement_of(cohort)
    assert placement is not None
    for i, sex in enumerate(cohort.sex):
        shares = placement.shares[i]
        mean = variance = 0.0
        for k, own in enumerate(apart):
            mean += shares[k] * own.numbers["log_odds"][i]
            variance += shares[k] * own.reference.by_sex[sex].distribution.variance
        for part in apart[0].reference.components:
            terms = [j for j in part.terms if apart[0].reference.by_sex[sex].counted[j]]
            means = [
                sum(own.reference.weights[j] * own.reference.mean[j] for j in terms)
                for own in apart
            ]
            centre = sum(q * m for q, m in zip(shares, means, strict=True))
            variance += sum(q * (m - centre) ** 2 for q, m in zip(shares, means, strict=True)) / 2
        assert found[i] == pytest.approx(mean / variance**0.5, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("ms", {"AFR": 1.0}),
        ("ra", {"EAS": 1.0}),
        ("sle", {"SAS": 1.0}),
        ("t1d", {"AMR": 1.0}),
        ("hashimoto", {"EUR": 1.0}),
        ("ms", {"EUR": 0.5, "EAS": 0.5}),
    ],
    ids=str,
)
def test_percentiles_are_uniform_in_each_ancestry(model: str, shares: dict[str, float]) -> None:
    cohort = cohort_of(model, shares, 300, 21)
    scores, plain = rs.score(cohort), rs.score(replace(cohort, projection=None))
    found, before = scores.tables[0].numbers, plain.tables[0].numbers
    assert kstest(found["percentile"] / 100, "uniform").pvalue > 0.01
    assert abs(found["z_adjusted"].mean()) < 0.25
    assert found["z_adjusted"].std() == pytest.approx(1, abs=0.15)
    for name, values in before.items():
        if name != "percentile":
            np.testing.assert_array_equal(found[name], values)
    assert scores.columns[-2:] == ("z_adjusted", "flags")
    assert "z_adjusted" not in plain.columns
    most = max(shares, key=lambda name: shares[name])
    if len(shares) == 1:
        assert all(f"ancestry={most}(" in flags for flags in scores.tables[0].flags)


def test_one_alone_has_the_numbers_of_one_among_many() -> None:
    cohort = cohort_of("ra", {"SAS": 0.4, "EUR": 0.6}, 24, 5)
    together = rs.score(cohort).tables[0]
    for i in (0, 11, 23):
        alone = rs.score(cohort, part=PeoplePart(i + 1, 24)).tables[0]
        for name in ("percentile", "z_adjusted"):
            assert alone.numbers[name][0] == together.numbers[name][i]
        assert alone.flags[0] == together.flags[i]


def test_outside_the_reference_there_is_no_percentile_and_unknown_people_keep_theirs() -> None:
    cohort = cohort_of("ra", {"EAS": 1.0}, 3, 8)
    eas, eur = POPULATIONS.index("EAS"), POPULATIONS.index("EUR")
    beyond = TABLE.centres[eas] + 0.5 * (TABLE.centres[eas] - TABLE.centres[eur])
    outside = genotypes_of(TABLE.expected(beyond[None])[0], 1, 1)
    assert cohort.projection is not None
    inside, nothing = cohort.projection.of_people(range(1)), no_sums(1, 4)
    joined = ProjectionSums(
        *(
            np.concatenate([getattr(one, name) for one in (inside, outside, nothing)])
            for name in ("squares", "products", "noise", "scatter", "loci", "hom_ref")
        )
    )
    scores = rs.score(replace(cohort, projection=joined))
    table, before = scores.tables[0], rs.score(replace(cohort, projection=None)).tables[0]
    percentile, z = table.numbers["percentile"], table.numbers["z_adjusted"]
    assert np.isnan(percentile).tolist() == [False, True, False]
    assert np.isnan(z).tolist() == [False, True, True]
    assert percentile[2] == before.numbers["percentile"][2]
    assert percentile[0] != before.numbers["percentile"][0]
    assert "ancestry=outside" in table.flags[1]
    assert "ancestry=unknown(EUR taken)" in table.flags[2]
    assert scores.placement is not None
    assert scores.placement.outside.tolist() == [False, True, False]
    assert scores.placement.unknown.tolist() == [False, False, True]


def test_frequencies_that_a_model_borrows_are_said() -> None:
    scores = rs.score(cohort_of("t1d", {"AFR": 1.0}, 2, 4))
    assert all("frequencies_from=EUR(" in flags for flags in scores.tables[0].flags)
    assert all("weights_from=EUR" in flags for flags in scores.tables[0].flags)


def test_where_nobodys_ancestry_is_known_nothing_changes() -> None:
    cohort = cohort_of("ra", {"AFR": 1.0}, 4, 3)
    plain = rs.score(replace(cohort, projection=None))
    scores = rs.score(replace(cohort, projection=no_sums(4, 4)))
    frame = scores.to_frame()
    assert frame["z_adjusted"].isna().all()
    changed = ["z_adjusted", "flags"]
    assert frame.drop(columns=changed).equals(plain.to_frame().drop(columns="flags"))
    assert all("ancestry=unknown(EUR taken)" in flags for flags in frame["flags"])
    assert scores.placement is not None
    assert scores.placement.unknown.all()


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ({"EUR": 0.4, "AFR": 0.4, "EAS": 0.2}, "AFR(0.40)+EUR(0.40)+EAS(0.20)"),
        ({"EUR": 0.05, "AFR": 0.95}, "AFR(0.95)+EUR(0.05)"),
        ({"SAS": 0.009, "EUR": 0.991}, "EUR(0.99)"),
    ],
)
def test_shares_are_told_the_largest_first_and_equal_ones_by_name(
    shares: dict[str, float], text: str
) -> None:
    assert shares_text(shares) == text
