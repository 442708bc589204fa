"""Compare a model with the published tables of the same disease, and find contradicting rows.

Wrong weights under the right name are the worst failure of a score, and they are common: a column
sorted without its labels, letters of the other strand, an effect with the wrong sign. The
published tables show each of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskscore.errors import ModelDoubtError
from riskscore.genetics.variant import Variant, complement
from riskscore.models.model import RiskModel
from riskscore.models.plain import PlainVariants
from riskscore.models.scoring_files.rows import OWN_FREQUENCY
from riskscore.models.sorted_apart import ROUNDING, moved_rows, same_numbers
from riskscore.models.terms import (
    DiplotypeFactor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Term,
    VariantFactor,
    counted_alone,
)

_LEAST_WEIGHT = 0.02  # the direction of a smaller effect is uncertain
_FREQUENCY_GAP = (
    0.2  # frequencies that differ by more are not of the same allele in the same population
)
_MANY = 3  # a file with so many contradicting rows is doubted,
_MANY_SHARE = 0.2  # if they are this share of the compared rows

Place = tuple[str, str, int]


class Doubt(StrEnum):
    """What may be wrong with a row."""

    DIRECTION = "points the other way"
    FREQUENCY = "frequency fits the other allele"
    SORTED_APART = "weight stands beside another label"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that contradicts a catalog model: ``ours`` against ``theirs``."""

    doubt: Doubt
    term: str
    ours: float
    theirs: float
    against: str
    source: str


FINDING_COLUMNS = ("doubt", "term", "ours", "theirs", "against", "source")


@dataclass(frozen=True)
class Comparison:
    """The contradicting rows, and the number of rows that could be compared."""

    findings: tuple[Finding, ...]
    compared: int

    @property
    def doubtful(self) -> bool:
        """Whether so many rows contradict the tables that the file should not be used."""
        contrary = [f for f in self.findings if f.doubt is not Doubt.SORTED_APART]
        many = len(contrary) >= _MANY and len(contrary) > _MANY_SHARE * self.compared
        return many or any(f.doubt is Doubt.SORTED_APART for f in self.findings)


def compare(model: RiskModel, catalog: Iterable[RiskModel]) -> Comparison:
    """Compare a model with the catalog's models of the same disease (itself left out).

    >>> from riskscore.models.catalog import load_model
    >>> compare(load_model("t1d"), [load_model("t1d-grs1")]).findings
    ()
    """
    findings: dict[tuple[Doubt, str], Finding] = {}
    compared: set[str] = set()
    for other in catalog:
        if other.checksum == model.checksum or not _same_disease(model, other):
            continue
        for finding, name in _against(model, other):
            compared.add(name)
            if finding is not None:
                findings.setdefault((finding.doubt, finding.term), finding)
    return Comparison(tuple(findings.values()), len(compared))


def require_trust(model: RiskModel, catalog: Iterable[RiskModel]) -> Comparison:
    """The comparison; raises ModelDoubtError naming the rows when there are too many."""
    comparison = compare(model, catalog)
    if comparison.doubtful:
        named = "; ".join(f"{f.term} {f.doubt}" for f in comparison.findings[:5])
        more = len(comparison.findings) - 5
        raise ModelDoubtError(
            f"{len(comparison.findings)} of the {comparison.compared} rows of {model.id} that the "
            f"published tables of the disease also have contradict them: {named}"
            + (f"; and {more} more" if more > 0 else ""),
            where=model.id,
            fix="list them with riskscore models check; use the catalog's own model "
            f"({', '.join(sorted({f.against for f in comparison.findings}))}), or say --force",
        )
    return comparison


def _same_disease(model: RiskModel, other: RiskModel) -> bool:
    mine, theirs = model.card.disease, other.card.disease
    if mine.get("mondo"):
        return mine["mondo"] == theirs.get("mondo")
    return mine["name"].lower() == theirs["name"].lower()


def _against(model: RiskModel, other: RiskModel) -> Iterator[tuple[Finding | None, str]]:
    """For each comparable row its name, and how it contradicts the other model, or None."""
    table = _variants(other.terms)
    pairs: list[_Pair] = []
    for row in (*_rows(model.terms), *_plain_rows(model.plain, table)):
        theirs = next((table[key] for key in _keys(row.variant) if key in table), None)
        if theirs is not None:
            for found in _of_variant(row, theirs, other.id):
                if isinstance(found, _Pair):
                    pairs.append(found)
                else:
                    yield found
    pairs += _of_alleles(model, other)
    yield from _of_pairs(pairs, other.id)
    yield from _of_haplotypes(model, other)


@dataclass(frozen=True)
class _Pair:
    """The weights of a row and of the table, for the same allele."""

    name: str
    ours: float
    theirs: float
    source: str


def _of_pairs(pairs: Sequence[_Pair], against: str) -> Iterator[tuple[Finding | None, str]]:
    """Compare the directions of pairs, and find columns sorted without their labels."""
    moved = moved_rows([pair.ours for pair in pairs], [pair.theirs for pair in pairs])
    for pair, elsewhere in zip(pairs, moved.tolist(), strict=True):
        found = _direction(pair.name, pair.ours, pair.theirs, against, pair.source)
        if elsewhere:
            label = Doubt.SORTED_APART
            found = Finding(label, pair.name, pair.ours, pair.theirs, against, pair.source)
        yield found, pair.name


@dataclass(frozen=True)
class _Row:
    name: str
    variant: Variant
    weight: float
    frequency: Mapping[str, float]
    source: str


def _rows(terms: Sequence[Term]) -> Iterator[_Row]:
    """Terms that are one variant each, counted so that more copies weigh more."""
    for term, factor in counted_alone(terms, VariantFactor):
        if not factor.variant.members:
            low, _, high = factor.coding.values
            weight = term.weight * (high - low) / 2
            yield _Row(term.id, factor.variant, weight, factor.frequency, term.source)


def _plain_rows(plain: PlainVariants | None, table: Mapping[Place, _Row]) -> Iterator[_Row]:
    """The rows of a genome-wide score at places that the table has."""
    if plain is None:
        return
    wanted = np.array(sorted({place for _, _, place in table}), dtype=np.int64)
    near = np.isin(plain.position_grch37, wanted) | np.isin(plain.position_grch38, wanted)
    for i in np.flatnonzero(near).tolist():
        variant = Variant(
            plain.name[i],
            plain.chromosome[i],
            int(plain.position_grch38[i]) or None,
            int(plain.position_grch37[i]) or None,
            plain.effect_allele[i],
            plain.other_allele[i],
        )
        known = {k: float(v[i]) for k, v in plain.frequency.items() if not np.isnan(v[i])}
        source = f"{plain.source}, line {plain.line[i]}"
        yield _Row(variant.name, variant, float(plain.weight[i]), known, source)


def _variants(terms: Sequence[Term]) -> dict[Place, _Row]:
    return {key: row for row in _rows(terms) for key in _keys(row.variant)}


def _keys(variant: Variant) -> list[Place]:
    return [(build, variant.chromosome, place) for build, place in variant.places.items()]


def _of_variant(
    row: _Row, theirs: _Row, against: str
) -> Iterator[_Pair | tuple[Finding | None, str]]:
    """Compare the weights, then the frequencies, of one variant in both models."""
    same = _same_allele(row.variant, theirs.variant)
    if same is None:
        return
    weight = theirs.weight if same else -theirs.weight
    yield _Pair(row.name, row.weight, weight, row.source)
    mine = row.frequency.get("EUR", row.frequency.get(OWN_FREQUENCY))
    known = theirs.frequency.get("EUR")
    if mine is not None and known is not None:
        share = known if same else 1 - known
        turned = abs(mine - share) > _FREQUENCY_GAP and abs(mine - (1 - share)) < abs(mine - share)
        if turned:
            yield Finding(Doubt.FREQUENCY, row.name, mine, share, against, row.source), row.name


def _direction(name: str, ours: float, theirs: float, against: str, source: str) -> Finding | None:
    if min(abs(ours), abs(theirs)) < _LEAST_WEIGHT or ours * theirs > 0:
        return None
    return Finding(Doubt.DIRECTION, name, ours, theirs, against, source)


def _same_allele(mine: Variant, theirs: Variant) -> bool | None:
    """Whether two variants at one place count the same allele; None if unclear."""
    effect, letters = mine.effect_allele, (theirs.effect_allele, theirs.other_allele)
    if mine.other_allele and {effect, mine.other_allele} not in (
        set(letters),
        {complement(letter) for letter in letters},
    ):
        return None
    if theirs.palindromic and not mine.other_allele:
        return None
    for pair in (letters, tuple(complement(letter) for letter in letters)):
        if effect in pair and pair[0] != pair[1]:
            return effect == pair[0]
    return None


def _of_alleles(model: RiskModel, other: RiskModel) -> Iterator[_Pair]:
    """Compare HLA alleles that both models count in the same way."""
    theirs = {
        (f.gene, frozenset(f.alleles), f.coding): term.weight
        for term, f in counted_alone(other.terms, HLAAlleleFactor)
    }
    for term, factor in counted_alone(model.terms, HLAAlleleFactor):
        weight = theirs.get((factor.gene, frozenset(factor.alleles), factor.coding))
        if weight is not None:
            yield _Pair(term.id, term.weight, weight, term.source)


def _of_haplotypes(model: RiskModel, other: RiskModel) -> Iterator[tuple[Finding | None, str]]:
    """Compare haplotypes and pairs of them; find columns sorted without their labels."""
    if not model.scheme or not other.scheme:
        return
    alike = [
        (mine.name, theirs.name)
        for mine in model.scheme.haplotypes
        for theirs in other.scheme.haplotypes
        if mine.alike(theirs)
    ]
    # One file may split a class of the other, into parts with effects of either sign.
    ours, others = (Counter(names) for names in zip(*alike, strict=True)) if alike else ({}, {})
    known = {one: its for one, its in alike if ours[one] == others[its] == 1}
    mine, theirs = _haplotype_weights(model), _haplotype_weights(other)
    for kind in (1, 2):
        named = {
            n: tuple(sorted(known.get(name, "") for name in n)) for n in mine if len(n) == kind
        }
        pairs = [(mine[n], theirs[k][1]) for n, k in named.items() if k in theirs]
        published = [weight for _, weight in pairs]
        whole = [weight for (_, weight, _), _ in pairs]
        # A pair's weight may be added to its haplotypes' weights, or replace them.
        alone = [weight - added for (_, weight, added), _ in pairs]
        apart = next((own for own in (whole, alone) if same_numbers(own, published)), None)
        for (term, _, _), weight, right in zip(
            (row for row, _ in pairs), apart or whole, published, strict=True
        ):
            found = None if apart else _direction(term.id, weight, right, other.id, term.source)
            if apart and abs(weight - right) > ROUNDING:
                label = Doubt.SORTED_APART
                found = Finding(label, term.id, weight, right, other.id, term.source)
            yield found, term.id


def _haplotype_weights(model: RiskModel) -> dict[tuple[str, ...], tuple[Term, float, float]]:
    """Term, weight, and the weights of the haplotypes in it, by the haplotypes' names."""
    own: dict[str, float] = {}
    found: dict[tuple[str, ...], tuple[Term, float, float]] = {}
    for term, haplotype in counted_alone(model.terms, HaplotypeFactor):
        own[haplotype.name] = term.weight
        found[(haplotype.name,)] = (term, term.weight, 0.0)
    for term, pair in counted_alone(model.terms, DiplotypeFactor):
        added = sum(own.get(name, 0.0) for name in pair.names)
        found[tuple(sorted(pair.names))] = (term, term.weight, added)
    return found
