"""What the reports say of a cohort as sums over its people, exact: the tallies of parts add up.

A share is summed in whole units of 2**-40, so that neither the order of the people nor the way they
were split can change a bit of a sum, for up to eight million of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import ShardError

_UNITS = 2**40
_EXACT = 4096  # so many whole numbers of at most 2**40 have a sum that float64 holds


def exact_sum(shares: Array) -> NDArray[np.int64]:
    """The sum of shares (0 to 1) over the first axis, in units of 2**-40.

    >>> bool(exact_sum(np.array([0.5, 0.25])) == 3 * 2**38)
    True
    """
    total = np.zeros(shares.shape[1:], dtype=np.int64)
    for start in range(0, len(shares), _EXACT):
        units = shares[start : start + _EXACT] * _UNITS
        total += np.rint(units, out=units).sum(axis=0).astype(np.int64)
    return total


@dataclass(frozen=True, slots=True)
class Covered:
    """The coverage of one component over the people for whom it is defined."""

    total: int
    people: int
    minimum: float | None

    @classmethod
    def of(cls, values: Array) -> Self:
        """From one value a person; nan where the component does not concern the person."""
        known = values[~np.isnan(values)]
        return cls(int(exact_sum(known)), len(known), float(known.min()) if known.size else None)

    def __add__(self, other: Covered) -> Covered:
        lows = [low for low in (self.minimum, other.minimum) if low is not None]
        return Covered(
            self.total + other.total, self.people + other.people, min(lows, default=None)
        )

    @property
    def mean(self) -> float:
        return self.total / _UNITS / self.people if self.people else float("nan")


@dataclass(frozen=True, slots=True)
class Thing:
    """A locus, gene or exposure a model needs, the places of its terms, and how it was answered.

    With ``by_reason`` the most frequent reason for a gap in its terms is the answer, and ``code``
    and ``record`` hold only where nothing is missing.
    """

    component: str
    kind: str
    name: str
    terms: tuple[int, ...]
    code: str
    record: str
    frequency: float | None
    by_reason: bool
    note: str = ""  # what was odd in its cells


@dataclass(frozen=True)
class Tally:
    """One model's sums over people.

    ``people`` counts by sex ("unknown" among them), ``expected`` is each term's expected variance
    by sex, ``seen`` each term's observed share (units of 2**-40), ``reasons`` the people with each
    reason for a gap, by term, and ``covered`` the coverage by component and of ``all``.
    ``alleles`` is how many the model's weighted sum of counts is over, two a genetic term or
    variant; ``uncentred`` added to a genetic score gives that sum, and is None where it is the
    published score.
    """

    model: str
    components: tuple[str, ...]
    expected: Mapping[str, tuple[float, ...]]
    things: tuple[Thing, ...]
    people: Mapping[str, int]
    seen: tuple[int, ...]
    reasons: tuple[tuple[int, ...], ...]
    covered: Mapping[str, Covered]
    unscored: int
    alleles: int
    uncentred: float | None

    def __add__(self, other: Tally) -> Tally:
        """The tally of both parts' people; raises ShardError when they answer otherwise."""
        for name in ("model", "components", "expected", "things", "alleles", "uncentred"):
            if getattr(self, name) != getattr(other, name):
                raise ShardError(
                    f"the parts differ in the {name} of {self.model}", fix="score the parts anew"
                )
        return replace(
            self,
            people={sex: n + other.people[sex] for sex, n in self.people.items()},
            seen=tuple(a + b for a, b in zip(self.seen, other.seen, strict=True)),
            reasons=tuple(
                tuple(a + b for a, b in zip(mine, yours, strict=True))
                for mine, yours in zip(self.reasons, other.reasons, strict=True)
            ),
            covered={name: part + other.covered[name] for name, part in self.covered.items()},
            unscored=self.unscored + other.unscored,
        )

    @property
    def count(self) -> int:
        return sum(self.people.values())

    def pooled_variance(self) -> Array:
        """Each term's expected variance, averaged over the people's sexes."""
        total = np.zeros(len(self.components))
        for sex in sorted(self.people):
            total += self.people[sex] * np.array(self.expected[sex])
        return total / max(1, self.count)

    def observed(self) -> Array:
        """The mean over people of each term's observed share."""
        return np.array(self.seen, dtype=np.float64) / _UNITS / max(1, self.count)

    def reason(self, terms: Sequence[int]) -> int:
        """The reason for a gap that most of these terms most often have."""
        usual = Counter(int(np.argmax(self.reasons[term])) for term in terms)
        return usual.most_common(1)[0][0]

    def as_data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_data`; raises ShardError for anything else."""
        try:
            given = {field.name: data[field.name] for field in fields(cls)}
            return cls(
                **given
                | {
                    "components": tuple(given["components"]),
                    "expected": {sex: tuple(row) for sex, row in given["expected"].items()},
                    "things": tuple(
                        Thing(**row | {"terms": tuple(row["terms"])}) for row in given["things"]
                    ),
                    "seen": tuple(given["seen"]),
                    "reasons": tuple(tuple(row) for row in given["reasons"]),
                    "covered": {n: Covered(**row) for n, row in given["covered"].items()},
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ShardError("the tally of a part cannot be read") from error
