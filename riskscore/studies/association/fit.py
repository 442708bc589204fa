"""Fit the effects of HLA alleles, residues, haplotypes, SNPs and exposures on a disease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import FewPeopleError, NoVariationError, UsageError
from riskscore.files.frames import as_pandas
from riskscore.plotting import Plots
from riskscore.samples.cohort import Cohort
from riskscore.scoring.link import logit
from riskscore.studies.association.candidates import (
    KINDS,
    Candidates,
    cohort_candidates,
)
from riskscore.studies.association.frame_candidates import frame_candidates
from riskscore.studies.association.scan import (
    Omnibus,
    Study,
    TermEffect,
    by_group,
    effect,
    left_to_test,
    one_by_one,
    stepwise,
    stepwise_groups,
)
from riskscore.studies.evaluation.calibration import check_share
from riskscore.studies.people import column_of, read_covariates, read_outcome, read_trait
from riskscore.studies.regression import Errors, Method, Regression

if TYPE_CHECKING:
    import pandas

    from riskscore.studies.people import BySample, Covariates


_FIELDS = tuple(f.name for f in fields(TermEffect))
EFFECT_COLUMNS = (*_FIELDS[:11], "p_bonferroni", "p_fdr", *_FIELDS[11:])
_OF_CASES = ("odds_ratio", "cases", "frequency_cases", "frequency_controls")
_ROWS_SHOWN = 20  # in a notebook
_FEWEST = 10  # people; a logistic regression of fewer means nothing


@dataclass(frozen=True)
class Fit:
    """The estimates of a study.

    ``effects`` has a row for each term, with a reason where it was not tested; ``omnibus`` the
    joint tests (of a stepwise analysis by position, its steps in order); ``steps`` what a stepwise
    analysis of single terms chose, in order. ``regression`` is there when
    all terms were fitted together (``joint`` or stepwise), and only then makes a model.
    ``notes`` say who and what was left out.
    """

    effects: tuple[TermEffect, ...]
    omnibus: tuple[Omnibus, ...]
    steps: tuple[TermEffect, ...]
    regression: Regression | None
    candidates: Candidates
    study: Study
    notes: tuple[str, ...]

    plot = Plots()  # fit.plot.forest(), fit.plot.hla(): Altair charts

    def __repr__(self) -> str:
        known = self.study.complete(np.empty((len(self.study.y), 0)))
        tested = sum(not np.isnan(effect.p) for effect in self.effects)
        counts = (
            f"Fit of {len(self.effects):,} terms, {tested:,} of them tested, in {known.sum():,} "
        )
        if self.study.quantitative:
            return f"{counts}people, to a quantitative trait"
        return f"{counts}people with {int(self.study.y[known].sum()):,} cases"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.to_frame().to_html(max_rows=_ROWS_SHOWN, border=0)}"

    def to_frame(self) -> pandas.DataFrame:
        """One row for each term: log odds ratio, SE, odds ratio with 95% interval, p, counts, note.

        ``p_bonferroni`` and ``p_fdr`` (Benjamini and Hochberg) are over the terms tested. Of a
        quantitative trait the interval is of beta, and there are no columns of odds or cases.
        """
        import pandas as pd

        frame = pd.DataFrame([asdict(e) for e in self.effects])
        adjusted = _adjusted(frame["p"].to_numpy(float))
        frame["p_bonferroni"], frame["p_fdr"] = adjusted
        left = _OF_CASES if self.study.quantitative else ()
        return frame[[name for name in EFFECT_COLUMNS if name not in left]]

    def omnibus_frame(self) -> pandas.DataFrame:
        """One row for each group tested as a whole, such as the residues at a position."""
        import pandas as pd

        names = [f.name for f in fields(Omnibus)]
        return pd.DataFrame([asdict(test) for test in self.omnibus], columns=names)

    def intercept(self, prevalence: float | None = None) -> float:
        """The intercept; with ``prevalence``, as it would be in the population.

        Cases and controls are sampled at different rates, which moves the intercept by
        log[(P / (1 - P)) ((1 - K) / K)], P the share of cases in the sample and K in the
        population (Prentice and Pyke, Biometrika 1979, 66:403).

        Raises UsageError without a joint fit, or of a quantitative trait.
        """
        if self.study.quantitative:
            raise UsageError("a quantitative trait has no intercept of log odds")
        if self.regression is None:
            raise UsageError("terms fitted one by one have no common intercept", fix="joint=True")
        beta = float(self.regression.beta[0])
        if prevalence is None:
            return beta
        check_share(prevalence)
        share = self.regression.cases / self.regression.n
        return beta - logit(share) + logit(prevalence)


def fit(
    source: Cohort | pandas.DataFrame,
    outcome: BySample | str,
    *,
    quantitative: bool = False,
    terms: Sequence[str] | None = None,
    covariates: Covariates | None = None,
    coding: str = "additive",
    joint: bool = False,
    condition_on: Sequence[str] = (),
    threshold: float | None = None,
    by_position: bool = False,
    method: Method = "auto",
    errors: Errors = "model",
    minimum_count: float = 10.0,
) -> Fit:
    """Association of terms with an outcome: logistic, or linear with a quantitative trait.

    Args:
        source: A cohort, or a frame (pandas, polars, ...) of numbers (copies 0 to 2 in columns
            named as HLA alleles, residues or SNPs; anything else is an exposure), by sample.
        outcome: The name of a column of the frame, or a Series, mapping or list (see
            ``read_outcome``): 1 case, 0 control; or the numbers of a quantitative trait.
        quantitative: The outcome is a quantitative trait, regressed by least squares.
        terms: Of a cohort, kinds: allele, residue, haplotype, snp, exposure (default: all), or
            ``["model"]`` for the terms of the one model it was read for. Of a frame, columns.
        covariates: Columns of the frame, or a frame indexed by sample.
        coding: additive, dominant, recessive, or general (one copy against none, and what the
            second copy adds; tested together with two degrees of freedom).
        joint: All terms in one regression instead of one by one.
        condition_on: Terms that every regression holds besides the covariates.
        threshold: A p-value for forward stepwise selection.
        by_position: A step takes all residues of a position (or both columns of a general coding)
            together, by their likelihood-ratio test; the steps are then the fit's ``omnibus``.
        method: auto (Firth's where maximum likelihood is infinite), maximum_likelihood or firth.
        errors: model, or robust (Huber-White sandwich).
        minimum_count: Alleles with a smaller effective count are not tested.

    Raises OutcomeError, FewPeopleError, NoVariationError, SeparationError, StudyTableError or
    UsageError.

    >>> import pandas as pd
    >>> cases = pd.DataFrame({"DRB1*15:01": [1] * 6 + [0] * 4, "case": 1})
    >>> controls = pd.DataFrame({"DRB1*15:01": [1] * 3 + [0] * 7, "case": 0})
    >>> people = pd.concat([cases, controls], ignore_index=True)
    >>> float(fit(people, "case", minimum_count=0).to_frame().odds_ratio[0].round(6))  # 6x7/(4x3)
    3.5
    """
    if joint and threshold is not None:
        raise UsageError("joint and threshold exclude each other")
    if by_position and threshold is None:
        raise UsageError("by_position is how a stepwise analysis goes", fix="give a threshold")
    study, candidates, notes, _ = read_study(
        source, outcome, terms, covariates, coding, minimum_count,
        method=method, errors=errors, quantitative=quantitative,
    )  # fmt: skip
    study, candidates = _conditioned(study, candidates, condition_on)
    steps: list[TermEffect] = []
    tests: list[Omnibus] = []
    chosen = candidates
    if threshold is not None:
        if by_position:
            places, tests = stepwise_groups(study, candidates, threshold)
        else:
            places, steps = stepwise(study, candidates, threshold)
        if not places:
            notes.append(f"no {'position' if by_position else 'term'} reached p = {threshold:g}")
        chosen, joint = candidates.only(places), bool(places)
    regression = None
    if joint:
        regression, chosen, effects = _together(study, chosen, notes)
    else:
        effects = one_by_one(study, candidates)
        tests = by_group(study, candidates)
    return Fit(tuple(effects), tuple(tests), tuple(steps), regression, chosen, study, tuple(notes))


def read_study(
    source: Any,
    outcome: BySample | str,
    terms: Sequence[str] | None,
    covariates: Covariates | None,
    coding: str,
    minimum_count: float,
    *,
    method: Method = "auto",
    errors: Errors = "model",
    quantitative: bool = False,
) -> tuple[Study, Candidates, list[str], Sequence[Any]]:
    """The study, what can be tested in it, notes on who is left out, and the samples.

    Raises UsageError, FewPeopleError, and NoVariationError for a covariate that is a constant.
    """
    if quantitative and method == "firth":
        raise UsageError("Firth's method is for cases and controls", fix="leave it out")
    source, covariates = as_pandas(source), as_pandas(covariates)
    read = read_trait if quantitative else read_outcome
    samples, candidates, y, table = _read(source, outcome, terms, covariates, coding, read)
    values, names = read_covariates(table, samples)
    known = np.asarray(~np.isnan(np.column_stack([y, values])).any(axis=1))
    if known.sum() < _FEWEST:
        raise FewPeopleError(f"only {known.sum()} people have an outcome and all covariates")
    constant = [n for n, v in zip(names, values[known].T, strict=True) if np.ptp(v) == 0]
    if constant:
        raise NoVariationError(f"the covariate {constant[0]} is the same in everyone")
    study = Study(y, values, names, method, errors, minimum_count, quantitative)
    return study, candidates, _gaps(y, known), samples


def _read(
    source: Any, outcome: BySample | str, terms: Sequence[str] | None, covariates: Any, coding: str,
    read: Callable[[Any, Sequence[Any]], Array],
) -> tuple[Sequence[Any], Candidates, Array, Any]:  # fmt: skip
    """Samples, candidates, outcome and covariates of a cohort or a frame."""
    if isinstance(source, Cohort):
        y = read(outcome, source.samples)
        return source.samples, cohort_candidates(source, terms or KINDS, coding), y, covariates
    samples = list(source.index)
    used: list[str] = []
    if isinstance(outcome, str):
        used, outcome = [outcome], column_of(source, outcome).to_numpy()
    y = read(outcome, samples)
    if isinstance(covariates, str):
        covariates = [covariates]
    if covariates is not None and not hasattr(covariates, "columns"):
        used += list(covariates)
        covariates = source[[column_of(source, name).name for name in covariates]]
    names = list(terms) if terms else [str(c) for c in source.columns if c not in used]
    for name in names:
        column_of(source, name)
    return samples, frame_candidates(source, names, coding), y, covariates


def _gaps(y: Array, known: Mask) -> list[str]:
    notes = []
    if lost := int(np.isnan(y).sum()):
        notes.append(f"{lost} of {len(y)} people have no outcome and are left out")
    if lost := int((~np.isnan(y) & ~known).sum()):
        notes.append(f"{lost} people lack a covariate and are left out")
    return notes


def _conditioned(
    study: Study, candidates: Candidates, condition_on: Sequence[str]
) -> tuple[Study, Candidates]:
    """The study given the columns conditioned on, and the candidates without them."""
    names = [column.name for column in candidates.columns]
    unknown = [name for name in condition_on if name not in names]
    if unknown:
        raise UsageError(f"there is no term {unknown[0]!r} to condition on")
    places = [names.index(name) for name in condition_on]
    left = [j for j in range(len(names)) if j not in places]
    return study.given(candidates.values[:, places], condition_on), candidates.only(left)


def _together(
    study: Study, candidates: Candidates, notes: list[str]
) -> tuple[Regression, Candidates, list[TermEffect]]:
    """All candidates in one regression; those that cannot be tested are noted and left out."""
    reasons, chosen = left_to_test(study, candidates)
    if left_out := len(reasons) - len(chosen.columns):
        notes.append(f"{left_out} terms cannot be tested and are left out; their rows say why")
    complete = study.complete(chosen.values)
    if lost := int(study.complete(np.empty((len(study.y), 0))).sum() - complete.sum()):
        notes.append(f"{lost} people lack one of the terms and are left out")
    regression = study.regress(chosen.values, [column.name for column in chosen.columns])
    effects = [
        effect(study, column, values, None if reason else regression, reason,
               None if reason else complete)
        for column, values, reason in zip(
            candidates.columns, candidates.values.T, reasons, strict=True
        )
    ]  # fmt: skip
    return regression, chosen, effects


def _adjusted(p: Array) -> tuple[Array, Array]:
    """Bonferroni and Benjamini-Hochberg p-values; nan where nothing was tested."""
    from statsmodels.stats.multitest import multipletests

    tested = ~np.isnan(p)
    bonferroni, fdr = np.full_like(p, np.nan), np.full_like(p, np.nan)
    if tested.any():
        bonferroni[tested] = multipletests(p[tested], method="bonferroni")[1]
        fdr[tested] = multipletests(p[tested], method="fdr_bh")[1]
    return bonferroni, fdr
