"""Ancestry of a file's people: by components where enough loci are read, else by likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskscore.plotting import Plots
from riskscore.samples.ancestry.sums import ProjectionSums
from riskscore.samples.ancestry.table import ComponentTable
from riskscore.scoring.ancestry.projection import Projection, project
from riskscore.scoring.ancestry.shares import Placement, place
from riskscore.scoring.population.likeness import Likeness

if TYPE_CHECKING:
    import pandas

_MOSTLY = 0.8  # a share from which on a person is not called mixed
_UNSURE = 0.1  # a standard error of shares above which nothing is called sure
_LIKELY = 0.95  # a probability from which on a likelihood is called sure


class Method(StrEnum):
    """What an ancestry rests on."""

    COMPONENTS = "components"  # a projection on the principal components of the reference people
    LIKELIHOOD = "likelihood"  # of the genotypes at the models' loci and HLA genes
    NOTHING = "nothing"


class Verdict(StrEnum):
    """How sure an ancestry is."""

    SURE = "sure"  # one superpopulation has a share of 0.8 or more; a likelihood of 0.95 or more
    MIXED = "mixed"  # none has
    UNSURE = "unsure"  # too few loci tell
    OUTSIDE = "outside"  # farther from any mixture than 999 in 1,000 of the reference people


@dataclass(frozen=True)
class Ancestry:
    """Where people are among the reference people.

    ``placement`` and ``projection`` are of those with ``loci`` enough; ``likelihood`` is of all,
    and is None where nobody needs it. ``variants_only`` counts people of whom the file lists
    variants alone, who cannot be projected.
    """

    samples: tuple[str, ...]
    loci: NDArray[np.int64]
    projection: Projection
    placement: Placement
    likelihood: Likeness | None
    variants_only: int = 0
    plot = Plots()  # found.plot.components(), an Altair chart

    def __repr__(self) -> str:
        by = [f"{int((self.methods == method).sum())} by {method}" for method in Method]
        return f"Ancestry of {len(self.samples):,} people ({', '.join(by)})"

    @property
    def methods(self) -> NDArray[np.str_]:
        """What each person's ancestry rests on, by the words of :class:`Method`."""
        told = np.full(len(self.samples), Method.NOTHING.value, dtype="U10")
        if self.likelihood is not None:
            told[self.likelihood.loci > 0] = Method.LIKELIHOOD
        told[self.projection.done] = Method.COMPONENTS
        return told

    @property
    def likeness(self) -> NDArray[np.float64]:
        """The probability of each superpopulation, all the same beforehand; nan where unknown."""
        found = self.placement.likeness.copy()
        if self.likelihood is not None:
            told = self.methods == Method.LIKELIHOOD
            found[told] = self.likelihood.posterior[told]
        return found

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """How sure each person's ancestry is, by the words of :class:`Verdict`."""
        by_components = self.projection.done
        with np.errstate(invalid="ignore"):
            sure = np.where(
                by_components,
                self.placement.shares.max(axis=1) >= _MOSTLY,
                self.likeness.max(axis=1) >= _LIKELY,
            )
            known = by_components & (self.placement.standard_error.max(axis=1) <= _UNSURE)
        words = np.full(len(self.samples), Verdict.UNSURE.value, dtype="U10")
        words[known] = Verdict.MIXED
        words[sure & (known | ~by_components)] = Verdict.SURE
        words[self.placement.outside] = Verdict.OUTSIDE
        return words

    def rows(self) -> list[dict[str, Any]]:
        """A row a person, as ``riskscore ancestry`` prints them."""
        names, likeness = self.placement.populations, self.likeness
        shares, errors = self.placement.shares, self.placement.standard_error
        components = self.projection.components
        rows = []
        told = zip(self.samples, self.methods.tolist(), self.verdicts.tolist(), strict=True)
        for i, (sample, method, verdict) in enumerate(told):
            known = method != Method.NOTHING
            loci = self.loci[i]
            if method == Method.LIKELIHOOD and self.likelihood is not None:
                loci = self.likelihood.loci[i]
            rows.append(
                {
                    "sample": sample,
                    "rests_on": method,
                    "loci": int(loci),
                    "verdict": verdict,
                    "most_similar": names[int(likeness[i].argmax())] if known else "",
                    "posterior": float(likeness[i].max()),
                    **{f"P_{name}": float(likeness[i, k]) for k, name in enumerate(names)},
                    **{f"share_{name}": float(shares[i, k]) for k, name in enumerate(names)},
                    "share_se": float(errors[i].max()),
                    **{f"PC{k + 1}": float(value) for k, value in enumerate(components[i])},
                    "distance": float(self.placement.distance[i]),
                }
            )
        return rows

    def to_frame(self) -> pandas.DataFrame:
        """A pandas frame of the rows, one a person."""
        import pandas as pd

        return pd.DataFrame(self.rows())


def ancestry_of(samples: tuple[str, ...], sums: ProjectionSums, table: ComponentTable) -> Ancestry:
    """The ancestry of people from their sums alone."""
    projection = project(sums)
    return Ancestry(
        samples,
        sums.loci,
        projection,
        place(projection, table),
        None,
        int(sums.variants_only.sum()),
    )
