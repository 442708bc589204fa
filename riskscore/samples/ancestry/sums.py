"""What a source's genotypes add to a person's place among the reference people.

Least squares needs of each person only sums over the loci that are called in them, so that
genotypes are read some loci at a time and forgotten. All terms are whole multiples of a small power
of two: the sums are exact, and do not depend on who else is in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import Build
from riskscore.samples.ancestry.table import ComponentTable
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Region, Source
from riskscore.samples.loci.builds import choose_build
from riskscore.samples.loci.loci import read_dosages, regions_of

_CELLS = 2_000_000  # read at a time
_PARTS = 2.0**10  # genotypes are counted in these parts of one,
_LOADINGS = 2.0**16  # loadings in these,
_PRODUCTS = 2.0**20  # and products of two loadings in these
# So many loci without one hom-ref genotype are no chance: the person's variants alone are listed.
_VARIANTS_ONLY = 50
_PROBED = 40  # SNPs by which a file that covers the table is told from one that does not,
_COVERED = 0.1  # and the share of them that it has


@dataclass(frozen=True)
class ProjectionSums:
    """Sums over the loci called in each person.

    With loadings L, copies x, means m and noise s (see :class:`ComponentTable`): ``squares``
    (people, k, k) is the sum of L L', ``products`` (people, k) that of L (x - m), ``noise``
    (people,) that of s, and ``scatter`` (people, k, k) that of s L L'. ``loci`` (people,) counts
    them, and ``hom_ref`` those with two reference letters.
    """

    squares: Array
    products: Array
    noise: Array
    scatter: Array
    loci: NDArray[np.int64]
    hom_ref: NDArray[np.int64]

    def of_people(self, people: range) -> ProjectionSums:
        """The sums of some of the people."""
        rows = slice(people.start, people.stop)
        return ProjectionSums(*(getattr(self, one.name)[rows] for one in fields(self)))

    def __add__(self, other: ProjectionSums) -> ProjectionSums:
        both = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return ProjectionSums(*(own + theirs for own, theirs in both))

    @property
    def variants_only(self) -> Mask:
        """In whom no locus at all is homozygous for the reference, out of many."""
        found: Mask = (self.loci >= _VARIANTS_ONLY) & (self.hom_ref == 0)
        return found


def no_sums(people: int, components: int) -> ProjectionSums:
    """The sums of people of whom nothing was read."""
    square = (people, components, components)
    count = np.zeros(people, dtype=np.int64)
    return ProjectionSums(
        np.zeros(square), np.zeros(square[:2]), np.zeros(people), np.zeros(square), count, count
    )


def read_projection(
    source: Source, table: ComponentTable, build: Build | None, reading: Reading
) -> ProjectionSums:
    """Read the table's SNPs of a source, and nothing else; ``build`` is the user's word.

    A source that has none of them has sums of nothing. Raises BuildMismatchError when header, user
    and loci contradict each other.
    """
    source.prepare(regions_of(table.variants, build or source.build))
    try:
        chosen = choose_build(source, table.variants[:: len(table.variants) // 500], build)
    except BuildMismatchError:
        if build or source.build:
            raise
        # it may have other loci
        return no_sums(len(source.samples), table.loadings.shape[1])
    return read_sums(source, table, chosen, reading)


def covers(source: Source, table: ComponentTable, build: Build) -> bool:
    """Whether a source, prepared, has records at a tenth of some of the table's SNPs, or more.

    So a file of a few models' loci is told by 40 look-ups. What the records say of whom, or
    whether absent ones count as reference, has no bearing.
    """
    some = table.variants[:: max(1, len(table.variants) // _PROBED)]
    places = (Region(v.chromosome, v.position(build), v.position(build)) for v in some)
    found = sum(any(True for _ in source.fetch(place)) for place in places)
    return found >= _COVERED * len(some)


def read_sums(
    source: Source,
    table: ComponentTable,
    chosen: Build,
    reading: Reading,
    part: range | None = None,
) -> ProjectionSums:
    """The sums of a source whose build is known, and which is prepared; or of ``part`` of it."""
    part = range(len(source.samples)) if part is None else part
    total = no_sums(len(part), table.loadings.shape[1])
    step = max(16, _CELLS // max(1, len(source.samples)))
    for start in range(0, len(table.variants), step):
        loci = slice(start, min(start + step, len(table.variants)))
        found = read_dosages(source, table.variants[loci], chosen, {}, reading, part)
        if not np.isnan(found.values).all():
            total += sums_of(table, loci, found.values.T)
    return total


def sums_of(table: ComponentTable, loci: slice, copies: NDArray[np.floating]) -> ProjectionSums:
    """The sums over some loci of the table; ``copies`` (people, loci), nan where not called."""
    called = ~np.isnan(copies)
    known = called.astype(np.float64)
    rounded = np.rint(np.where(called, copies, 0.0) * _PARTS) / _PARTS
    loadings = np.rint(table.loadings[loci] * _LOADINGS) / _LOADINGS
    noise = np.rint(table.noise[loci] * _PRODUCTS) / _PRODUCTS
    outer = (loadings[:, :, None] * loadings[:, None, :]).reshape(len(loadings), -1)
    means = np.rint(loadings * table.mean[loci, None] * _PRODUCTS) / _PRODUCTS
    square = (len(copies), loadings.shape[1], loadings.shape[1])

    def summed(terms: Array) -> Array:
        return np.asarray(known @ (np.rint(terms * _PRODUCTS) / _PRODUCTS))

    return ProjectionSums(
        summed(outer).reshape(square),
        rounded @ loadings - known @ means,
        known @ noise,
        summed(outer * noise[:, None]).reshape(square),
        called.sum(axis=1),
        (called & (rounded < 0.5)).sum(axis=1),
    )
