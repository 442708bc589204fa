"""DR-DQ genes of people of whom more than one is uncertain, as one measurement.

Imputation and coarse names leave the genes open one by one, but DRB1, DQA1 and DQB1 are inherited
together: who may have DRB1*15:01 has DQA1*01:02 with it, and hardly ever DQA1*01:01. What a term
expects of several of the genes is taken over their joint posterior (linkage.py). With at most one
gene uncertain that is the product of the genes' own, and nothing is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAName
from riskscore.models.panel import DRDQ, ReferencePanel
from riskscore.models.terms import HLAFactor
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.kinds.counting import carries, coded
from riskscore.scoring.link import Array
from riskscore.scoring.linkage import (
    GenePairs,
    Genotype,
    ListedHaplotypes,
    joint_weights,
    phase_shares,
)
from riskscore.scoring.resolution import alternatives

Places = NDArray[np.int64]
# So many of a gene's pairs are told apart; of rarer ones each keeps its numbers, not its alleles.
_PAIRS = 24


@dataclass(frozen=True)
class LinkedGenes:
    """The joint posterior of some genes, in people of whom the same genes are called.

    Rows of possible states in order of ``sample``: ``numbers`` has a column for each of
    ``factors``, and the ``probability`` of a sample's rows sums to 1.
    """

    genes: tuple[str, ...]
    factors: tuple[HLAFactor, ...]
    sample: Places
    numbers: Array
    probability: Array


def linked_genes(
    factors: Sequence[HLAFactor],
    calls: HLACalls,
    resolved: HLACalls,
    panel: ReferencePanel,
    population: str,
    rows: range,
) -> tuple[LinkedGenes, ...]:
    """The genes to be taken together in the samples of ``rows``, numbered from 0 within it.

    ``calls`` are as they were read, ``resolved`` with every name fine enough for the model.
    """
    readers = [
        _Reader(gene, own, calls.genes[gene], panel, population)
        for gene in DRDQ
        if (own := [factor for factor in factors if factor.gene == gene]) and gene in resolved.genes
    ]
    if len(readers) < 2:
        return ()
    known, uncertain = (
        np.column_stack(columns)
        for columns in zip(
            *(_state(r.factors, resolved.genes[r.gene], panel, rows) for r in readers), strict=True
        )
    )
    several = uncertain.sum(axis=1) > 1
    patterns = np.unique(known[several], axis=0)
    return tuple(
        _linked(
            [reader for reader, on in zip(readers, pattern, strict=True) if on],
            np.flatnonzero(several & (known == pattern).all(axis=1)),
            ListedHaplotypes(
                panel, population, [r.gene for r, on in zip(readers, pattern, strict=True) if on]
            ),
            rows,
        )
        for pattern in patterns
    )


def _state(
    factors: Sequence[HLAFactor], calls: GeneCalls, panel: ReferencePanel, rows: range
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """In whom every factor has its numbers, and in whom of these more than one is possible."""
    span = calls.rows(rows.start, rows.stop)
    sample = calls.sample[span] - rows.start
    verdicts = [[carries(factor, name, panel) for factor in factors] for name in calls.alleles]
    carried = np.array(verdicts, dtype=float)  # nan where a name is too coarse
    copies = carried[calls.first[span]] + carried[calls.second[span]]
    numbers = np.column_stack([coded(f, copies[:, i]) for i, f in enumerate(factors)])
    known = np.zeros(len(rows), dtype=bool)
    known[sample] = True
    known[sample[np.isnan(numbers).any(axis=1)]] = False
    uncertain = np.zeros(len(rows), dtype=bool)
    first = np.searchsorted(sample, sample)  # each row's sample's first row
    uncertain[sample[(numbers != numbers[first]).any(axis=1)]] = True
    return known, known & uncertain


class _Reader:
    """The possible pairs of one gene, person by person, each allele by its finest name."""

    def __init__(
        self,
        gene: str,
        factors: Sequence[HLAFactor],
        calls: GeneCalls,
        panel: ReferencePanel,
        population: str,
    ) -> None:
        self.gene, self.factors = gene, tuple(factors)
        self._calls, self._panel, self._population = calls, panel, population
        self._choices: dict[int, dict[HLAName, float]] = {}
        self._numbers: dict[tuple[HLAName, HLAName], tuple[float, ...]] = {}

    def pairs(self, sample: int) -> tuple[Genotype, ...]:
        """A person's pairs, both orders of a pair of unknown order as one, in order of name."""
        calls, rows = self._calls, self._calls.rows(sample, sample + 1)
        found: dict[tuple[HLAName, HLAName, bool], float] = {}
        for i, j, p, ordered in zip(
            calls.first[rows].tolist(),
            calls.second[rows].tolist(),
            calls.probability[rows].tolist(),
            calls.ordered[rows].tolist(),
            strict=True,
        ):
            for a, share in self._possible(i).items():
                for b, other in self._possible(j).items():
                    pair = (a, b) if ordered or str(a) <= str(b) else (b, a)
                    key = (*pair, ordered)
                    found[key] = found.get(key, 0.0) + p * share * other
        listed = [(a, b, p, ordered) for (a, b, ordered), p in found.items() if p > 0]
        return self._shortened(sorted(listed, key=lambda row: (str(row[0]), str(row[1]), row[3])))

    def numbers(self, pairs: Sequence[Genotype]) -> Array:
        """Each factor's number for each pair, shape (pairs, factors)."""
        return np.array([self._number(a, b) for a, b, _, _ in pairs])

    def _possible(self, place: int) -> dict[HLAName, float]:
        if place not in self._choices:
            name = self._calls.alleles[place]
            self._choices[place] = alternatives(name, self.factors, self._panel, self._population)
        return self._choices[place]

    def _number(self, a: HLAName, b: HLAName) -> tuple[float, ...]:
        if (a, b) not in self._numbers:
            copies = [
                float(sum(bool(carries(factor, name, self._panel)) for name in (a, b)))
                for factor in self.factors
            ]
            self._numbers[a, b] = tuple(
                float(coded(factor, np.array(count)))
                for factor, count in zip(self.factors, copies, strict=True)
            )
        return self._numbers[a, b]

    def _shortened(self, pairs: Sequence[Genotype]) -> tuple[Genotype, ...]:
        """The most probable pairs; rarer ones are added to one that has the same numbers."""
        if len(pairs) <= _PAIRS:
            return tuple(pairs)
        rows: list[Genotype] = []
        like: dict[tuple[float, ...], int] = {}
        for pair in sorted(pairs, key=lambda row: -row[2]):
            a, b, p, _ = pair
            numbers = self._number(a, b)
            if len(rows) < _PAIRS or numbers not in like:
                like.setdefault(numbers, len(rows))
                rows.append(pair)
            else:
                own = rows[like[numbers]]
                rows[like[numbers]] = (own[0], own[1], own[2] + p, own[3])
        return tuple(rows)


def _linked(
    readers: Sequence[_Reader], people: Places, listed: ListedHaplotypes, rows: range
) -> LinkedGenes:
    """The joint states of people, each different set of pairs worked out once."""
    states: dict[tuple[tuple[Genotype, ...], ...], tuple[Array, Array]] = {}
    parts = []
    for person in people.tolist():
        key = tuple(reader.pairs(rows.start + person) for reader in readers)
        if key not in states:
            states[key] = _states(
                key, [r.numbers(p) for r, p in zip(readers, key, strict=True)], listed
            )
        parts.append(states[key])
    return LinkedGenes(
        tuple(reader.gene for reader in readers),
        tuple(factor for reader in readers for factor in reader.factors),
        np.repeat(people, [len(probability) for _, probability in parts]),
        np.concatenate([numbers for numbers, _ in parts]),
        np.concatenate([probability for _, probability in parts]),
    )


def _states(
    pairs: Sequence[Sequence[Genotype]], numbers: Sequence[Array], listed: ListedHaplotypes
) -> tuple[Array, Array]:
    """The different numbers of the factors together, and the probability of each."""
    genes = [GenePairs.of(rows) for rows in pairs]
    shares = phase_shares(genes, listed.table([gene.names for gene in genes]))
    weights = joint_weights(pairs, np.sum(list(shares.values()), axis=0).ravel())
    told = [np.unique(own, axis=0, return_inverse=True) for own in numbers]
    shape = tuple(len(own) for own, _ in told)
    key = np.ravel_multi_index(np.ix_(*(place.ravel() for _, place in told)), shape)
    probability: Array = np.bincount(key.ravel(), weights, int(np.prod(shape))).astype(float)
    kept = np.flatnonzero(probability > 0)
    chosen = np.unravel_index(kept, shape)
    together = [own[place] for (own, _), place in zip(told, chosen, strict=True)]
    return np.column_stack(together), probability[kept]
