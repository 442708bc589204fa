"""Which two haplotypes of a scheme a person has: from typed alleles, or from tag SNPs.

Both give a posterior over unordered pairs of classes. Typed alleles come first; tag SNPs speak for
people of whom the genes are not typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.models.model import HaplotypeScheme
from riskscore.models.panel import ReferencePanel
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls, HaplotypeCalls
from riskscore.scoring.kinds.scheme import scheme_frequencies
from riskscore.scoring.link import Array
from riskscore.scoring.phasing import Phaser
from riskscore.scoring.tag_haplotypes import TagPairs, published_pairs, tag_pairs

Places = NDArray[np.int64]


@dataclass(frozen=True)
class DiplotypeCalls:
    """Rows of (sample, first, second, probability), sorted by sample; places in the scheme's names.

    ``missing`` has one reason a sample; ``excess`` is the probability that the tags of a sample
    count more than two haplotypes. ``from_tags`` says of whom tags spoke.
    """

    sample: Places
    first: Places
    second: Places
    probability: Array
    missing: NDArray[np.uint8]
    excess: Array
    from_tags: NDArray[np.bool_]
    source: str

    def without(self, people: NDArray[np.bool_]) -> DiplotypeCalls:
        """These calls without the rows of some people."""
        kept = ~people[self.sample]
        return replace(
            self,
            sample=self.sample[kept],
            first=self.first[kept],
            second=self.second[kept],
            probability=self.probability[kept],
        )


def call_diplotypes(
    cohort: Cohort, scheme: HaplotypeScheme, panel: ReferencePanel, rows: range
) -> DiplotypeCalls:
    """Calls for a range of the cohort's samples, numbered from 0 within it."""
    if cohort.haplotype_calls is HaplotypeCalls.PUBLISHED:
        return published_diplotypes(cohort, scheme, rows)
    tagged = any(h.tag and not cohort.dosages.match(h.tag).missing for h in scheme.haplotypes)
    if not all(gene in cohort.hla.genes for gene in scheme.genes):
        return _from_tags(cohort, scheme, panel, rows)
    typed = _from_types(cohort, scheme, panel, rows)
    untyped = typed.missing != Missing.NOT_MISSING
    if not tagged or not untyped.any():
        return typed
    return _together(typed, _from_tags(cohort, scheme, panel, rows), untyped)


def published_diplotypes(cohort: Cohort, scheme: HaplotypeScheme, rows: range) -> DiplotypeCalls:
    """Calls as the scheme's own software makes them from tags, without any uncertainty.

    Dosages are rounded (a half to the even number), of more than two haplotypes the scheme's rule
    keeps two, and a haplotype that no tag counts adds nothing. A person without all of the tags
    has no call.
    """
    return _of_tags(cohort, scheme, rows, lambda d: published_pairs(d, scheme.excess), whole=True)


def _from_tags(
    cohort: Cohort, scheme: HaplotypeScheme, panel: ReferencePanel, rows: range
) -> DiplotypeCalls:
    shares = scheme_frequencies(scheme, panel, cohort.population)
    return _of_tags(cohort, scheme, rows, lambda d: tag_pairs(d, shares), whole=False)


def _of_tags(
    cohort: Cohort,
    scheme: HaplotypeScheme,
    rows: range,
    pairs_of: Callable[[Array], TagPairs],
    *,
    whole: bool,
) -> DiplotypeCalls:
    """Calls from tags by a rule; of people with every tag, or (unless ``whole``) with any."""
    count = len(rows)
    span = slice(rows.start, rows.stop)
    lost = [
        cohort.dosages.match(h.tag).missing if h.tag else Missing.ABSENT for h in scheme.haplotypes
    ]
    d = np.full((len(lost), count), np.nan)
    for place, haplotype in enumerate(scheme.haplotypes):
        if haplotype.tag and not lost[place]:
            d[place] = cohort.dosages.of(haplotype.tag)[span]
    known = ~np.isnan(d)
    called = known.all(axis=0) if whole else known.any(axis=0)
    reason = next((r for r in lost if r), Missing.NO_CALL)
    if not all(lost) and not whole:
        reason = Missing.NO_CALL
    missing = np.where(called, np.uint8(0), np.uint8(reason))
    found = pairs_of(d[:, called])
    excess = np.zeros(count)
    excess[called] = found.excess
    return DiplotypeCalls(
        np.flatnonzero(called)[found.sample],
        found.first,
        found.second,
        found.probability,
        missing,
        excess,
        np.ones(count, dtype=bool),
        "tags",
    )


def _together(
    typed: DiplotypeCalls, tags: DiplotypeCalls, untyped: NDArray[np.bool_]
) -> DiplotypeCalls:
    """Typed calls, and those from tags of people who are not typed."""
    tags = tags.without(~untyped)
    sample = np.concatenate([typed.sample, tags.sample])
    order = np.argsort(sample, kind="stable")
    return DiplotypeCalls(
        sample[order],
        np.concatenate([typed.first, tags.first])[order],
        np.concatenate([typed.second, tags.second])[order],
        np.concatenate([typed.probability, tags.probability])[order],
        np.where(untyped & (tags.missing == 0), np.uint8(0), typed.missing),
        np.where(untyped, tags.excess, 0.0),
        untyped,
        "typed alleles, and tags of people not typed",
    )


def _from_types(
    cohort: Cohort, scheme: HaplotypeScheme, panel: ReferencePanel, rows: range
) -> DiplotypeCalls:
    """Every different set of genotypes is phased once, however many people share it."""
    genes = [cohort.hla.genes[gene] for gene in scheme.genes]
    phaser = Phaser(scheme, panel, cohort.population)
    count = len(rows)
    missing = np.full(count, Missing.NO_CALL, dtype=np.uint8)
    people = np.flatnonzero(
        np.logical_and.reduce(
            [gene.called(len(cohort.samples))[rows.start : rows.stop] for gene in genes]
        )
    )
    keys: dict[tuple[tuple[tuple[int, int, float, bool], ...], ...], list[int]] = {}
    spans = [_spans(gene, rows) for gene in genes]
    for person in people.tolist():
        keys.setdefault(tuple(span[person] for span in spans), []).append(person)
    parts: list[tuple[Places, Places, Places, Array]] = []
    for key, members in keys.items():
        named = tuple(
            tuple((gene.alleles[i], gene.alleles[j], p, ordered) for i, j, p, ordered in genotypes)
            for gene, genotypes in zip(genes, key, strict=True)
        )
        posterior = phaser.posterior(named)
        missing[members] = Missing.LOW_RESOLUTION if posterior is None else Missing.NOT_MISSING
        if posterior is None:
            continue
        pairs, shares = np.array(list(posterior)), np.array(list(posterior.values()))
        parts.append(
            (
                np.repeat(members, len(pairs)),
                np.tile(pairs[:, 0], len(members)),
                np.tile(pairs[:, 1], len(members)),
                np.tile(shares, len(members)),
            )
        )
    empty = np.empty(0, dtype=np.int64)
    parts.append((empty, empty, empty, np.empty(0)))
    sample, first, second, probability = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(sample, kind="stable")
    return DiplotypeCalls(
        sample[order],
        first[order],
        second[order],
        probability[order],
        missing,
        np.zeros(count),
        np.zeros(count, dtype=bool),
        "typed alleles",
    )


def _spans(gene: GeneCalls, rows: range) -> dict[int, tuple[tuple[int, int, float, bool], ...]]:
    """Each sample's rows, by its place in ``rows``."""
    span = gene.rows(rows.start, rows.stop)
    found: dict[int, tuple[tuple[int, int, float, bool], ...]] = {}
    for sample, *row in zip(
        (gene.sample[span] - rows.start).tolist(),
        gene.first[span].tolist(),
        gene.second[span].tolist(),
        gene.probability[span].tolist(),
        gene.ordered[span].tolist(),
        strict=True,
    ):
        i, j, p, ordered = row
        found[sample] = (*found.get(sample, ()), (i, j, p, ordered))
    return found
