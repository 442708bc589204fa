"""The two alleles of each person at a gene, from records that may name an allele several times.

Files name alleles at several resolutions side by side: DRB1*15 beside DRB1*15:01. A person's copies
of DRB1*15 that none of the finer records claims are an allele that DRB1*15 begins; copies that no
record claims belong to some allele that was not measured. So each person's two alleles are named as
finely as the person's own records allow, and one that a filter took away does not hide the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from riskscore.arrays import Array, Mask, PhaseSets, Places
from riskscore.genetics.hla import HLAAllele, HLAName, OtherAllele

NEGLIGIBLE = 1e-3  # a dosage this close to a whole number is one
_ROUNDING = 0.05  # fewer copies than this are what rounding leaves
_USUAL = 2  # fields: what models are written in


@dataclass(frozen=True)
class Evidence:
    """The records of a gene as measurements of ``people``: rows by person, then by allele.

    An allele without a row is certainly absent. Rows are numbers of ``sample`` and ``allele``, the
    ``copies`` of it, nan where unknown, ``both`` the probability of two copies, nan where it is not
    given, ``chromosomes`` (2, rows) the presence on each, nan where not given, ``carried``
    (2, rows) on which chromosomes a phased genotype puts it, and the number of its ``phase_set``.
    """

    people: int
    sample: Places
    allele: Places
    copies: Array
    both: Array
    chromosomes: Array
    carried: Mask
    phase_set: PhaseSets

    @classmethod
    def of_copies(cls, copies: Array) -> Evidence:
        """From copies alone, shape (alleles, samples), nan where unknown."""
        sample, allele = np.nonzero((copies != 0).T)
        unknown = np.full(len(sample), np.nan)
        return cls(
            copies.shape[1],
            sample,
            allele,
            copies[allele, sample],
            unknown,
            np.stack([unknown, unknown]),
            np.zeros((2, len(sample)), dtype=bool),
            np.zeros(len(sample), dtype=np.int64),
        )

    def take(self, rows: Mask | Places) -> Evidence:
        """Some rows."""
        if rows.dtype == np.bool_ and rows.all():
            return self
        return Evidence(self.people, *(column[..., rows] for column in self._columns))

    @property
    def _columns(self) -> Iterator[Any]:
        """All that has an entry a row."""
        return (getattr(self, one.name) for one in fields(self)[1:])

    def joined(self, other: Evidence) -> Evidence:
        """Rows of both in order of sample, those of the first before those of the other."""
        if not len(other.sample):
            return self
        columns = zip(self._columns, other._columns, strict=True)
        both = Evidence(self.people, *(np.concatenate(pair, axis=-1) for pair in columns))
        return both.take(np.argsort(both.sample, kind="stable"))

    @property
    def one_sided(self) -> Mask:
        """Which rows lack the presence on a chromosome, shape (rows,)."""
        return np.asarray(np.isnan(self.chromosomes[0]) | np.isnan(self.chromosomes[1]))

    def total(self, values: Array | Mask) -> Array:
        """The sum of a value of the rows by person, shape (people,)."""
        return np.bincount(self.sample, values, self.people).astype(np.float64, copy=False)

    def any(self, rows: Mask) -> Mask:
        """Whether each person has one of these rows, shape (people,)."""
        found = np.zeros(self.people, dtype=bool)
        found[self.sample[rows]] = True
        return found


def counted_once(
    alleles: Sequence[HLAName], evidence: Evidence
) -> tuple[tuple[HLAName, ...], Evidence, Mask]:
    """Names and evidence whose copies sum to two in every person who has a call.

    Also who has one, shape (people,). Copies beyond two make a call less certain, until at three
    nothing is known: the records contradict each other. Differences of less than 0.05 are rounding.

    >>> names = [HLAAllele.parse(f"DRB1*{n}") for n in ("04", "04:01", "07")]
    >>> found, own, _ = counted_once(names, Evidence.of_copies(np.array([[1.0], [1.0], [0.5]])))
    >>> [(str(found[k]), float(d)) for k, d in zip(own.allele, own.copies) if d]
    [('DRB1*04:01', 1.0), ('DRB1*07', 0.5), ('DRB1*', 0.5)]
    """
    used = _used(alleles)
    names = [alleles[place] for place in used]
    place = np.full(len(alleles), -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    own = evidence.take(place[evidence.allele] >= 0)
    own = replace(own, allele=place[own.allele])
    missing = np.isnan(own.copies)
    own = replace(own, copies=np.where(missing, 0.0, np.clip(own.copies, 0, 2)))
    listed, claimed = _unclaimed_by_finer(names, own, missing)
    total = claimed.total(claimed.copies)
    sure = np.clip((3 - total) / (1 - _ROUNDING), 0, 1)
    called = (total > NEGLIGIBLE) & (sure > NEGLIGIBLE)
    rest = _unknown(claimed, total, sure, own.any(missing), len(listed))
    share = np.where(total > 2, 2 / np.maximum(total, 1), 1.0) * sure
    claimed = replace(
        claimed,
        copies=claimed.copies * share[claimed.sample],
        both=claimed.both * sure[claimed.sample],
    )
    unknown = HLAAllele(alleles[0].gene, ())
    known = tuple(m for name in names for m in name.members)
    both = claimed.joined(rest)
    return (*listed, OtherAllele(unknown, known), unknown), both.take(called[both.sample]), called


def _used(alleles: Sequence[HLAName]) -> list[int]:
    """The names that count: not those that one of two fields, or a finer one, begins."""
    above = {name.fields for name in alleles if name.resolution >= _USUAL}
    return [
        place
        for place, name in enumerate(alleles)
        if not any(name.fields[:size] in above for size in range(_USUAL, name.resolution))
    ]


def _coarser(names: Sequence[HLAName]) -> Places:
    """For each name the place of a coarser name that it begins with, -1 without one.

    There is at most one, of a single field: no name that counts begins with two fields of another.
    """
    place = {name.fields: number for number, name in enumerate(names)}
    found = np.full(len(names), -1, dtype=np.int64)
    for number, name in enumerate(names):
        for size in range(1, name.resolution):
            found[number] = max(found[number], place.get(name.fields[:size], -1))
    return found


def _unclaimed_by_finer(
    names: Sequence[HLAName], own: Evidence, missing: Mask
) -> tuple[list[HLAName], Evidence]:
    """The names, and rows of coarse ones brought down to what their finer ones do not claim.

    Such a rest stands for the alleles without a record, where every finer record of the person is
    known, and otherwise for any allele that the coarse name begins.
    """
    coarser = _coarser(names)
    listed: list[HLAName] = []
    place = np.zeros(len(names), dtype=np.int64)
    for number, name in enumerate(names):
        place[number] = len(listed)
        inside = np.flatnonzero(coarser == number).tolist()
        members = tuple(m for k in inside for m in names[k].members)
        listed += [OtherAllele(name.members[0], members), name] if members else [name]
    coarse = np.isin(own.allele, coarser)
    claimed = _ClaimedByFiner.of(own, coarser)
    of_copies = claimed.sum(own.copies)
    left = _unrounded(np.clip(own.copies - of_copies, 0, 2))
    copies = np.where(coarse, left, own.copies)
    chromosomes, carried = own.chromosomes.copy(), own.carried.copy()
    for side in (0, 1):
        present = own.chromosomes[side]
        left = np.clip(present - claimed.sum(np.where(np.isnan(present), 0.0, present)), 0, 1)
        chromosomes[side] = np.where(coarse, np.where(copies > 0, left, 0.0), present)
        carried[side] &= claimed.sum(own.carried[side]) == 0
    return listed, replace(
        own,
        allele=place[own.allele] + (coarse & (claimed.sum(missing) > 0)),
        copies=copies,
        both=np.where(of_copies >= NEGLIGIBLE, np.nan, own.both),
        chromosomes=chromosomes,
        carried=carried,
    )


@dataclass(frozen=True)
class _ClaimedByFiner:
    """The rows ``finer`` of names that a coarse one begins, and the coarse row each is of."""

    finer: Places
    coarse: Places
    rows: int

    @classmethod
    def of(cls, own: Evidence, coarser: Places) -> _ClaimedByFiner:
        finer = np.flatnonzero(coarser[own.allele] >= 0)
        key = own.sample * len(coarser) + own.allele  # rises, as rows are in order
        wanted = own.sample[finer] * len(coarser) + coarser[own.allele[finer]]
        row = np.searchsorted(key, wanted)  # a coarse name may stand before or after its finer ones
        row = np.minimum(row, len(key) - 1)
        held = key[row] == wanted
        return cls(finer[held], row[held], len(key))

    def sum(self, values: Array | Mask) -> Array:
        """The sum of a value of the finer rows by row, 0 where there is none."""
        of_finer = values[self.finer]
        return np.bincount(self.coarse, of_finer, self.rows).astype(np.float64, copy=False)


def _unknown(claimed: Evidence, total: Array, sure: Array, lost: Mask, names: int) -> Evidence:
    """Rows for copies that no record claims, under the last two names."""
    copies = np.where(total > 2, 2 * (1 - sure), _unrounded(np.clip(2 - total, 0, 2)))
    who = np.flatnonzero(copies > 0)
    left = np.stack([np.clip(1 - claimed.total(side), 0, 1)[who] for side in claimed.chromosomes])
    return Evidence(
        claimed.people,
        who,
        names + lost[who].astype(np.int64),
        copies[who],
        np.full(len(who), np.nan),
        left,
        np.zeros((2, len(who)), dtype=bool),
        np.zeros(len(who), dtype=np.int64),
    )


def _unrounded(copies: Array) -> Array:
    return np.where(copies < _ROUNDING, 0.0, copies)
