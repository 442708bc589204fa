"""Association of many columns, one by one, together by position, or step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import FewPeopleError, NoVariationError, SeparationError
from riskscore.studies.association.candidates import Candidate, Candidates
from riskscore.studies.linear import linear, max_linear_loglik
from riskscore.studies.regression import (
    Errors,
    Method,
    Regression,
    independent,
    likelihood_ratio,
    logistic,
    max_loglik,
    with_intercept,
)

_NAN = float("nan")
_STEPS = 30  # the most that a stepwise analysis takes


@dataclass(frozen=True)
class TermEffect:
    """One estimate. ``beta`` is a natural log odds ratio; the 95% interval is of the odds ratio.
    Of a quantitative trait beta is in the trait's units, the interval is of beta, and numbers of
    cases are nan or 0.

    ``carriers`` have at least half a copy (or are exposed); ``frequency`` is the share of
    chromosomes (or of people exposed, or the mean of a dose). ``effective_count`` is the rarer
    allele's copies times the imputation's information. ``note`` says why there is no estimate.
    ``locus`` and the alleles are those of a SNP, in the cohort's build.
    """

    term: str
    kind: str
    gene: str
    position: int
    coding: str
    beta: float
    se: float
    odds_ratio: float
    low: float
    high: float
    p: float
    n: int
    cases: int
    carriers: int
    frequency: float
    frequency_cases: float
    frequency_controls: float
    effective_count: float
    method: str
    note: str
    locus: str = ""
    effect_allele: str = ""
    other_allele: str = ""


@dataclass(frozen=True)
class Omnibus:
    """A likelihood-ratio test of several columns at once, such as the residues of a position.

    ``reference`` is the column left out, the most frequent, where all of them sum to a constant.
    """

    group: str
    kind: str
    gene: str
    position: int
    terms: tuple[str, ...]
    reference: str
    chi2: float
    df: int
    p: float
    n: int


@dataclass(frozen=True)
class Study:
    """What every regression of a study shares: outcome, covariates, columns conditioned on.

    The outcome is 1 and 0 for cases and controls, or the value of a ``quantitative`` trait.
    """

    y: Array
    covariates: Array
    covariate_names: tuple[str, ...]
    method: Method
    errors: Errors
    minimum_count: float
    quantitative: bool

    def given(self, columns: Array, names: Sequence[str]) -> Study:
        """The same study, conditioned on more columns."""
        return replace(
            self,
            covariates=np.column_stack([self.covariates, columns]),
            covariate_names=(*self.covariate_names, *names),
        )

    def complete(self, columns: Array) -> Mask:
        """People of whom outcome, covariates and the columns are known."""
        everything = np.column_stack([self.y, self.covariates, columns])
        return np.asarray(~np.isnan(everything).any(axis=1))

    def regress(self, columns: Array, names: Sequence[str]) -> Regression:
        """Columns and covariates together, in the complete people."""
        rows = self.complete(columns)
        y, design = self.y[rows], np.column_stack([columns, self.covariates])[rows]
        labels = (*names, *self.covariate_names)
        if self.quantitative:
            return linear(y, design, labels, errors=self.errors)
        return logistic(
            y, design, labels, method=self.method, errors=self.errors, of_interest=names
        )

    def max_loglik(self, y: Array, columns: Array) -> float:
        """The highest log-likelihood of some people's outcome on columns."""
        key = _digest(y, columns)
        if key not in self._logliks:
            highest = max_linear_loglik if self.quantitative else max_loglik
            self._logliks[key] = highest(y, columns)
        return self._logliks[key]

    @cached_property
    def _logliks(self) -> dict[bytes, float]:
        """Log-likelihoods so far; many positions of a gene split its alleles in the same way."""
        return {}


def _digest(*arrays: Array) -> bytes:
    """A hash of arrays, rounded to 12 decimals."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.round(array, 12).tobytes())
    return digest.digest()


def one_by_one(study: Study, candidates: Candidates) -> list[TermEffect]:
    """Each candidate alone with the covariates; general codings two columns at a time.

    Columns of the same numbers, such as residues of the same alleles, are regressed once.
    """
    effects: list[TermEffect] = []
    known: dict[tuple[bytes, tuple[str, ...]], list[TermEffect]] = {}
    for places in _blocks(candidates.columns):
        columns = [candidates.columns[j] for j in places]
        values = candidates.values[:, places]
        key = (_digest(values), tuple(f"{c.coding} {c.kind == 'exposure'}" for c in columns))
        if key in known:
            effects += [_renamed(e, c) for e, c in zip(known[key], columns, strict=True)]
            continue
        found = _estimate(study, columns, values)
        if not any(effect.note for effect in found):  # the note of an effect may name its column
            known[key] = found
        effects += found
    return effects


def _renamed(effect: TermEffect, column: Candidate) -> TermEffect:
    """The effect of a column, from that of another column with the same numbers."""
    return replace(
        effect, term=column.name, kind=column.kind, gene=column.gene, position=column.position,
        locus=column.locus, effect_allele=column.effect_allele, other_allele=column.other_allele,
    )  # fmt: skip


def _blocks(columns: Sequence[Candidate]) -> Iterator[list[int]]:
    """Places of the columns that belong in one regression: both of a general coding."""
    place = 0
    while place < len(columns):
        pair = columns[place : place + 2]
        general = (
            len(pair) == 2
            and [c.coding for c in pair] == ["dominant", "recessive"]
            and pair[0].name.removesuffix(" (dominant)")
            == pair[1].name.removesuffix(" (recessive)")
        )
        yield [place, place + 1] if general else [place]
        place += 2 if general else 1


def _estimate(study: Study, columns: Sequence[Candidate], values: Array) -> list[TermEffect]:
    """Effects of columns in one regression; those that cannot be tested carry the reason."""
    notes = [untestable(study, column, v) for column, v in zip(columns, values.T, strict=True)]
    kept = [j for j, note in enumerate(notes) if not note]
    fitted = None
    if kept:
        try:
            fitted = study.regress(values[:, kept], [columns[j].name for j in kept])
        except (FewPeopleError, NoVariationError, SeparationError) as error:
            notes = [note or f"not tested: {error.what}" for note in notes]
    return [
        effect(study, column, values[:, j], fitted if not notes[j] else None, notes[j])
        for j, column in enumerate(columns)
    ]


def untestable(study: Study, column: Candidate, values: Array) -> str:
    """Why a column cannot be tested, in words; empty when it can."""
    rows = study.complete(values[:, None])
    seen = values[rows]
    if not seen.size:
        return "not tested: not observed"
    if np.ptp(seen) == 0:
        return "not tested: the same in everyone"
    if np.ptp(study.y[rows]) == 0 and study.quantitative:
        return "not tested: the trait is the same in everyone observed"
    if np.ptp(study.y[rows]) == 0:
        return "not tested: observed in cases or controls only"
    count = effective_count(seen) if column.counts_copies else _NAN
    if count < study.minimum_count:
        return f"not tested: effective allele count {count:.1f} is below {study.minimum_count:g}"
    return ""


def effective_count(copies: Array) -> float:
    """Copies of the rarer allele, times the information its dosages keep.

    The information is the dosages' variance over that of genotypes in Hardy-Weinberg proportions,
    1 at the most (the imputation's R2).

    >>> effective_count(np.array([0.0, 1.0, 2.0, 1.0]))
    4.0
    """
    share = float(copies.mean()) / 2
    expected = 2 * share * (1 - share)
    information = min(1.0, float(copies.var()) / expected) if expected > 0 else 0.0
    return 2 * len(copies) * min(share, 1 - share) * information


def effect(
    study: Study,
    column: Candidate,
    values: Array,
    fitted: Regression | None,
    note: str,
    rows: Mask | None = None,
) -> TermEffect:
    """The row of one column, with or without an estimate; ``rows`` are the people it is from."""
    rows = study.complete(values[:, None]) if rows is None else rows
    x, y = values[rows], study.y[rows]
    case, control = ((y == one) & (not study.quantitative) for one in (1, 0))
    scale = 2.0 if column.counts_copies and column.coding == "additive" else 1.0

    def mean(part: Array) -> float:
        return float(part.mean()) / scale if part.size else _NAN

    numbers = dict.fromkeys(("beta", "se", "odds_ratio", "low", "high", "p"), _NAN)
    if fitted:
        j = fitted.at(column.name)
        with np.errstate(over="ignore"):
            numbers = {
                "beta": float(fitted.beta[j]),
                "se": float(fitted.se[j]),
                "odds_ratio": float(np.exp(fitted.beta[j])),
                "low": float(np.exp(fitted.low[j])),
                "high": float(np.exp(fitted.high[j])),
                "p": float(fitted.p[j]),
            }
        if study.quantitative:
            own = {"low": float(fitted.low[j]), "high": float(fitted.high[j])}
            numbers |= {**own, "odds_ratio": _NAN}
        if column.name in fitted.infinite:
            note = "cases and controls are separated: Firth's method"
    return TermEffect(
        term=column.name, kind=column.kind, gene=column.gene, position=column.position,
        coding=column.coding, **numbers, n=len(x), cases=int(case.sum()),
        carriers=int((x >= 0.5).sum()), frequency=mean(x), frequency_cases=mean(x[case]),
        frequency_controls=mean(x[control]),
        effective_count=effective_count(x) if column.counts_copies and x.size else _NAN,
        method=fitted.method if fitted else "", note=note, locus=column.locus,
        effect_allele=column.effect_allele, other_allele=column.other_allele,
    )  # fmt: skip


def by_group(study: Study, candidates: Candidates) -> list[Omnibus]:
    """A likelihood-ratio test for each group of two columns or more, such as a residue position."""
    tests = []
    for group, places in _groups(candidates).items():
        kept = _testable(study, candidates, places) if len(places) > 1 else []
        if kept:
            tests.append(_omnibus(study, candidates, group, kept)[0])
    return tests


def _groups(candidates: Candidates) -> dict[str, list[int]]:
    """The places of the columns of each group."""
    groups: dict[str, list[int]] = {}
    for j, column in enumerate(candidates.columns):
        groups.setdefault(column.group, []).append(j)
    return groups


def left_to_test(study: Study, candidates: Candidates) -> tuple[list[str], Candidates]:
    """Why each candidate cannot be tested (empty where it can), and those that can.

    Raises NoVariationError where none can.
    """
    reasons = [
        untestable(study, column, candidates.values[:, j])
        for j, column in enumerate(candidates.columns)
    ]
    kept = [j for j, reason in enumerate(reasons) if not reason]
    if not kept:
        raise NoVariationError(
            "none of the terms can be tested",
            fix="see the notes of a fit that takes them one by one",
        )
    return reasons, candidates.only(kept)


def _testable(study: Study, candidates: Candidates, places: Sequence[int]) -> list[int]:
    return [
        j for j in places
        if not untestable(study, candidates.columns[j], candidates.values[:, j])
    ]  # fmt: skip


def _omnibus(
    study: Study, candidates: Candidates, group: str, places: list[int]
) -> tuple[Omnibus, list[int]]:
    """The test of a group's columns, and the columns that are linearly independent."""
    first = candidates.columns[places[0]]
    rows = study.complete(candidates.values[:, places])
    reference, names = "", tuple(candidates.columns[j].name for j in places)
    values = candidates.values[:, places][rows]
    # Where every allele has one of the residues they sum to two: the most frequent is left out.
    if len(places) > 1 and np.ptp(values.sum(axis=1)) < 1e-6:
        aside = int(values.sum(axis=0).argmax())
        reference = candidates.columns[places[aside]].name
        places = [j for j in places if j != places[aside]]
        names = tuple(candidates.columns[j].name for j in places)
        values = candidates.values[:, places][rows]
    y, covariates = study.y[rows], study.covariates[rows]
    own = independent(with_intercept(covariates), values)
    df, values = len(own), values[:, own]
    chi2, p = (_NAN, _NAN)
    if df and np.ptp(y):
        larger = study.max_loglik(y, np.column_stack([covariates, values]))
        chi2, p = likelihood_ratio(study.max_loglik(y, covariates), larger, df)
    test = Omnibus(
        group, first.kind, first.gene, first.position, names, reference, chi2, df, p, len(y)
    )
    return test, [places[j] for j in own]


def stepwise(
    study: Study, candidates: Candidates, threshold: float
) -> tuple[list[int], list[TermEffect]]:
    """Forward selection: the strongest column, then the strongest given it, down to ``threshold``.

    Returns the places of the chosen columns in order, and each one's effect when it was chosen.
    """
    chosen: list[int] = []
    steps: list[TermEffect] = []
    while len(chosen) < _STEPS:
        here = study.given(
            candidates.values[:, chosen], [candidates.columns[j].name for j in chosen]
        )
        left = [j for j in range(len(candidates.columns)) if j not in chosen]
        found = one_by_one(here, candidates.only(left))
        best = min(
            (i for i, e in enumerate(found) if e.p <= threshold),
            key=lambda i: (found[i].p, -abs(found[i].beta / found[i].se)),
            default=None,
        )
        if best is None:
            break
        chosen.append(left[best])
        steps.append(found[best])
    return chosen, steps


def stepwise_groups(
    study: Study, candidates: Candidates, threshold: float
) -> tuple[list[int], list[Omnibus]]:
    """Forward selection of groups: the most significant position, then the next one given it.

    Each step tests the columns of every group together (likelihood ratio), given all columns of
    the groups chosen before. A column alone is a group of one. Returns the places of the chosen
    columns that are linearly independent, and the test of each step.
    """
    groups, chosen, steps = _groups(candidates), list[int](), list[Omnibus]()
    while groups and len(steps) < _STEPS:
        names = [candidates.columns[j].name for j in chosen]
        here = study.given(candidates.values[:, chosen], names)
        found = [
            (*_omnibus(here, candidates, group, kept), group)
            for group, places in groups.items()
            if (kept := _testable(here, candidates, places))
        ]
        significant = [one for one in found if one[0].p <= threshold]
        if not significant:
            break
        # Where p-values are equal (0), the larger statistic for each degree of freedom.
        test, own, group = min(significant, key=lambda one: (one[0].p, -one[0].chi2 / one[0].df))
        del groups[group]
        chosen += own
        steps.append(test)
    return chosen, steps
