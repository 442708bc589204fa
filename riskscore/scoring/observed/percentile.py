"""A person's percentile: where what was observed stands in the distribution of just that.

A score of which much is unknown lies nearer to the mean than a whole one. Against the whole score's
distribution such people would crowd in the middle; against the distribution, over the same
reference population, of what the same observations tell of the score, their percentiles are
uniform. Measurements that are known count as observed, of the others the mean given these.

Of an uncertain genotype of variance V, of which the share q is left open, the mean M given what was
read is taken to go with the number X itself as in a normal distribution of both:

    E[M | X] = (1 - q) X,    Var(M | X) = V q (1 - q),    so that Var(M) = V (1 - q)

X being from its mean. So the steps of a score that few genotypes make are as blurred as the
genotypes are unsure, and who is a little off a step stands in it and not above it. The single
variants together have a share of their own. A missing genotype here and there shrinks their
distribution by what it takes.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Places
from riskscore.genetics.missing import Missing
from riskscore.genetics.sex import Sex
from riskscore.models.terms import FactorKind, Term
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.kinds.states import States, alike
from riskscore.scoring.kinds.variant import VariantKind
from riskscore.scoring.observed.grid import Grid, Heard, Spectral
from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.population.components import (
    Component,
    components,
    enumerated,
    factor_numbers,
    is_single_variant,
)
from riskscore.scoring.population.distribution import (
    WIDTH,
    Distribution,
    binned,
    exact_or_normal,
    normal_bins,
)
from riskscore.scoring.population.reference import Reference

_STEPS = 16  # scales are rounded to this part of 1
# Shares left open are rounded to so many steps from a number to its double, and a lesser one is
# nothing: of the genes that act together, and of the single variants.
_OCTAVE, _LEAST_OPEN = 4, 2.0**-30
_VARIANTS_OCTAVE, _LEAST_OF_VARIANTS = 2, 2.0**-12
_REACH = 24  # standard deviations that the grid spans
_KEPT = 64  # distributions that are kept for the people of other chunks
_FEW = 2048  # so many frequencies at most, the lowest, are summed at people's scores
Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held", bound=NDArray[Any] | Heard)


class _Alike(NamedTuple):
    """What people whose scores are of one distribution have in common."""

    known: bytes  # what was observed of each component
    left_open: float  # the share of the variance of genes that act together
    of_variants: float  # how far the single variants shrink by those that are missing
    unsure: float  # the share of the others' variance that is left open

    @property
    def scale(self) -> float:
        """How far the single variants shrink, by those that are missing and those unsure."""
        return self.of_variants * (1 - self.unsure)


class _Known(NamedTuple):
    """By component the factors that were observed, as masks and as keys."""

    masks: list[Mask]
    keys: list[bytes]

    @classmethod
    def of(cls, masks: list[Mask]) -> _Known:
        return cls(masks, [np.packbits(mask).tobytes() for mask in masks])


class ObservedPercentiles:
    """Percentiles in a reference population; remembers the distributions it has made."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._sexes: dict[tuple[bool, ...], _OfSex] = {}  # by the terms that apply

    def percentile(
        self, measured: Measurements, design: DesignMatrix, spread: Uncertainty, log_odds: Array
    ) -> Array:
        """By person the percentile of the score, shape (people,)."""
        found = np.full(len(log_odds), np.nan)
        together: dict[_OfSex, list[Places]] = {}
        for sex, people in measured.by_sex.items():
            together.setdefault(self._of(sex, measured), []).append(people)
        for own, several in together.items():
            everybody = np.concatenate(several)
            found[everybody] = own.percentile(measured, design, spread, log_odds, everybody)
        return found

    def _of(self, sex: Sex | None, measured: Measurements) -> _OfSex:
        """The parts that count in one sex, which are those of another where the terms are."""
        model = self.reference.model
        key = tuple(model.applies(term, sex) for term in model.terms)
        if key not in self._sexes:
            self._sexes[key] = _OfSex(self.reference, sex, measured)
        return self._sexes[key]


class _OfSex:
    """The parts of the score that count in one sex."""

    def __init__(self, reference: Reference, sex: Sex | None, measured: Measurements) -> None:
        own, terms = reference.by_sex[sex], reference.model.terms
        self.reference, self.whole = reference, own.distribution
        self.columns = np.flatnonzero(own.counted)
        self.terms = [terms[j] for j in self.columns]
        found = components(self.terms, reference.kinds)
        self.shared: list[Component] = []
        self.present: list[int] = []  # single variants that the file has, by their place in terms
        self.complete = True
        for component in found:
            if not is_single_variant([self.terms[k] for k in component.terms]):
                self.shared.append(component)
            elif _in_file(self.terms[component.terms[0]], measured):
                self.present.append(component.terms[0])
            else:
                self.complete = False
        # Stand-ins count in people whose gene is not typed.
        self.stand_ins = [
            j for j, t in enumerate(terms) if t.fallback_for and reference.model.applies(t, sex)
        ]
        for j in self.stand_ins:
            names = tuple(reference.kinds.read_by(terms[j].factors))
            self.shared.append(Component(names, (len(self.terms),)))
            self.terms.append(terms[j])
        chosen = self.columns[self.present]
        self.expected = reference.weights[chosen] ** 2 * reference.variance[chosen]
        self._by_genes = [self._genes(number) for number in range(len(self.shared))]
        self._parts: dict[tuple[int, bytes], States | None] = {}
        self._densities: dict[float, Spectral] = {}
        self._heard: dict[float, Heard] = {}  # their frequencies
        self._variances: dict[bytes, float] = {}
        self._transforms: dict[tuple[int, bytes, float], Spectral] = {}
        self._low: dict[tuple[int, bytes, float], Spectral] = {}  # their low frequencies
        self._cumulative: dict[_Alike, Array] = {}
        self._blurred: dict[_Alike, tuple[Spectral, Places] | None] = {}
        spread = math.sqrt(self.whole.variance)
        self.grid = Grid(2 ** math.ceil(math.log2(max(1.0, _REACH * spread) / WIDTH)))

    def percentile(
        self,
        measured: Measurements,
        design: DesignMatrix,
        spread: Uncertainty,
        log_odds: Array,
        people: NDArray[np.intp],
    ) -> Array:
        known = [mask[people] for mask in self._known(measured, design)]
        of_variants, unsure = self._variant_scale(design, spread, people)
        doubt = (spread.variance[VarianceSource.GENOTYPES] - spread.variants)[people]
        masks = [np.packbits(mask, axis=1) for mask in known]
        pattern = np.column_stack([np.zeros(len(people), dtype=np.uint8), *masks])
        head, kind = alike(pattern)
        patterns = [_Known.of([mask[first] for mask in known]) for first in head.tolist()]
        left_open = np.zeros(len(people))
        for number, pattern_of in enumerate(patterns):
            inside = kind == number
            variance = self._measured_variance(pattern_of)
            left_open[inside] = _left_open(doubt[inside], variance, _OCTAVE, _LEAST_OPEN)
        told = [kind.astype(np.float64), left_open, of_variants, unsure]
        keys, which = alike(np.column_stack(told))
        x = log_odds[people]
        found = np.empty(len(people))
        order, ends = np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))
        blurred: dict[int, list[tuple[Spectral, Places, Places]]] = {}  # by their frequencies
        for first, inside in zip(keys.tolist(), np.split(order, ends[:-1]), strict=True):
            pattern_of = patterns[kind[first]]
            own, scale, share = (float(column[first]) for column in told[1:])
            of = _Alike(b"".join(pattern_of.keys), own, scale, share)
            few = self._few(of, pattern_of) if own or share else None
            if few is not None:
                blurred.setdefault(len(few[1]), []).append((*few, inside))
            else:
                found[inside] = self._place(pattern_of, of, x[inside])
        for several in blurred.values():
            transforms, chosen, places = zip(*several, strict=True)
            inside = np.concatenate(places)
            of_each = np.repeat(np.arange(len(places)), [len(place) for place in places])
            share_of = self.grid.below(np.array(transforms), np.array(chosen), x[inside], of_each)
            found[inside] = np.clip(100 * share_of, 0, 100)
        return found

    def _place(self, known: _Known, of: _Alike, x: Array) -> Array:
        """Percentiles of people alike in what is known of them, where many frequencies tell it."""
        counted = len(self.shared) - len(self.stand_ins)
        everything = all(mask.all() for mask in known.masks[:counted]) and self.complete
        everything &= not any(mask.any() for mask in known.masks[counted:])
        if everything and not (of.left_open or of.unsure) and of.of_variants == 1:
            return self.whole.percentile(x)
        return np.clip(100 * self.grid.between(self._middles(of, known), x), 0, 100)

    def _middles(self, of: _Alike, known: _Known) -> Array:
        """The distribution function on the grid."""
        if of not in self._cumulative:
            total = self._total(of, known, slice(None))
            _keep(self._cumulative, of, self.grid.middles(total))
        return self._cumulative[of]

    def _few(self, of: _Alike, known: _Known) -> tuple[Spectral, Places] | None:
        """The transform where anything is left of it, and at which frequencies; None of many."""
        if of not in self._blurred:
            scale = of.scale
            if scale not in self._heard:
                _keep(self._heard, scale, self.grid.heard(self._variants(scale)))
            heard = self.grid.heard_beside(self._heard[scale], self._blur(of, known))
            few = heard[-1] < min(_FEW, self.grid.count - 1)
            self._blurred[of] = (self._total(of, known, heard), heard) if few else None
        return self._blurred[of]

    def _total(self, of: _Alike, known: _Known, chosen: Places | slice) -> Spectral:
        """Some frequencies of the distribution's transform."""
        low = not isinstance(chosen, slice)
        total = self._variants(of.scale)[chosen].copy()
        for number in range(len(self.shared)):
            transform = self._transform(number, known, 1 - of.left_open, low=low)
            if transform is not None:
                total *= transform[chosen]
        if of.left_open or of.unsure:
            total *= self.grid.normal(self._blur(of, known), chosen)
        return total

    def _blur(self, of: _Alike, known: _Known) -> float:
        """The variance by which what is left open blurs the distribution."""
        variants = float(self.expected.sum()) * of.of_variants**2
        blur = self._measured_variance(known) * of.left_open * (1 - of.left_open)
        return blur + variants * of.unsure * (1 - of.unsure)

    def _known(self, measured: Measurements, design: DesignMatrix) -> list[Mask]:
        """By component the factors that were observed, shape (people, factors)."""
        masks = [
            np.column_stack(
                [measured.evidence(name).missing == Missing.NOT_MISSING for name in part.kinds]
            )
            for part in self.shared
        ]
        for mask, j in zip(masks[len(masks) - len(self.stand_ins) :], self.stand_ins, strict=True):
            np.logical_and(mask, (design.missing[:, j] == Missing.NOT_MISSING)[:, None], out=mask)
        return masks

    def _variant_scale(
        self, design: DesignMatrix, spread: Uncertainty, people: NDArray[np.intp]
    ) -> tuple[Array, Array]:
        """By person how far the distribution of the file's single variants shrinks by those that
        are missing, and the share of the others' variance that is left open.
        """
        lost = np.zeros(len(people))
        for expected, place in zip(self.expected.tolist(), self.present, strict=True):
            gap = design.missing[people, self.columns[place]] != Missing.NOT_MISSING
            if gap.any():
                lost += np.where(gap, expected, 0.0)
        scale = _scale(lost, float(self.expected.sum()))
        variance = float(self.expected.sum()) - lost
        unsure = _left_open(spread.variants[people], variance, _VARIANTS_OCTAVE, _LEAST_OF_VARIANTS)
        return scale, unsure

    def _part(self, number: int, known: _Known) -> States | None:
        """The mean of a component's value given what is known; None where nothing is."""
        key = (number, known.keys[number])
        if key not in self._parts:
            component, kinds = self.shared[number], self.reference.kinds
            factors = [factor for name in component.kinds for factor in kinds[name].factors]
            told = known.masks[number].tolist()
            seen = [factor for factor, own in zip(factors, told, strict=True) if own]
            states = enumerated(component.kinds, [self.terms[k] for k in component.terms], kinds)
            self._parts[key] = None
            if seen:
                numbers = factor_numbers(component.kinds, seen, kinds)
                _, kind = alike(np.column_stack([numbers[factor] for factor in seen]))
                share = np.bincount(kind, states.probability).astype(np.float64)
                mean = np.bincount(kind, states.probability * states.value)
                held = share > 0
                values = mean[held] / share[held] - float(mean.sum())
                self._parts[key] = States.one(values[:, None], share[held])
        return self._parts[key]

    def _genes(self, number: int) -> bool:
        """Whether a component reads more than exposures."""
        kinds = self.reference.kinds
        return any(
            kinds[name].factors[0].kind is not FactorKind.EXPOSURE
            for name in self.shared[number].kinds
        )

    def _measured_variance(self, known: _Known) -> float:
        """The variance that known genes bring, which uncertain genotypes take from."""
        key = b"".join(known.keys)
        if key not in self._variances:
            parts = [self._part(k, known) for k in range(len(self.shared)) if self._by_genes[k]]
            squares = [p.probability @ p.values[:, 0] ** 2 for p in parts if p is not None]
            self._variances[key] = float(sum(squares))
        return self._variances[key]

    def _transform(self, number: int, known: _Known, scale: float, *, low: bool) -> Spectral | None:
        """The transform of a component's distribution, or the ``low`` frequencies of it."""
        scale = scale if self._by_genes[number] else 1.0
        key = (number, known.keys[number], scale)
        if low and key in self._low:
            return self._low[key]
        part = self._part(number, known)
        if part is None:
            return None
        if key in self._transforms:
            return self._transforms[key]
        bins = binned(part.values[:, 0] * scale, part.probability)
        transform = self.grid.transform(*bins)
        if low:
            self._low[key] = transform[:_FEW].copy()
        else:
            _keep(self._transforms, key, transform)
        return transform

    def _variants(self, scale: float) -> Spectral:
        """The transform of the file's single variants, shrunk."""
        if scale not in self._densities:
            terms = [self.terms[place] for place in self.present]
            kinds = [self.reference.kinds.of(term.factors[0]) for term in terms]
            values = np.array(
                [
                    term.weight * (kind.numbers(term.factors[0]) - self.reference.mean[column])
                    for term, kind, column in zip(
                        terms, kinds, self.columns[self.present], strict=True
                    )
                ]
            ).reshape(len(terms), 3)
            shares = np.array([kind.population.probability for kind in kinds]).reshape(
                len(terms), 3
            )
            variants, sd, _ = exact_or_normal(values * scale, shares)
            grid, density = Distribution((), variants).density
            transform = self.grid.transform(round(grid[0] / WIDTH), density)
            if sd:
                transform *= self.grid.transform(*normal_bins(sd))
            _keep(self._densities, scale, transform)
        return self._densities[scale]


def _in_file(term: Term, measured: Measurements) -> bool:
    """Whether the files have the variant of a term, or what it marks, in whomever."""
    kind = measured.kinds.of(term.factors[0])
    return isinstance(kind, VariantKind) and kind.measured(measured.cohort)


def _keep(held: dict[Key, Held], key: Key, value: Held) -> None:
    """Hold one more, in the place of the oldest where there are many."""
    if len(held) >= _KEPT:
        del held[next(iter(held))]
    held[key] = value


def _left_open(doubt: Array, variance: Array | float, octave: int, least: float) -> Array:
    """The share of a variance that is left open, rounded in even steps of its logarithm."""
    whole = np.broadcast_to(np.asarray(variance, dtype=np.float64), doubt.shape)
    share = np.divide(doubt, whole, out=np.zeros(len(doubt)), where=whole > 0)
    share = np.clip(share, 0.0, 1.0)
    steps = np.round(octave * np.log2(np.maximum(share, least)))
    return np.where(share > least, 2.0 ** (steps / octave), 0.0)


def _scale(lost: Array, variance: float) -> Array:
    """The standard deviation that is left, as a share of the whole, where some variance is lost."""
    if variance <= 0:
        return np.ones(len(lost))
    share = np.sqrt(np.maximum(1 - lost / variance, 0.0))
    return np.asarray(np.round(share * _STEPS) / _STEPS)
