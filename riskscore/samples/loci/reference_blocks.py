"""The copies that a gVCF block, or a record without a variant, implies for a variant inside it."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant, complement
from riskscore.samples.files.decoding.cells import NO_ALLELE, NO_CALL
from riskscore.samples.files.record import Record
from riskscore.samples.loci.genotypes import HAPLOID

# A hom-ref call of a block counts at this genotype quality: at most 1 in 100 of them is wrong.
MINIMUM_GQ = 20


def block_copies(
    record: Record, variant: Variant, build: Build, notes: Counter[str]
) -> NDArray[np.float32] | None:
    """Copies of the effect allele in people whom a block calls homozygous reference; nan in others.

    None when the block does not reach over the variant, or the reference allele is not known.
    Calls below :data:`MINIMUM_GQ` (GQ, or RGQ) are no calls, counted as low_gq.
    """
    place = variant.position(build)
    reference = _reference(record, variant, place)
    genotypes = record.genotypes()
    if not reference or genotypes is None or place + len(reference) - 1 > record.end:
        return None
    hom_ref = (genotypes[:, 0] == 0) & (genotypes[:, 1] == 0)
    if record.chromosome in HAPLOID:
        hom_ref |= (genotypes[:, 0] == 0) & (genotypes[:, 1] == NO_ALLELE)
    quality = record.numbers("GQ") or record.numbers("RGQ")
    if quality is not None:
        best = np.nan_to_num(quality.values[:, :1], nan=-1.0).max(axis=1, initial=-1.0)
        notes["low_gq"] += int((hom_ref & (best < MINIMUM_GQ)).sum())
        hom_ref &= best >= MINIMUM_GQ
    notes["half_call"] += int(((genotypes == NO_CALL).sum(axis=1) == 1).sum())
    copies = 2.0 if reference == variant.effect_allele else 0.0
    return np.where(hom_ref, np.float32(copies), np.float32(np.nan))


def _reference(record: Record, variant: Variant, place: int) -> str:
    """The reference allele at the variant, from the model or the block's own REF; "" if unknown."""
    letters = (variant.effect_allele, variant.other_allele)
    known = variant.reference_allele
    if record.position != place or max(map(len, letters)) > 1:
        return known
    base = record.ref[:1].upper()
    if known:
        return known if base in (known, complement(known)) else ""
    if variant.palindromic:
        return ""
    return next((letter for letter in (base, complement(base)) if letter in letters), "")
