"""How often intervals hold what they should, and how right risks are: tables by simulation.

``python -m tests.benchmarks.intervals`` prints them; ``--repeats`` says from how many samples each
share is (its standard error at 95% is 1.5 points of 200). Everything is drawn with a seed.

- Case-control samples of a population whose risks are wrong in level and slope: O/E, calibration
  intercept and slope, against the population's own.
- What a score adds to a covariate: the gain in AUC, against that of a million people.
- Interaction: RERI of two exposures in levels, and of a step of a continuous one.
- A quantitative trait: the beta of a column, with the model's errors and robust ones.
- Risks of imputed T1D genotypes by fifth, against the true ones, and how many true risks lie in
  people's intervals.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import rankdata

import riskscore as rs
from riskscore.arrays import Array, Mask
from riskscore.studies.evaluation.discrimination import delong
from riskscore.studies.evaluation.gain import gain
from riskscore.studies.linear import linear
from riskscore.studies.regression import Errors

PEOPLE = 1_000_000
Row = tuple[str, ...]
Interval = tuple[float, float, float]  # estimate, low, high
COVERAGE = ("of", "truth", "mean estimate", "95% intervals that hold it")


def show(title: str, rows: Iterable[Row], names: Sequence[str]) -> None:
    """A table to standard output."""
    table = pd.DataFrame(list(rows), columns=list(names)).to_string(index=False)
    sys.stdout.write(f"\n{title}\n{table}\n")


def covered(name: str, truth: float, intervals: Sequence[Interval]) -> Row:
    """A row: the truth, the mean estimate, and the share of intervals that hold the truth."""
    found = np.array(intervals)
    inside = (found[:, 1] <= truth) & (truth <= found[:, 2])
    return name, f"{truth:.4f}", f"{found[:, 0].mean():.4f}", f"{100 * inside.mean():.1f}%"


def case_control(repeats: int) -> Iterator[Row]:
    """1,000 cases and 2,000 controls of a population in which risks are too extreme."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=PEOPLE)
    y = rng.random(PEOPLE) < expit(-5.35 + 1.2 * z)
    risk, prevalence = expit(-5.05 + 1.5 * z), float(y.mean())
    cases, controls = np.flatnonzero(y), np.flatnonzero(~y)
    own, lp = y.astype(float), logit(risk)
    slope = sm.Logit(own, sm.add_constant(lp)).fit(disp=0).params[1]
    level = sm.Logit(own, np.ones(PEOPLE), offset=lp).fit(disp=0).params[0]
    truth = {"observed_to_expected": own.sum() / risk.sum(), "calibration_intercept": level,
             "calibration_slope": slope}  # fmt: skip
    drawn = []
    for seed in range(repeats):
        draw = np.random.default_rng(seed)
        chosen = np.r_[draw.choice(cases, 1000, False), draw.choice(controls, 2000, False)]
        case = pd.Series(y[chosen].astype(int))
        found = rs.evaluate(pd.Series(risk[chosen]), case, prevalence=prevalence, bootstrap=0)
        drawn.append(found.measures.set_index("measure"))
    for name, value in truth.items():
        rows = [tuple(one.loc[name, ["estimate", "low", "high"]]) for one in drawn]
        yield covered(name, float(value), rows)


def over_covariates(repeats: int) -> Iterator[Row]:
    """800 people, a covariate, and a score that adds much to it or hardly anything."""
    for weight in (0.8, 0.1):
        rng = np.random.default_rng(5)
        x, s = rng.normal(size=(2, PEOPLE))
        y = rng.random(PEOPLE) < expit(-0.5 + x + weight * s)
        fitted, known = [], []
        for seed in range(repeats):
            own = np.random.default_rng(seed).choice(PEOPLE, 800, False)
            outcome = y[own].astype(float)
            fitted.append(gain(s[own], x[own][:, None], outcome).areas.compare(1, 0)[:3])
            areas = delong(np.vstack([x[own], (x + weight * s)[own]]), outcome)
            known.append(areas.compare(1, 0)[:3])
        truth = _auc(x + weight * s, y) - _auc(x, y)
        yield covered(f"auc_gain, log odds ratio {weight}", truth, fitted)
        yield covered(f"auc_gain, log odds ratio {weight}, weights known", truth, known)


def _auc(score: Array, y: Mask) -> float:
    """The area by ranks (Mann and Whitney)."""
    n1 = int(y.sum())
    return float((rankdata(score)[y].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1)))


def interactions(repeats: int) -> Iterator[Row]:
    """2,000 people; the truth is that of the weights they are drawn with."""
    main, other, product = 0.5, 0.7, 0.4
    truth = float(np.exp(main + other + product) - np.exp(main) - np.exp(other) + 1)
    for name, per in (("RERI, two exposures", None), ("RERI, a step of 1", {"a": 1.0})):
        found = []
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            a = rng.normal(size=2000) if per else rng.integers(0, 2, 2000)
            b = rng.integers(0, 2, 2000)
            y = rng.random(2000) < expit(-1.5 + main * a + other * b + product * a * b)
            frame = pd.DataFrame({"a": a, "b": b, "case": y.astype(int)})
            result = rs.interaction(
                frame, exposures=["a", "b"], outcome="case", per=per, reference={"a": "0"}
            )
            row = next(m for m in result.measures if m.measure == "RERI")
            found.append((row.estimate, row.low, row.high))
        yield covered(name, truth, found)


def traits(repeats: int) -> Iterator[Row]:
    """300 people, the trait's spread the same in all, or larger in carriers."""
    kinds: tuple[tuple[float, Errors], ...] = ((0.0, "model"), (1.0, "model"), (1.0, "robust"))
    for spread, errors in kinds:
        found = []
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            x = rng.binomial(2, 0.1, 300).astype(float)
            fit = linear(0.3 * x + rng.normal(0, 1 + spread * x), x[:, None], ["x"], errors=errors)
            found.append((float(fit.beta[1]), float(fit.low[1]), float(fit.high[1])))
        yield covered(f"beta, spread +{spread:g} a copy, {errors} errors", 0.3, found)


def imputed(people: int) -> None:
    """T1D from imputed genotypes: predicted against true risk by fifth, and interval coverage."""
    rows = []
    for r2 in (0.9, 0.6, 0.3):
        with TemporaryDirectory() as folder:
            drawn = rs.simulate("t1d", people, seed=13, r2=r2, out=f"{folder}/sim")
            found = rs.score(f"{folder}/sim/cohort.vcf.gz", "t1d",
                             exposures=f"{folder}/sim/exposures.tsv")  # fmt: skip
        numbers, truth = found.of("t1d").numbers, drawn.risk["t1d"]
        own = numbers["probability"]
        fifth = pd.qcut(rankdata(own, method="ordinal"), 5, labels=False)
        ratios = [f"{own[fifth == k].mean() / truth[fifth == k].mean():.2f}" for k in range(5)]
        inside = (numbers["probability_low"] <= truth) & (truth <= numbers["probability_high"])
        r = float(np.corrcoef(logit(own), logit(truth))[0, 1])
        rows.append((f"{r2:g}", f"{r:.3f}", *ratios, f"{100 * inside.mean():.1f}%"))
    names = ("R2", "r with truth", *(f"fifth {k}" for k in range(1, 6)), "in interval")
    show("T1D imputed: predicted over true mean risk by fifth of predicted risk", rows, names)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tables of coverage and calibration.")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--people", type=int, default=20_000, help="with imputed genotypes")
    asked = parser.parse_args()
    tables = {"Case-control sample of a population": case_control, "Gain in AUC": over_covariates,
              "Additive interaction": interactions, "Quantitative trait": traits}  # fmt: skip
    for title, rows in tables.items():
        show(title, rows(asked.repeats), COVERAGE)
    imputed(asked.people)


if __name__ == "__main__":
    main()
