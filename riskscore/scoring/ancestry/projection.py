"""A person's principal components, from the loci that are called in them.

Genotypes x are expected to be m + L v at components v. Plain least squares over the called loci,

    v = (L'L)^-1 L'(x - m),

shrinks whoever is not one of the people the loadings come from: each loading is the sum over those
people of component times genotype, so it has their genotypes' noise s in it (of variance s, as the
components' squares sum to 1), and L'L is too large by the sum of s over the loci in each of its
diagonal terms. Taking that off,

    v = (L'L - I sum(s))^-1 L'(x - m),

is the correction of a regression on regressors with error (Fuller, *Measurement Error Models*,
1987, section 1.2). With all loci it undoes factors of 0.997, 0.992, 0.971 and 0.962. The covariance
of v, around a person's true place, is A (sum s L L') A with A the inverse above.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.samples.ancestry.sums import ProjectionSums

# With fewer loci the shares of superpopulations are known to no better than 15 points.
LEAST_LOCI = 1_000
LEAST_OF_SCORING = 500  # of those that are read for scores, which tell more


@dataclass(frozen=True)
class Projection:
    """``components`` (people, k), nan where too few loci were read; ``covariance`` of their errors.

    ``done`` marks who was projected.
    """

    components: Array
    covariance: Array
    done: Mask

    @property
    def standard_error(self) -> Array:
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))


def project(sums: ProjectionSums, least: int = LEAST_LOCI) -> Projection:
    """The components of people from their sums, where they have ``least`` loci or more.

    There are none of those whose variants alone are listed.
    """
    people, count = sums.products.shape
    done: Mask = (sums.loci >= least) & ~sums.variants_only
    components = np.full((people, count), np.nan)
    covariance = np.full((people, count, count), np.nan)
    if done.any():
        corrected = sums.squares[done] - sums.noise[done, None, None] * np.eye(count)
        inverse = np.linalg.inv(corrected)
        components[done] = np.linalg.solve(corrected, sums.products[done, :, None])[:, :, 0]
        covariance[done] = inverse @ sums.scatter[done] @ inverse
    return Projection(components, covariance, done)
