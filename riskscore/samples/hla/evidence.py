"""What records say of the alleles of a gene, each copy of a person's two counted once.

Files name alleles at several resolutions side by side: DRB1*15 beside DRB1*15:01. A person's copies
of DRB1*15 that none of the finer records claims are an allele that DRB1*15 begins; copies that no
record claims are some allele that was not measured. So each person's two alleles are named as
finely as the person's own records allow, and one that a filter took away does not hide the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.genetics.hla import HLAAllele, HLAName, OtherAllele

Phase = NDArray[np.int64]

_NEGLIGIBLE = 1e-3  # a dosage this close to a whole number is one
_ROUNDING = 0.05  # fewer copies than this are what rounding leaves
_USUAL = 2  # fields: what models are written in


@dataclass(frozen=True)
class Evidence:
    """What the records of a gene say, alleles by rows, samples by columns; nan where unknown.

    ``presence`` (alleles, samples) are copies of each allele. ``both`` is the probability of two
    copies, where the file gives it. ``chromosomes`` (2, alleles, samples) are presences on each
    chromosome. ``carried`` (2, alleles, samples) is on which chromosomes a phased genotype puts
    an allele, and ``phase_set`` (alleles, samples) the number of its phase set.
    """

    presence: Array
    both: Array | None = None
    chromosomes: Array | None = None
    carried: Mask | None = None
    phase_set: Phase | None = None

    def take(self, rows: Sequence[int]) -> Evidence:
        """The evidence of some alleles."""
        own = list(rows)
        return Evidence(
            self.presence[own],
            None if self.both is None else self.both[own],
            None if self.chromosomes is None else self.chromosomes[:, own],
            None if self.carried is None else self.carried[:, own],
            None if self.phase_set is None else self.phase_set[own],
        )


def counted_once(
    alleles: Sequence[HLAName], evidence: Evidence
) -> tuple[tuple[HLAName, ...], Evidence, Mask]:
    """Names and evidence whose presences sum to two in every person who has a call.

    Also who has one, shape (samples,). Copies beyond two make a call less certain, until at three
    nothing is known: the records contradict each other. Differences of less than 0.05 are rounding.

    >>> names = [HLAAllele.parse(f"DRB1*{n}") for n in ("04", "04:01", "07")]
    >>> found, own, _ = counted_once(names, Evidence(np.array([[1.0], [1.0], [0.5]])))
    >>> [(str(name), float(d)) for name, d in zip(found, own.presence[:, 0]) if d]
    [('DRB1*04:01', 1.0), ('DRB1*07', 0.5), ('DRB1*', 0.5)]
    """
    used = _used(alleles)
    names, own = [alleles[place] for place in used], evidence.take(used)
    missing = np.isnan(own.presence)
    own = replace(own, presence=np.where(missing, 0.0, np.clip(own.presence, 0, 2)))
    parts: list[tuple[HLAName, Evidence]] = []
    finer = _finer(names)
    for place, name in enumerate(names):
        inside = finer.get(name.fields)
        if not inside:
            parts.append((name, own.take([place])))
            continue
        members = tuple(m for k in inside for m in names[k].members)
        # Who may have one of the finer names all the same.
        lost = np.asarray(missing[inside].any(axis=0))
        rest = _rest(own, place, inside)
        parts += _split(rest, lost, OtherAllele(name.members[0], members), name)
    claimed = _stacked([part for _, part in parts])
    total = claimed.presence.sum(axis=0)
    sure = np.clip((3 - total) / (1 - _ROUNDING), 0, 1)
    unknown = HLAAllele(alleles[0].gene, ())
    known = tuple(m for name in names for m in name.members)
    parts = [(name, _scaled(part, total, sure)) for name, part in parts]
    rest = _unclaimed(claimed, total, sure)
    parts += _split(rest, np.asarray(missing.any(axis=0)), OtherAllele(unknown, known), unknown)
    kept = [(name, part) for name, part in parts if part.presence.any()]
    found = _stacked([part for _, part in kept]) if kept else own.take([])
    return tuple(name for name, _ in kept), found, (total > _NEGLIGIBLE) & (sure > _NEGLIGIBLE)


def _used(alleles: Sequence[HLAName]) -> list[int]:
    """The names that count: not those that one of two fields, or a finer one, begins."""
    above = {name.fields for name in alleles if name.resolution >= _USUAL}
    return [
        place
        for place, name in enumerate(alleles)
        if not any(name.fields[:size] in above for size in range(_USUAL, name.resolution))
    ]


def _finer(names: Sequence[HLAName]) -> dict[tuple[str, ...], list[int]]:
    """By the fields of a name the places of the finer names that it begins; null alleles too."""
    found: dict[tuple[str, ...], list[int]] = {}
    for place, name in enumerate(names):
        for size in range(1, name.resolution):
            found.setdefault(name.fields[:size], []).append(place)
    return found


def _rest(own: Evidence, place: int, inside: Sequence[int]) -> Evidence:
    """What of a coarse name its finer ones do not claim."""
    finer = own.presence[inside].sum(axis=0)
    rest = _unrounded(np.clip(own.presence[place] - finer, 0, 2))
    both = chromosomes = carried = None
    if own.both is not None:
        both = np.where(finer < _NEGLIGIBLE, own.both[place], np.nan)[None]
    if own.chromosomes is not None:
        claimed = np.nan_to_num(own.chromosomes[:, inside]).sum(axis=1)
        left = np.clip(own.chromosomes[:, place] - claimed, 0, 1)
        chromosomes = np.where(rest > 0, left, 0.0)[:, None]
    if own.carried is not None:
        carried = (own.carried[:, place] & ~own.carried[:, inside].any(axis=1))[:, None]
    sets = None if own.phase_set is None else own.phase_set[[place]]
    return Evidence(rest[None], both, chromosomes, carried, sets)


def _scaled(part: Evidence, total: Array, sure: Array) -> Evidence:
    """A part of copies beyond two, brought down to two and made as sure as they are."""
    share = np.where(total > 2, 2 / np.maximum(total, 1), 1.0) * sure
    both = None if part.both is None else part.both * sure
    return replace(part, presence=part.presence * share, both=both)


def _unclaimed(claimed: Evidence, total: Array, sure: Array) -> Evidence:
    """What of two copies no record claims."""
    lost = np.where(total > 2, 2 * (1 - sure), _unrounded(np.clip(2 - total, 0, 2)))
    both = chromosomes = carried = None
    if claimed.both is not None:
        both = np.full((1, len(lost)), np.nan)
    if claimed.chromosomes is not None:
        left = np.clip(1 - claimed.chromosomes.sum(axis=1), 0, 1)
        chromosomes = np.where(lost > 0, left, 0.0)[:, None]
    if claimed.carried is not None:
        carried = np.zeros((2, 1, len(lost)), dtype=bool)
    sets = None if claimed.phase_set is None else np.zeros((1, len(lost)), dtype=np.int64)
    return Evidence(lost[None], both, chromosomes, carried, sets)


def _unrounded(copies: Array) -> Array:
    return np.where(copies < _ROUNDING, 0.0, copies)


def _split(
    rest: Evidence, lost: Mask, other: HLAName, plain: HLAName
) -> list[tuple[HLAName, Evidence]]:
    """The rest under its name in people of whom every record is known, and in the others."""
    parts = []
    for name, people in ((other, ~lost), (plain, lost)):
        chromosomes = None
        if rest.chromosomes is not None:
            chromosomes = np.where(people, rest.chromosomes, 0.0)
        presence = np.where(people, rest.presence, 0.0)
        parts.append((name, replace(rest, presence=presence, chromosomes=chromosomes)))
    return parts


def _stacked(parts: Sequence[Evidence]) -> Evidence:
    both = [part.both for part in parts if part.both is not None]
    sides = [part.chromosomes for part in parts if part.chromosomes is not None]
    carried = [part.carried for part in parts if part.carried is not None]
    sets = [part.phase_set for part in parts if part.phase_set is not None]
    return Evidence(
        np.concatenate([part.presence for part in parts]),
        np.concatenate(both) if both else None,
        np.concatenate(sides, axis=1) if sides else None,
        np.concatenate(carried, axis=1) if carried else None,
        np.concatenate(sets) if sets else None,
    )
