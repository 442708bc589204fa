"""Compare the HLA types of two sources, which differ where samples were swapped."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.genetics.hla import HLAName
from riskscore.samples.hla.calls import GeneCalls

_TOLERATED = 0.02  # share of people in whom imputation may be wrong in both alleles of a gene
_ANY = ""  # of an allele that is present and not known


def first_field(name: HLAName) -> str:
    """The first field of an allele, by which sources are compared; empty if it is not known."""
    return name.fields[0] if name.fields else _ANY


def sources_differ(one: Mapping[str, GeneCalls], other: Mapping[str, GeneCalls]) -> tuple[int, int]:
    """The numbers of people who differ in both alleles of a gene, and whom both sources call.

    Alleles are compared by their first fields; later ones depend on how a source was typed.
    """
    compared: set[int] = set()
    unlike: set[int] = set()
    for gene in one.keys() & other.keys():
        left, right = _best(one[gene]), _best(other[gene])
        both, at, place = np.intersect1d(left[0], right[0], return_indices=True)
        names = left[1][at], left[2][at], right[1][place], right[2][place]
        apart = [_apart(names[i], names[j]) for i in (0, 1) for j in (2, 3)]
        compared |= set(both.tolist())
        unlike |= set(both[np.logical_and.reduce(apart)].tolist())
    return len(unlike), len(compared)


def swap_warning(unlike: int, compared: int) -> str:
    """The warning about two sources that differ; empty if few people do.

    >>> swap_warning(1, 1)
    'in 1 of 1 people the typed HLA tables and the HLA records of the VCF differ in both alleles \
of a gene: were samples swapped? The tables are used'
    >>> swap_warning(1, 100)
    ''
    """
    if unlike <= _TOLERATED * compared:
        return ""
    return (
        f"in {unlike} of {compared} people the typed HLA tables and the HLA records of the VCF "
        "differ in both alleles of a gene: were samples swapped? The tables are used"
    )


_Best = tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.str_]]


def _best(calls: GeneCalls) -> _Best:
    """The people who are called, and the first fields of each one's most probable pair."""
    fields = np.array([first_field(name) for name in calls.alleles], dtype=np.str_)
    order = np.lexsort((-calls.probability, calls.sample))
    people, start = np.unique(calls.sample[order], return_index=True)
    rows = order[start]
    return people, fields[calls.first[rows]], fields[calls.second[rows]]


def _apart(one: NDArray[np.str_], other: NDArray[np.str_]) -> Mask:
    return np.asarray((one != other) & (one != _ANY) & (other != _ANY))
