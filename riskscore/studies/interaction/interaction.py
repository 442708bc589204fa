"""Interaction of two exposures (a gene and smoking, say), multiplicative and additive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import StudyError
from riskscore.files.frames import as_pandas
from riskscore.models.terms import Z95
from riskscore.plotting import Plots
from riskscore.samples.cohort import Cohort
from riskscore.studies.association.cohort_columns import cohort_columns
from riskscore.studies.interaction.additive import MEASURES, additive, point_estimates
from riskscore.studies.interaction.joint_table import JointTable, read_joint
from riskscore.studies.regression import (
    Method,
    Regression,
    likelihood_ratio,
    logistic,
    max_loglik,
)

if TYPE_CHECKING:
    import pandas

    from riskscore.studies.people import BySample, Covariates


_NAN = float("nan")


@dataclass(frozen=True)
class JointEffect:
    """The odds ratio at two levels together, against the reference of both, with 95% interval.

    Of a continuous exposure there are no counts.

    ``within`` is the odds ratio of the first exposure's level among people at the second's.
    """

    first: str
    second: str
    cases: int | None
    controls: int | None
    odds_ratio: float
    low: float
    high: float
    within: float
    within_low: float
    within_high: float


@dataclass(frozen=True)
class Measure:
    """One measure of interaction at two levels.

    ``product`` is the ratio OR11 / (OR10 OR01), 1 on the multiplicative scale without interaction.
    """

    first: str
    second: str
    measure: str
    estimate: float
    low: float
    high: float
    p: float
    bootstrap_low: float
    bootstrap_high: float
    note: str


@dataclass(frozen=True)
class Interaction:
    """The results of ``interaction``; ``p_product`` tests all products together."""

    table: JointTable
    joint: tuple[JointEffect, ...]
    measures: tuple[Measure, ...]
    regression: Regression
    p_product: float
    df_product: int
    notes: tuple[str, ...]

    plot = Plots()  # interaction.plot.joint(), an Altair chart

    def __repr__(self) -> str:
        lines = [
            f"  {m.first}, {m.second}: {m.measure} {m.estimate:.3g} ({m.low:.3g} to {m.high:.3g})"
            for m in self.measures
        ]
        return "\n".join([f"Interaction of {' and '.join(self.table.exposures)}", *lines])

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, float_format="{:.4g}".format, border=0))

    def to_frame(self) -> pandas.DataFrame:
        """A row by pair of levels and measure: product, RERI, AP and S with their intervals."""
        return self._frame(self.measures, Measure)

    def joint_frame(self) -> pandas.DataFrame:
        """A row by pair of levels: cases, controls, the odds ratio against both references."""
        return self._frame(self.joint, JointEffect)

    def _frame(self, rows: Sequence[Any], kind: type[Any]) -> pandas.DataFrame:
        import pandas as pd

        one, two = self.table.exposures
        frame = pd.DataFrame([asdict(row) for row in rows], columns=[f.name for f in fields(kind)])
        return frame.rename(columns={"first": one, "second": two})


def interaction(
    source: pandas.DataFrame | Cohort,
    *,
    exposures: Sequence[str],
    outcome: BySample | str | None = None,
    cases: str | None = None,
    controls: str | None = None,
    covariates: Covariates = (),
    reference: Mapping[str, str] | None = None,
    per: Mapping[str, float] | None = None,
    method: Method = "auto",
    bootstrap: int = 0,
    seed: int = 1,
) -> Interaction:
    """The joint effect of two exposures on the odds of a disease.

    Additive measures read odds ratios as risk ratios, so the disease must be rare, or controls
    sampled to stand for the person-time at risk. They presume that both exposures raise the risk:
    choose as reference the levels of lowest risk (Knol and others, Eur J Epidemiol 2011, 26:433).

    Args:
        source: A cohort; or a frame of people, with an ``outcome``; or the cells of a published
            table, 2x2, 2x3 or larger, one row for each cell with its numbers of ``cases`` and
            ``controls``.
        exposures: Two columns. Of a cohort, two of HLA alleles, residues or SNPs (carriers against
            others), exposures and sex.
        outcome: The name of a column, or a Series, mapping or list: 1 case, 0 control.
        cases: With ``controls``, the columns of counts of a published table.
        controls: See ``cases``.
        covariates: Columns to adjust for, or a frame of them by sample.
        reference: Each exposure's reference level; numbers and categories begin with theirs. Of a
            continuous exposure its value of reference, else the median.
        per: Of exposures that are continuous, the step to compare: odds ratios and additive
            measures are of the step above the reference (Knol and others, Int J Epidemiol 2007,
            36:1111), and change with both.
        method: As in ``fit``.
        bootstrap: Resamples within cases and within controls for percentile intervals.
        seed: Of the resampling.

    Raises StudyTableError, OutcomeError, NoVariationError, FewPeopleError or SeparationError.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"smoking": [0, 0, 1, 1], "alcohol": [0, 1, 0, 1],
    ...                       "cases": [3, 6, 8, 225], "controls": [20, 12, 18, 166]})
    >>> found = interaction(table, exposures=["smoking", "alcohol"], cases="cases",
    ...                     controls="controls").to_frame()
    >>> dict(zip(found.measure[1:], found.estimate[1:].round(2)))  # Hosmer and Lemeshow 1992
    {'RERI': 3.74, 'AP': 0.41, 'S': 1.87}
    """
    if isinstance(covariates, str):
        covariates = [covariates]
    levels, steps = dict(reference or {}), dict(per or {})
    if isinstance(source, Cohort):
        genetic = [n for n in exposures if n not in (*source.exposures.columns, "sex")]
        frame = cohort_columns(source, exposures)
        for name in _unsure(frame[genetic]):  # imputed: how likely each is to be a carrier
            levels.setdefault(name, "0")
            steps.setdefault(name, 1.0)
    else:
        frame = as_pandas(source)
    adjusting = as_pandas(covariates)
    if hasattr(adjusting, "columns"):
        frame, adjusting = frame.join(adjusting), list(adjusting.columns)
    table = read_joint(frame, outcome, exposures, adjusting, cases, controls, levels, steps)
    columns, names = table.design()
    fitted = logistic(table.y, columns, names, weights=table.count, method=method)
    inner = _inner(table)
    products = [names.index(table.name(i, j)) for i, j in inner]
    without = np.delete(columns, products, axis=1)
    _, p = likelihood_ratio(
        max_loglik(table.y, without, weights=table.count),
        max_loglik(table.y, columns, weights=table.count),
        len(products),
    )
    measures = _measures(table, fitted)
    notes = [*table.notes, *_warnings(table, fitted)]
    if bootstrap:
        measures, note = _bootstrapped(table, measures, method, bootstrap, seed)
        notes.append(note)
    return Interaction(
        table, tuple(_joint(table, fitted)), tuple(measures), fitted, p, len(products), tuple(notes)
    )


def _unsure(frame: pandas.DataFrame) -> list[str]:
    """The columns of carriers in which the carrier status of some people is uncertain."""
    return [str(name) for name in frame if not frame[name].dropna().isin([0, 1]).all()]


def _inner(table: JointTable) -> list[tuple[int, int]]:
    """Pairs of levels in which neither is the reference."""
    return [(i, j) for i in range(1, len(table.levels[0])) for j in range(1, len(table.levels[1]))]


def _places(table: JointTable, fitted: Regression, i: int, j: int) -> list[int]:
    """Places of the two main effects and the product of a pair of levels."""
    return [fitted.at(table.name(i, 0)), fitted.at(table.name(0, j)), fitted.at(table.name(i, j))]


def _ratio(fitted: Regression, places: Sequence[int]) -> tuple[float, float, float]:
    """The odds ratio of a sum of estimates and its 95% interval; 1 for the reference."""
    if not places:
        return 1.0, _NAN, _NAN
    center = float(fitted.beta[list(places)].sum())
    se = float(fitted.covariance[np.ix_(places, places)].sum()) ** 0.5
    with np.errstate(over="ignore"):
        low, mid, high = np.exp([center - Z95 * se, center, center + Z95 * se])
    return float(mid), float(low), float(high)


def _joint(table: JointTable, fitted: Regression) -> list[JointEffect]:
    rows = []
    for i, one in enumerate(table.levels[0]):
        for j, two in enumerate(table.levels[1]):
            own = [fitted.at(table.name(i, 0))] if i else []
            other = [fitted.at(table.name(0, j))] if j else []
            product = [fitted.at(table.name(i, j))] if i and j else []
            rows.append(
                JointEffect(
                    one, two, *table.cell(i, j), *_ratio(fitted, own + other + product),
                    *_ratio(fitted, own + product),
                )
            )  # fmt: skip
    return rows


def _measures(table: JointTable, fitted: Regression) -> list[Measure]:
    rows = []
    for i, j in _inner(table):
        one, two = table.levels[0][i], table.levels[1][j]
        places = _places(table, fitted, i, j)
        product = places[2]
        with np.errstate(over="ignore"):
            low, high = np.exp([fitted.low[product], fitted.high[product]])
        rows.append(
            Measure(one, two, "product", float(np.exp(fitted.beta[product])), float(low),
                    float(high), float(fitted.p[product]), _NAN, _NAN, "")
        )  # fmt: skip
        covariance = fitted.covariance[np.ix_(places, places)]
        for found in additive(fitted.beta[places], covariance):
            note = "not defined: the exposures lower the odds" if np.isnan(found.estimate) else ""
            rows.append(
                Measure(one, two, found.measure, found.estimate, found.low, found.high, found.p,
                        _NAN, _NAN, note)
            )  # fmt: skip
    return rows


def _warnings(table: JointTable, fitted: Regression) -> list[str]:
    notes = []
    lowering = [
        name
        for name in (
            *(table.name(i, 0) for i in range(1, len(table.levels[0]))),
            *(table.name(0, j) for j in range(1, len(table.levels[1]))),
        )
        if fitted.beta[fitted.at(name)] < 0
    ]
    if lowering:
        notes.append(
            f"{', '.join(lowering)} lowers the odds: for additive measures take the levels of "
            "lowest risk as the reference"
        )
    if fitted.infinite:
        notes.append(
            f"{', '.join(fitted.infinite)}: a cell has cases or controls only; Firth's method"
        )
    return notes


def _bootstrapped(
    table: JointTable, measures: list[Measure], method: Method, resamples: int, seed: int
) -> tuple[list[Measure], str]:
    """The measures with percentile intervals; people are drawn within cases and controls."""
    columns, names = table.design()
    rows, count = _gathered(table, columns)
    y, design = rows[:, 0], rows[:, 1:]
    rng = np.random.default_rng(seed)
    drawn: list[list[float]] = []
    for _ in range(resamples):
        weights = np.zeros(len(y))
        for status in (0.0, 1.0):
            own = y == status
            weights[own] = rng.multinomial(round(count[own].sum()), count[own] / count[own].sum())
        try:
            fitted = logistic(y, design, names, weights=weights, method=method, of_interest=())
        except StudyError:
            continue
        values: list[float] = []
        for i, j in _inner(table):
            beta = fitted.beta[_places(table, fitted, i, j)]
            values += [float(np.exp(beta[2])), *point_estimates(beta)]
        drawn.append(values)
    note = f"{len(drawn)} of {resamples} resamples could be fitted"
    if len(drawn) < 2:
        return measures, note
    table_of = np.array(drawn)
    full = []
    for place, row in enumerate(measures):
        values_of = table_of[:, place]
        defined = values_of[~np.isnan(values_of)]
        if row.measure in MEASURES[2:] and len(defined) < 0.95 * len(values_of):
            full.append(replace(row, note="S is not defined in many resamples"))
            continue
        low, high = np.quantile(defined, (0.025, 0.975))
        full.append(replace(row, bootstrap_low=float(low), bootstrap_high=float(high)))
    return full, note


def _gathered(table: JointTable, columns: Array) -> tuple[Array, Array]:
    """Distinct rows of outcome and design, and how many people each is."""
    rows, place = np.unique(np.column_stack([table.y, columns]), axis=0, return_inverse=True)
    return rows, np.asarray(np.bincount(place.ravel(), table.count, len(rows)), dtype=float)
