"""Scores: the centred sum of a model's terms, what it means as a risk, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import UsageError
from riskscore.genetics.missing import Missing
from riskscore.models.model import MissingPolicy, RiskModel
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import Part
from riskscore.samples.cohort import Cohort
from riskscore.scoring.centre import Basis, centred_on
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.flags import flags_of
from riskscore.scoring.genome_wide import with_plain
from riskscore.scoring.in_use import PeopleBySex
from riskscore.scoring.link import Array, expit
from riskscore.scoring.observed import (
    component_coverage,
    covered,
    observed_share,
    reason_counts,
    weighted,
)
from riskscore.scoring.reference import Reference, build_reference
from riskscore.scoring.slots import Source
from riskscore.scoring.tally import exact_sum
from riskscore.scoring.uncertainty import Uncertainty, uncertainty

if TYPE_CHECKING:
    import pandas

CHUNK = 4096  # samples worked on at a time; results do not depend on it
COLUMNS = (
    "sample", "model", "model_version", "genetic_score", "exposure_score", "interaction_score",
    "log_odds", "odds_ratio", "probability", "probability_low", "probability_high", "percentile",
    "published_score", "coverage", "flags",
)  # fmt: skip
_NUMBERS = COLUMNS[3:14]


@dataclass(frozen=True)
class ModelScores:
    """One model's scores; every array of shape (samples,), nan where there is no score.

    ``log_odds`` is the centred sum: the log of ``odds_ratio`` against the population average.
    ``probability`` is the risk over the model's horizon. ``component_coverage`` is by component
    the share of expected variance observed, shape (samples,); ``term_seen`` is its sum over samples
    by term, exact (see :func:`riskscore.scoring.tally.exact_sum`), and ``term_reasons`` counts the
    samples with each reason for a gap, shape (terms, reasons).
    ``variance`` is of the log odds, by source of uncertainty.
    """

    model: RiskModel
    reference: Reference
    numbers: dict[str, Array]
    flags: tuple[str, ...]
    component_coverage: dict[str, Array]
    term_seen: NDArray[np.int64]
    term_reasons: NDArray[np.int64]
    variance: dict[Source, Array]

    @property
    def unscored(self) -> int:
        """How many samples have no score."""
        return int(np.isnan(self.numbers["log_odds"]).sum())


@dataclass(frozen=True)
class Scores:
    """The scores of a cohort, a table a model, and the cohort they were computed from."""

    cohort: Cohort
    panel: ReferencePanel
    tables: tuple[ModelScores, ...]

    def of(self, model: str) -> ModelScores:
        """The scores of one model, by its id."""
        for table in self.tables:
            if table.model.id == model:
                return table
        raise UsageError(f"model {model!r} was not scored")

    def blocks(self) -> Iterator[dict[str, Sequence[str] | Array]]:
        """The table by columns, in the order of COLUMNS, some thousand samples at a time."""
        for table in self.tables:
            for start in range(0, len(self.cohort.samples), CHUNK):
                part = slice(start, start + CHUNK)
                samples = self.cohort.samples[part]
                yield {
                    "sample": samples,
                    "model": [table.model.id] * len(samples),
                    "model_version": [table.model.version] * len(samples),
                    **{name: table.numbers[name][part] for name in _NUMBERS},
                    "flags": table.flags[part],
                }

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a sample and model, in the order of COLUMNS; nan where there is none."""
        return [
            dict(zip(block, row, strict=True))
            for block in self.blocks()
            for row in zip(*(_listed(values) for values in block.values()), strict=True)
        ]

    def to_frame(self) -> pandas.DataFrame:
        """A pandas frame, one row a sample and model."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(COLUMNS))

    def explain(self, sample: str, model: str | None = None) -> pandas.DataFrame:
        """The ledger of one sample as a frame: each term's contribution; they sum to log_odds.

        ``model`` may be left out when only one was scored. Raises UsageError for an unknown sample.
        """
        import pandas as pd

        from riskscore.scoring.ledger import LEDGER_COLUMNS, ledger

        entries = ledger(self.cohort, self._only(model).reference, self.panel, sample)
        return pd.DataFrame([entry.as_row() for entry in entries], columns=list(LEDGER_COLUMNS))

    def uncertainty(self, sample: str, model: str | None = None) -> pandas.DataFrame:
        """What makes one sample's score unsure, as a frame: a row a source, then the total.

        The variance is of the log odds; the shares of the sources sum to 1.
        """
        import pandas as pd

        from riskscore.scoring.ledger import UNCERTAINTY_COLUMNS, uncertainty_rows

        rows = uncertainty_rows(self, self._only(model), sample)
        return pd.DataFrame(rows, columns=list(UNCERTAINTY_COLUMNS))

    @property
    def plot(self) -> Any:
        """The charts of scores: ``scores.plot.waterfall(sample)``, as Altair charts."""
        from importlib import import_module

        # By its name: charts stand above scoring, which knows of no chart.
        return import_module("riskscore.studies.plots_scores").ScorePlots(self)

    def _only(self, model: str | None) -> ModelScores:
        if model is None and len(self.tables) > 1:
            raise UsageError("several models were scored; say which one to explain")
        return self.of(model) if model else self.tables[0]


def _listed(values: Sequence[str] | Array) -> Sequence[Any]:
    """A column with Python's own numbers in it."""
    return values.tolist() if isinstance(values, np.ndarray) else values


def score_cohort(
    cohort: Cohort,
    panel: ReferencePanel,
    *,
    prevalence: float | None = None,
    horizon: str | None = None,
    chunk: int = CHUNK,
) -> Scores:
    """Score every sample of a cohort with each of its models.

    ``prevalence`` takes the place of the models' baseline risk; ``horizon`` chooses among those
    the models have. Raises UsageError when the one is not between 0 and 1, or a model does not
    have the other.
    """
    if prevalence is not None and horizon is not None:
        raise UsageError("a prevalence has no other horizon than its own; leave one of them out")
    if prevalence is not None and not 0 < prevalence < 1:
        raise UsageError(f"a prevalence of {prevalence:g} is not between 0 and 1")
    tables = []
    for model in cohort.models:
        ground = centred_on(model, cohort)
        reference = replace(
            build_reference(ground.model, panel, cohort.population, prevalence, horizon),
            basis=ground.basis,
            unknown=ground.unknown,
        )
        table = _score_model(cohort, reference, panel, chunk)
        if model.plain is not None:
            table = with_plain(table, model.plain, cohort.plain[model.id], cohort.population)
        tables.append(table)
    return Scores(cohort, panel, tuple(tables))


def _score_model(
    cohort: Cohort, reference: Reference, panel: ReferencePanel, chunk: int
) -> ModelScores:
    count = len(cohort.samples)
    components = tuple(dict.fromkeys(term.component for term in reference.model.terms))
    numbers = {name: np.full(count, np.nan) for name in _NUMBERS}
    coverage = {name: np.full(count, np.nan) for name in components}
    variance = {source: np.full(count, np.nan) for source in Source}
    flags: list[str] = []
    seen = np.zeros(len(reference.model.terms), dtype=np.int64)
    reasons = np.zeros((len(reference.model.terms), len(Missing)), dtype=np.int64)
    for start in range(0, count, chunk):
        rows = range(start, min(start + chunk, count))
        measured = Measurements(cohort, reference, panel, rows)
        design = measured.design()
        by_sex = measured.by_sex
        spread = uncertainty(measured, design, reference)
        share = observed_share(design, reference)
        part = _score_rows(design, reference, by_sex, spread, share)
        for name, values in part.items():
            numbers[name][rows.start : rows.stop] = values
        for name, values in component_coverage(share, reference, by_sex).items():
            coverage[name][rows.start : rows.stop] = values
        for source, values in spread.variance.items():
            variance[source][rows.start : rows.stop] = values
        flags += flags_of(design, cohort, np.isnan(part["log_odds"]), reference.basis)
        seen += exact_sum(share)
        reasons += reason_counts(design)
    return ModelScores(
        reference.model,
        reference,
        numbers,
        tuple(flags),
        coverage,
        seen,
        reasons,
        variance,
    )


def _score_rows(
    design: DesignMatrix,
    reference: Reference,
    by_sex: PeopleBySex,
    spread: Uncertainty,
    share: Array,
) -> dict[str, Array]:
    """All the numbers of a chunk of samples."""
    model, weights = reference.model, reference.weights
    centred, parts = design.expected - reference.centre, reference.parts
    out = {
        f"{part}_score": weighted(centred, np.where(parts == part, weights, 0.0)) for part in Part
    }
    out["log_odds"] = out["genetic_score"] + out["exposure_score"] + out["interaction_score"]
    low, high = spread.limits()
    out["odds_ratio"] = np.exp(out["log_odds"])
    for name in COLUMNS[8:12]:  # probability and its limits, percentile
        out[name] = np.full(len(design.samples), np.nan)
    out["coverage"] = covered(share, np.ones(len(model.terms)), reference, by_sex, 1.0)
    for key, people in by_sex.items():
        own = reference.by_sex[key]
        lp = out["log_odds"][people]
        out["percentile"][people] = own.distribution.percentile(lp)
        if own.alpha is not None:
            spectrum = spread.spectrum.take(people)
            out["probability"][people] = spectrum.mean_risk(own.alpha + lp)
            out["probability_low"][people] = expit(own.alpha + lp + low[people])
            out["probability_high"][people] = expit(own.alpha + lp + high[people])
    if reference.basis is Basis.NOTHING:  # a sum, with no average to compare it with
        for name in ("odds_ratio", "percentile"):
            out[name] = np.full(len(design.samples), np.nan)
    out["published_score"] = _published(design, reference, share)
    return _refused(out, design, reference)


def _published(design: DesignMatrix, reference: Reference, share: Array) -> Array:
    """The score on its paper's own scale, not centred; nan where too little of it was read."""
    model = reference.model
    if not model.published_score:
        return np.full(len(design.samples), np.nan)
    fallback = np.array([bool(term.fallback_for) for term in model.terms], dtype=bool)
    genetic = (reference.parts == Part.GENETIC) & ~fallback
    seen = design.published
    if reference.left_out.any():
        seen = seen - reference.left_out
    if design.ruled.any():
        share = np.where(design.ruled, 1.0, share)
    total = weighted(seen, np.where(genetic, reference.weights, 0.0))
    expected = np.where(genetic, reference.weights**2 * reference.variance, 0.0)
    enough = weighted(share, expected) >= model.published_minimum_coverage * expected.sum()
    return np.where(enough, total, np.nan)


def _refused(out: dict[str, Array], design: DesignMatrix, reference: Reference) -> dict[str, Array]:
    """No numbers for people of whom nothing genetic was read, or whom the policy refuses."""
    genetic = np.flatnonzero(reference.parts == Part.GENETIC)
    refused = np.ones(len(design.samples), dtype=bool)
    for j in genetic:
        refused &= design.missing[:, j] != Missing.NOT_MISSING
        if not refused.any():
            break
    if reference.model.missing is MissingPolicy.REFUSE:
        no_gap = (Missing.NOT_MISSING, Missing.NOT_APPLICABLE, Missing.AT_FREQUENCY)
        refused |= ~np.isin(design.missing[:, genetic], no_gap).all(axis=1)
    if not refused.any():
        return out
    return {name: np.where(refused, np.nan, values) for name, values in out.items()}
