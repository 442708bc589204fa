"""Genes and an exposure together: joint odds ratios, and interaction on the additive scale.

A model is multiplicative: its terms add up on the log scale. Whether two causes together bring
more cases than the sum of both is a question of the additive scale, so the joint odds ratios are
worked out cell by cell, each against the stratum at lowest risk (Knol and VanderWeele 2012, Int J
Epidemiol 41:514). With reference cell 00:

    RERI = OR11 - OR10 - OR01 + 1,  AP = RERI / OR11,  S = (OR11 - 1) / (OR10 + OR01 - 2)

(Rothman 1986). Intervals are by the delta method from the weights' standard errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from riskscore.arrays import Array
from riskscore.models.model import Exposure, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Z95, Coding, ExposureFactor, Factor, FactorKind, Part, factors_of
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.components import enumerated, factor_numbers
from riskscore.scoring.population.reference import Reference

_COPIES = {"absent": "no copy", "one copy": "one copy", "recessive": "two copies"}


@dataclass(frozen=True, slots=True)
class JointCell:
    """One combination of an exposure's level and a genotype.

    ``share`` is of the population. The odds ratio is against the reference cell; what the model
    has in the same component besides is averaged over the population. ``reri``, ``ap`` and
    ``synergy`` are nan in cells of the reference level or genotype. Each has its 95% interval, nan
    where none of its weights has a published error.
    """

    exposure: str
    level: str
    genotype: str
    share: float
    odds_ratio: float
    odds_ratio_low: float
    odds_ratio_high: float
    reri: float
    reri_low: float
    reri_high: float
    ap: float
    ap_low: float
    ap_high: float
    synergy: float
    synergy_low: float
    synergy_high: float


JOINT_COLUMNS = tuple(field.name for field in fields(JointCell))


def joint_tables(model: RiskModel, panel: ReferencePanel) -> list[JointCell]:
    """A cell a level of each exposure that acts with genes, and each genotype it tells apart.

    Shares are those of the European reference population.

    >>> from riskscore.models.catalog import load_model
    >>> from riskscore.models.reference.panel import reference_panel
    >>> cells = joint_tables(load_model("ra"), reference_panel())
    >>> [cell.genotype for cell in cells if cell.level == "ever"]
    ['shared_epitope: no copy', 'shared_epitope: one copy', 'shared_epitope: two copies']
    """
    reference = build_reference(model, panel, "EUR")
    products = [term for term in model.terms if term.part is Part.INTERACTION]
    acting = dict.fromkeys(factor.exposure for factor in factors_of(products, ExposureFactor))
    exposures = [model.exposure(name) for name in acting]
    return [cell for e in exposures if not e.is_dose for cell in _table(reference, e)]


def _table(reference: Reference, exposure: Exposure) -> list[JointCell]:
    """The cells of one exposure, the reference level and genotype first."""
    terms, kinds = reference.model.terms, reference.kinds
    own = f"exposure {exposure.id}"
    component = next(c for c in reference.components if own in c.kinds)
    members = [terms[j] for j in component.terms if reference.by_sex[None].counted[j]]
    states = enumerated(component.kinds, members, kinds)
    genes = list(
        dict.fromkeys(
            factor
            for term in members
            if any(factor.reads == own for factor in term.factors)
            for factor in term.factors
            if factor.kind is not FactorKind.EXPOSURE
        )
    )
    numbers = factor_numbers(component.kinds, genes, kinds)
    codes = np.column_stack([numbers[gene] for gene in genes])
    genotypes, genotype = np.unique(codes, axis=0, return_inverse=True)
    level = _levels(reference, component.kinds, exposure)
    shape = (len(exposure.levels), len(genotypes))
    odds, share = np.zeros(shape), np.zeros(shape)
    slopes = np.zeros((*shape, len(members)))
    tilted = states.probability * np.exp(states.value)
    for i, j in np.ndindex(shape):
        cell = (level == i) & (genotype.ravel() == j)
        share[i, j] = states.probability[cell].sum()
        odds[i, j] = tilted[cell].sum() / share[i, j]
        slopes[i, j] = states.numbers[:, cell] @ tilted[cell] / tilted[cell].sum()
    order = np.argsort(odds[0], kind="stable")  # the genotype at lowest risk comes first
    odds, share, slopes = odds[:, order], share[:, order], slopes[:, order]
    errors = np.array([term.standard_error or 0.0 for term in members])
    table = _Table(odds / odds[0, 0], slopes - slopes[0, 0], errors)
    labels = [_label(genes, kind) for kind in genotypes[order]]
    return [
        JointCell(
            exposure.id,
            exposure.levels[i].value,
            labels[j],
            float(share[i, j]),
            *table.odds_ratio(i, j),
            *(table.additive(i, j) if i and j else (float("nan"),) * 9),
        )
        for i, j in np.ndindex(shape)
    ]


def _levels(reference: Reference, names: tuple[str, ...], exposure: Exposure) -> Array:
    """The place of the exposure's level in every joint state."""
    shape = tuple(len(reference.kinds[name].population.probability) for name in names)
    along = [1] * len(names)
    along[names.index(f"exposure {exposure.id}")] = -1
    places = np.arange(len(exposure.levels), dtype=np.float64)
    return np.broadcast_to(places.reshape(along), shape).ravel()


@dataclass(frozen=True)
class _Table:
    """Odds ratios (levels, genotypes), the slopes of their logs by weight, the weights' errors."""

    ratio: Array
    slopes: Array
    errors: Array

    def odds_ratio(self, i: int, j: int) -> tuple[float, float, float]:
        """The odds ratio of a cell with its interval."""
        value = float(self.ratio[i, j])
        reach = float(np.exp(Z95 * self._sd(self.slopes[i, j]))) if i or j else 1.0
        return value, value / reach, value * reach

    def additive(self, i: int, j: int) -> tuple[float, ...]:
        """RERI, AP and S of a cell, each with its interval."""
        both, level, gene = self.ratio[i, j], self.ratio[i, 0], self.ratio[0, j]
        d_both, d_level, d_gene = (
            self.ratio[cell] * self.slopes[cell] for cell in ((i, j), (i, 0), (0, j))
        )
        reri = both - level - gene + 1
        d_reri = d_both - d_level - d_gene
        reach = Z95 * self._sd(d_reri)
        ap = reri / both
        ap_reach = Z95 * self._sd(d_reri / both - reri / both**2 * d_both)
        synergy = (float("nan"),) * 3
        if both > 1 and level + gene > 2:  # otherwise S has no meaning
            s = (both - 1) / (level + gene - 2)
            d_log = d_both / (both - 1) - (d_level + d_gene) / (level + gene - 2)
            with np.errstate(over="ignore"):  # nearly no effect: from 0 to infinity
                factor = np.exp(Z95 * self._sd(d_log))
            synergy = (float(s), float(s / factor), float(s * factor))
        return (
            *(float(x) for x in (reri, reri - reach, reri + reach)),
            *(float(x) for x in (ap, ap - ap_reach, ap + ap_reach)),
            *synergy,
        )

    def _sd(self, slopes: Array) -> float:
        """The standard error; nan where no weight that matters has one, which is not certainty."""
        return float(np.sqrt(((self.errors * slopes) ** 2).sum())) or float("nan")


def _label(genes: Sequence[Factor], numbers: Array) -> str:
    """A genotype in words, from the numbers of the factors that tell it apart."""
    names: dict[str, list[tuple[Coding, float]]] = {}
    for gene, number in zip(genes, numbers.tolist(), strict=True):
        coding = getattr(gene, "coding", None)
        if isinstance(coding, Coding):
            names.setdefault(str(gene), []).append((coding, number))
    words = []
    for name, told in names.items():
        if len(told) > 1:  # several codings of one count: the one that holds
            held = next((c.name for c, number in told if number), "")
            words.append(f"{name}: {_COPIES.get(held, held or 'other')}")
        elif told[0][0].name in ("dominant", "absent"):
            carried = bool(told[0][1]) == (told[0][0].name == "dominant")
            words.append(f"{'with' if carried else 'without'} {name}")
        else:
            words.append(f"{name} ({told[0][0].name}): {told[0][1]:g}")
    return ", ".join(words)
