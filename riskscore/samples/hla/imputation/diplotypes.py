"""From genotypes to a posterior over pairs of HLA haplotypes of a region.

In a metric V (see metric.py) the misfit of a pair (i, j) of panel haplotypes to a person's
genotypes g is C_ij = |Vg - z_i - z_j|^2, with z the haplotypes' own places, and the pair weighs

    f_i f_j exp(-SHARPNESS C_ij),

f being how frequent the haplotypes are among people of the person's ancestry. In a plane stretched
by sqrt(2 SHARPNESS) the exponent is, up to a constant, l_i + l_j + z_i z_j with
l_i = z_i z_i / 2 - z_i Vg: one product of matrices. Sums of weights by what the haplotypes carry
are the posterior; phase of the genotypes is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Array32, Mask, Places
from riskscore.samples.hla.imputation.blocks import distinct_rows
from riskscore.samples.hla.imputation.metric import Metric, fit_metric
from riskscore.samples.hla.imputation.panel import UNKNOWN, PhasedPanel
from riskscore.samples.hla.imputation.regions import GeneRegion

SHARPNESS = 0.15
_STRETCH = np.float32(np.sqrt(2 * SHARPNESS))
_FIRST = 640  # haplotypes that contradict a person's homozygous genotypes least
_SEEDS = 256  # of them, those that partners are looked for
_LEADING = 24  # directions in which partners are looked for
_PAIRED = 128  # haplotypes whose pairs are all weighed
NEW = -2  # in place of a label: a haplotype that the panel does not have
_RARE = 0.05  # share of the whole panel's frequency in each superpopulation's
_NEGLIGIBLE = 1e-4  # of the weight of the best pair
_UNSEEN = 1e-4  # probability of what a view leaves out


@dataclass(frozen=True)
class FittedView:
    """A metric, and the panel's haplotypes that differ by its SNPs or by what they carry.

    ``label`` (haplotypes,) is what each carries, ``frequency`` (haplotypes, populations) its share
    of each. ``weighted`` (S, haplotypes) are its letters times the SNPs' weights, ``places``
    (haplotypes, directions) where it lies in the stretched plane, and ``squares`` half its squared
    length there.
    """

    metric: Metric
    label: Places
    frequency: Array
    weighted: Array32
    places: Array32
    leading: Array32
    squares: Array32

    @classmethod
    def of(
        cls, metric: Metric, haplotypes: NDArray[np.uint8], label: Places, population: Array
    ) -> FittedView:
        """Of chromosomes: their SNPs, labels, and shares of populations (rows, populations)."""
        first, frequency = _distinct(haplotypes[:, metric.snps], label, population)
        kept = haplotypes[first]
        places = metric.of(kept, 1) * _STRETCH
        leading = np.ascontiguousarray(places[:, -_LEADING:])
        squares = (places * places).sum(axis=1) / 2
        weighted = np.ascontiguousarray((kept[:, metric.snps] * metric.weights).T)
        return cls(metric, label[first], frequency, weighted, places, leading, squares)

    def log_prior(self, ancestry: Array) -> Array32:
        """Log frequencies of the haplotypes where each person comes from, (people, haplotypes)."""
        prior = np.zeros((len(ancestry), len(self.label)))
        for place in range(ancestry.shape[1]):
            prior += ancestry[:, place, None] * self.frequency[:, place]
        return np.log(prior).astype(np.float32)


@dataclass(frozen=True)
class FittedRegion:
    """A region fitted to a panel at the SNPs at hand.

    ``labels`` (labels, genes) are the region's HLA haplotypes as codes of the panel. ``told_by``
    are the places of the views that tell each gene.
    """

    region: GeneRegion
    labels: Places
    views: tuple[FittedView, ...]
    told_by: tuple[tuple[int, ...], ...]

    def labelled(self, codes: Places) -> Places:
        """Which label chromosomes (chromosomes, genes) carry: UNKNOWN, or NEW where none does."""
        count = len(self.labels)
        _, kind = np.unique(np.vstack([self.labels, codes]), axis=0, return_inverse=True)
        kind = kind.ravel()
        place = np.full(int(kind.max()) + 1, NEW, dtype=np.int64)
        place[kind[:count]] = np.arange(count)
        return np.where((codes == UNKNOWN).any(axis=1), UNKNOWN, place[kind[count:]])


@dataclass(frozen=True)
class Pairs:
    """Weights of unordered pairs of labels, a row a pair of a person, in order of person."""

    person: Places
    first: Places
    second: Places
    probability: Array

    def recoded(self, codes: Places) -> Pairs:
        """The pairs of what the labels (labels,) stand for, those alike as one."""
        first, second = codes[self.first], codes[self.second]
        size = int(codes.max()) + 1
        low, high = np.minimum(first, second), np.maximum(first, second)
        whole, group = np.unique((self.person * size + low) * size + high, return_inverse=True)
        probability = np.bincount(group.ravel(), self.probability).astype(np.float64)
        person, key = np.divmod(whole, size * size)
        return Pairs(person, key // size, key % size, probability)


def fit_region(
    region: GeneRegion, panel: PhasedPanel, snps: Places, genes: tuple[str, ...]
) -> FittedRegion:
    """Fit a region's views; ``genes`` are those of the region that are imputed.

    Only chromosomes on which all of them are typed count.
    """
    columns = [panel.genes.index(gene) for gene in genes]
    typed = (panel.codes[:, columns] != UNKNOWN).all(axis=1)
    codes = panel.codes[typed][:, columns].astype(np.int64)
    labels, label = np.unique(codes, axis=0, return_inverse=True)
    label = label.ravel()
    haplotypes, positions = panel.haplotypes[typed][:, snps], panel.positions[snps]
    population = _shares(panel, typed)
    used = [view for view in region.views if set(view.genes) & set(genes)]
    views = []
    for view in used:
        told = [genes.index(gene) for gene in view.genes if gene in genes]
        own = np.unique(codes[:, told], axis=0, return_inverse=True)[1].ravel()
        metric = fit_metric(view, positions, haplotypes, own)
        views.append(FittedView.of(metric, haplotypes, label, population))
    told_by = tuple(
        tuple(k for k, view in enumerate(used) if not region.apart or gene in view.genes)
        for gene in genes
    )
    return FittedRegion(region, labels, tuple(views), told_by)


def _shares(panel: PhasedPanel, typed: Mask) -> Array:
    """What share each typed chromosome is of the frequencies, (chromosomes, populations)."""
    population = np.repeat(panel.population, 2)[typed]
    own = population[:, None] == np.arange(len(panel.populations))
    share = own / np.maximum(own.sum(axis=0), 1)
    return np.asarray((1 - _RARE) * share + _RARE / len(own))


def _distinct(
    haplotypes: NDArray[np.uint8], label: Places, population: Array
) -> tuple[Places, Array]:
    """Rows of haplotypes that differ in SNPs or label, and their frequencies by population."""
    carried = label.astype("<u2")[:, None].view(np.uint8)
    first, group = distinct_rows(np.concatenate([np.packbits(haplotypes, axis=1), carried], axis=1))
    frequency = np.zeros((len(first), population.shape[1]))
    np.add.at(frequency, group, population)
    return first, frequency


def pairs_of(
    region: FittedRegion, genotypes: Array32, ancestry: Array
) -> tuple[Pairs, tuple[Pairs, ...]]:
    """The posterior of each person: genotypes (people, SNPs), ancestry (people, populations).

    First pairs of the region's haplotypes, places among its labels; then of each of its genes pairs
    of alleles, codes of the panel. Each view speaks by itself, and the geometric mean is taken.
    """
    told = [_view_pairs(view, genotypes, ancestry) for view in region.views]
    joint = pooled(told)
    genes = []
    for codes, own in zip(region.labels.T, region.told_by, strict=True):
        pairs = joint if len(own) == len(told) else pooled([told[view] for view in own])
        genes.append(pairs.recoded(codes))
    return joint, tuple(genes)


def pooled(told: Sequence[Pairs]) -> Pairs:
    """The geometric mean of several posteriors, brought to sum to 1.

    >>> none = np.zeros(2, dtype=int)
    >>> sure = Pairs(none, none, np.array([0, 1]), np.array([0.9, 0.1]))
    >>> other = Pairs(none, none, np.array([0, 1]), np.array([0.4, 0.6]))
    >>> pooled([sure, other]).probability.round(3).tolist()
    [0.71, 0.29]
    """
    size = max(int(one.second.max()) for one in told) + 1
    keys = [(one.person * size + one.first) * size + one.second for one in told]
    whole, group = np.unique(np.concatenate(keys), return_inverse=True)
    places = np.split(group.ravel(), np.cumsum([len(key) for key in keys])[:-1])
    exponent = np.zeros(len(whole))
    for one, place in zip(told, places, strict=True):
        probability = np.full(len(whole), _UNSEEN)
        probability[place] += one.probability
        exponent += np.log(probability)
    weight = np.exp(exponent / len(told))
    rest, second = np.divmod(whole, size)
    person, first = np.divmod(rest, size)
    return Pairs(person, first, second, weight / np.bincount(person, weight)[person])


def _view_pairs(view: FittedView, genotypes: Array32, ancestry: Array) -> Pairs:
    """The pairs of labels as one view has them."""
    chosen, alone, z = _candidates(view, genotypes, view.log_prior(ancestry))
    cost = z @ z.transpose(0, 2, 1)
    cost += alone[:, :, None]
    cost += alone[:, None, :]
    cost -= cost.min(axis=(1, 2), keepdims=True)
    # The two orders of a pair weigh the same: one of them is looked at, and counts twice.
    near = cost < -np.log(_NEGLIGIBLE)
    near &= np.tri(near.shape[1], dtype=bool)
    person, i, j = np.nonzero(near)
    weight = np.exp(-cost[person, i, j]).astype(np.float64) * np.where(i == j, 1, 2)
    weight /= np.bincount(person, weight)[person]
    rows = Pairs(person, chosen[person, i], chosen[person, j], weight)
    return rows.recoded(view.label)


def _candidates(
    view: FittedView, genotypes: Array32, log_prior: Array32
) -> tuple[Places, Array32, Array32]:
    """Each person's haplotypes to pair (people, few): which, what each costs alone, and places.

    First those that contradict the homozygous genotypes least, then of these the ones that go
    well with at least one partner.
    """
    own = genotypes[:, view.metric.snps]
    # Letters against homozygotes without them, less letters that homozygotes ask for.
    homozygous = (own < 0.5).astype(np.float32) - (own > 1.5).astype(np.float32)
    against = homozygous @ view.weighted
    few = min(_FIRST, against.shape[1])
    chosen = np.argpartition(against, few - 1, axis=1)[:, :few]
    place = view.metric.of(genotypes, 2) * _STRETCH
    if few > _PAIRED:
        conflict = np.take_along_axis(against, chosen, axis=1)
        kept = _best_partnered(view, chosen, conflict, place, log_prior)
        chosen = np.take_along_axis(chosen, kept, axis=1)
    z = view.places[chosen]
    alone = view.squares[chosen] - (z @ place[:, :, None])[:, :, 0]
    alone -= np.take_along_axis(log_prior, chosen, axis=1)
    return chosen, alone, z


def _best_partnered(
    view: FittedView, chosen: Places, conflict: Array32, place: Array32, log_prior: Array32
) -> Places:
    """Columns of ``chosen`` (people, few): the haplotypes that go well with a partner.

    Partners are those of the least conflict, and misfits are taken in the leading directions.
    """
    z = view.leading[chosen]
    lead = np.ascontiguousarray(place[:, -z.shape[2] :])
    alone = (z * z).sum(axis=2) / 2 - (z @ lead[:, :, None])[:, :, 0]
    alone -= np.take_along_axis(log_prior, chosen, axis=1)
    tried = min(_SEEDS, chosen.shape[1])
    seeds = np.argpartition(conflict, tried - 1, axis=1)[:, :tried]
    partner = np.take_along_axis(z, seeds[:, :, None], axis=1) @ z.transpose(0, 2, 1)
    partner += np.take_along_axis(alone, seeds, axis=1)[:, :, None]
    merit = alone + partner.min(axis=1)
    return np.argpartition(merit, _PAIRED - 1, axis=1)[:, :_PAIRED]
