"""HLA names too coarse for a model, resolved into the alleles they may stand for.

A typing of DRB1*04, DRB1*15:01:01G or A*02:01/A*02:05 says less than a model may ask. Each such
name is replaced by the alleles it may stand for, with their shares of the population, so that the
score carries what is not known. A name the panel has no allele of stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAName
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import HLAFactor
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.kinds.counting import carries

Places = NDArray[np.int64]
# The alleles a name may stand for: their places, and their shares.
_Choices = tuple[Places, NDArray[np.float64]]
Verdicts = tuple[bool | None, ...]  # by factor, whether it counts an allele


def resolved(
    hla: HLACalls,
    factors: Sequence[HLAFactor],
    panel: ReferencePanel,
    population: str,
    rows: range,
) -> HLACalls:
    """The calls of the samples in ``rows``, every name fine enough for the factors of its gene."""
    genes: dict[str, GeneCalls] = {}
    for gene, calls in hla.genes.items():
        own = [factor for factor in factors if factor.gene == gene]
        coarse = _coarse(calls, own, panel)
        if own and coarse:
            genes[gene] = _resolved(calls, coarse, own, panel, population, rows)
    return replace(hla, genes={**hla.genes, **genes}) if genes else hla


def _coarse(
    calls: GeneCalls, factors: Sequence[HLAFactor], panel: ReferencePanel
) -> tuple[int, ...]:
    """The places of the names that some factor cannot judge."""
    return tuple(
        place
        for place, name in enumerate(calls.alleles)
        if any(carries(factor, name, panel) is None for factor in factors)
    )


def _resolved(
    calls: GeneCalls,
    coarse: Sequence[int],
    factors: Sequence[HLAFactor],
    panel: ReferencePanel,
    population: str,
    rows: range,
) -> GeneCalls:
    places: dict[HLAName, int] = {name: place for place, name in enumerate(calls.alleles)}
    choices: dict[int, _Choices] = {
        place: (np.array([place]), np.ones(1)) for place in range(len(calls.alleles))
    }
    for place in coarse:
        shares = _kinds(calls.alleles[place], factors, panel, population)
        if shares:
            chosen = [places.setdefault(name, len(places)) for name in shares]
            choices[place] = (np.array(chosen), np.array(list(shares.values())))
    return _expanded(calls, choices, tuple(places), rows)


def _kinds(
    name: HLAName, factors: Sequence[HLAFactor], panel: ReferencePanel, population: str
) -> dict[HLAName, float]:
    """The alleles a name may stand for; of those no factor tells apart, one for all.

    Alleles that some factor cannot judge either are left out, as in the reference population.
    """
    kinds: dict[Verdicts, tuple[HLAName, float]] = {}
    for allele, share, verdicts in _judged(name, factors, panel, population):
        first, sum_ = kinds.get(verdicts, (allele, 0.0))
        kinds[verdicts] = (first, sum_ + share)
    total = sum(share for _, share in kinds.values())
    return {allele: share / total for allele, share in kinds.values()}


def alternatives(
    name: HLAName, factors: Sequence[HLAFactor], panel: ReferencePanel, population: str
) -> dict[HLAName, float]:
    """Every allele that a name too coarse for some factor may stand for, with its share.

    The name itself, where all factors can judge it or the panel knows no allele of it.
    """
    if None not in (carries(factor, name, panel) for factor in factors):
        return {name: 1.0}
    found = list(_judged(name, factors, panel, population))
    total = sum(share for _, share, _ in found)
    return {allele: share / total for allele, share, _ in found} or {name: 1.0}


def _judged(
    name: HLAName, factors: Sequence[HLAFactor], panel: ReferencePanel, population: str
) -> Iterator[tuple[HLAName, float, Verdicts]]:
    """The alleles a name may stand for, their shares, and which factors count them."""
    for allele, share in panel.candidates(name, population):
        verdicts = tuple(carries(factor, allele, panel) for factor in factors)
        if None not in verdicts:
            yield allele, share, verdicts


def _expanded(
    calls: GeneCalls,
    choices: Mapping[int, _Choices],
    alleles: tuple[HLAName, ...],
    rows: range,
) -> GeneCalls:
    """The rows of some samples with every choice of alleles, in order of sample."""
    span = calls.rows(rows.start, rows.stop)
    pairs, which = np.unique(
        np.column_stack([calls.first[span], calls.second[span]]), axis=0, return_inverse=True
    )
    start = span.start
    source, first, second, factor = [], [], [], []
    for number, (i, j) in enumerate(pairs.tolist()):
        own = np.flatnonzero(which.ravel() == number) + start
        (one, p), (other, q) = choices[i], choices[j]
        count = len(one) * len(other)
        source.append(np.repeat(own, count))
        first.append(np.tile(np.repeat(one, len(other)), len(own)))
        second.append(np.tile(np.tile(other, len(one)), len(own)))
        factor.append(np.tile(np.outer(p, q).ravel(), len(own)))
    if not source:
        return calls
    row = np.concatenate(source)
    order = np.argsort(calls.sample[row], kind="stable")
    row = row[order]
    return replace(
        calls,
        alleles=alleles,
        sample=calls.sample[row],
        first=np.concatenate(first)[order].astype(np.int64),
        second=np.concatenate(second)[order].astype(np.int64),
        probability=calls.probability[row] * np.concatenate(factor)[order],
        ordered=calls.ordered[row],
    )
