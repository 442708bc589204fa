"""Copies of each allele, from what the cells of a record say: unrounded, missing where unknown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from riskscore.arrays import Array, Copies, Mask, Spreads
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import NO_ALLELE, NO_CALL
from riskscore.samples.files.decoding.coded import TOLERANCE, CodedCopies, contradicted
from riskscore.samples.files.reading import GenotypeField
from riskscore.samples.files.record import Record
from riskscore.samples.loci.dosages import spreads_of

# A haploid call on these is a male's, and counts as the homozygote that others write for him.
HAPLOID = frozenset({"X", "Y", "MT", "M"})
DECIMALS = 6  # what float32 surely holds of a number up to 2
_AGREE = 0.0205  # between two fields of one cell, each rounded to two decimals


@dataclass(frozen=True)
class AlleleCopies:
    """``values`` are the copies of every ALT, (ALTs, samples), float32, nan without a call.

    ``notes`` count cells that were odd: ``half_call``, ``haploid`` (on an autosome),
    ``ds_gt_conflict``, ``dosage_conflict`` (DS against HDS or GP), and ``other_field`` (a cell
    without the field that the record's others are read from). ``coded`` are the same copies as
    places in a table, where all cells are as usual. ``reader`` tells the variance, if asked.
    """

    values: Copies
    notes: Counter[str]
    coded: CodedCopies | None = None
    reader: _CopyReader | None = None

    @cached_property
    def variance(self) -> Spreads | None:
        """The variance of the copies of the only ALT, (samples,), where GP or HDS tells it."""
        return None if self.reader is None else self.reader.variance(self.values[0])


def read_copies(record: Record, field: GenotypeField = GenotypeField.AUTO) -> AlleleCopies:
    """Copies of every ALT, and what was odd about the cells.

    ``auto`` takes for each cell the first of DS, HDS, GP and GT that it has. Half calls are no
    calls, and so are haploid calls on autosomes: which other allele is there is not known.

    Raises VCFFormatError for a value out of range, a wrong number of values, an ALT that stands
    twice, a record without the field that was asked for, or without any.
    """
    if record.format and field in (GenotypeField.AUTO, record.format[-1]):
        coded = record.coded
        if coded is not None:
            notes = Counter({"ds_gt_conflict": coded.conflicts} if coded.conflicts else {})
            return AlleleCopies(coded.values[None, :], notes, coded)
    reader = _CopyReader(record)
    wanted = [name for name in ("DS", "HDS", "GP", "GT") if field in (GenotypeField.AUTO, name)]
    present = [name for name in wanted if reader.has(name)]
    if not present:
        names = " or ".join(wanted)
        raise record.error("FORMAT", f"{':'.join(record.format) or 'nothing'} has no {names}")
    values = reader.read(present[0])
    for name in present[1:]:
        unknown = _any_rows(np.isnan(values).T)
        if unknown.any():
            other = reader.read(name)
            known = unknown & ~_any_rows(np.isnan(other).T)
            reader.notes["other_field"] += int(known.sum())
            values = np.where(known, other, values)
    if present[0] != "GT":
        reader.compare(values)
    told = reader.alts == 1 and {"GP", "HDS"} & {*wanted}
    return AlleleCopies(values, +reader.notes, reader=reader if told else None)


class _CopyReader:
    """Turns the fields of one record into copies of its ALTs, and counts what is odd."""

    def __init__(self, record: Record) -> None:
        self.record, self.alts = record, len(record.alts)
        if self.alts > 1 and len({alt.upper() for alt in record.alts}) < self.alts:
            raise record.error("ALT", "an allele stands there twice")
        self.notes: Counter[str] = Counter()
        self.calls = record.genotypes()
        self.doubled = record.chromosome in HAPLOID
        self.haploid = np.zeros(record.samples, dtype=bool)
        if self.calls is not None:
            self.haploid |= (self.calls[:, 1] == NO_ALLELE) & (self.calls[:, 0] != NO_CALL)
        for name, single in (("HDS", 1), ("GP", 1 + self.alts)):
            numbers = record.numbers(name) if self.has(name) else None
            if numbers is not None and (alone := numbers.counts == single).any():
                self.haploid |= alone & ~np.isnan(numbers.values[:, 0])

    def has(self, name: str) -> bool:
        """Whether the record has a field in a form that can be read."""
        if name == "GT":
            return self.calls is not None
        # Without an ALT there is nothing to count; HDS has no stated order for several ALTs.
        most = 1 if name == "HDS" else self.alts
        return name in self.record.format and 0 < self.alts <= most

    def read(self, name: str) -> Copies:
        """Copies of each ALT from one field, (ALTs, samples)."""
        if name == "GT":
            return self._called
        numbers = self.record.numbers(name)
        assert numbers is not None
        return {"DS": self._from_ds, "HDS": self._from_hds, "GP": self._from_gp}[name](numbers)

    def _ploidy(self, copies: Array, haploid: Mask) -> Copies:
        """Haploid copies doubled on X and Y, and unknown on autosomes."""
        if haploid.any():
            if not self.doubled:
                self.notes["haploid"] = max(self.notes["haploid"], int(haploid.sum()))
            scale = np.where(haploid, 2.0 if self.doubled else np.nan, 1.0)
            copies = copies * scale
        return copies.astype(np.float32)

    @cached_property
    def _called(self) -> Copies:
        assert self.calls is not None
        first, second = self.calls.T
        gaps = (first == NO_CALL) | (second == NO_CALL)
        copies = np.empty((self.alts, self.record.samples))
        for alt in range(1, self.alts + 1):
            np.add(first == alt, second == alt, out=copies[alt - 1], dtype=np.float64)
        if gaps.any():
            self.notes["half_call"] += int((gaps & ((first >= 0) | (second >= 0))).sum())
            copies[:, gaps] = np.nan
        return self._ploidy(copies, self.haploid)

    def _from_ds(self, numbers: Numbers) -> Copies:
        self._check_counts("DS", numbers, (self.alts,), f"{self.alts} ALT allele(s)")
        values = _widened(numbers.values, self.alts)
        most = np.where(self.haploid & self.doubled, 1.0, 2.0)
        self._check_range("DS", values, most)
        if (_sum_rows(values) > most + TOLERANCE * self.alts).any():
            raise self.record.error("DS", "the dosages of a cell sum to more than its alleles")
        values[_any_rows(np.isnan(values))] = np.nan
        return self._ploidy(np.clip(values, 0, most[:, None]).T, self.haploid)

    def _from_hds(self, numbers: Numbers) -> Copies:
        self._check_counts("HDS", numbers, (1, 2), "two haplotypes")
        values = _widened(numbers.values, 2)
        self._check_range("HDS", values, np.ones(len(values)))
        values = np.clip(values, 0, 1)
        single = numbers.counts == 1
        total = values[:, 0] + np.where(single, 0.0, values[:, 1])
        return self._ploidy(np.round(total, DECIMALS)[None, :], single & ~np.isnan(total))

    def _from_gp(self, numbers: Numbers) -> Copies:
        alleles = self.alts + 1
        pairs = [(i, j) for j in range(alleles) for i in range(j + 1)]  # the order VCF prescribes
        counts = (len(pairs), alleles)
        self._check_counts("GP", numbers, counts, f"the genotypes of {self.alts} ALT allele(s)")
        values = _widened(numbers.values, len(pairs))
        self._check_range("GP", values, np.ones(len(values)))
        single = numbers.counts == alleles
        total = np.where(single, _sum_rows(values[:, :alleles]), _sum_rows(values))
        if (np.abs(total - 1) > _AGREE).any():
            raise self.record.error(
                "GP", "the probabilities of a cell do not sum to 1 (are they Phred-scaled?)"
            )
        copies = np.empty((self.alts, len(values)))
        for alt in range(1, alleles):
            dose = np.array([(i == alt) + (j == alt) for i, j in pairs], dtype=np.float64)
            copies[alt - 1] = np.where(single, values[:, alt], values @ dose) / total
        return self._ploidy(np.round(copies, DECIMALS), single & ~np.isnan(total))

    def _check_counts(
        self, name: str, numbers: Numbers, counts: tuple[int, ...], meaning: str
    ) -> None:
        wrong = reduce(np.logical_and, [numbers.counts != count for count in (0, *counts)])
        if wrong.any():
            found = int(numbers.counts[wrong][0])
            raise self.record.error(name, f"{found} values for {meaning}")

    def _check_range(self, name: str, values: Array, most: Array) -> None:
        limit = most[:, None]
        wrong = (values < -TOLERANCE) | (values > limit + TOLERANCE)  # nan is neither
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            value = np.float32(values[row, column])
            raise self.record.error(name, f"{value:.6g} is not between 0 and {most[row]:g}")

    def variance(self, copies: Copies) -> Spreads | None:
        """The variance of copies of the only ALT, from GP or else HDS; None without both.

        A dosage of 1 may be a heterozygote or one of three genotypes. Of G the probabilities of 0,
        1 and 2 copies the variance is G1 + 4 G2 - (G1 + 2 G2)^2, and of two chromosomes that carry
        it with h1 and h2 it is h1 (1 - h1) + h2 (1 - h2). It is NOT_TOLD where a cell has no such
        numbers, or ones that contradict the dosage.
        """
        for name, width in (("GP", 3), ("HDS", 2)):
            numbers = self.record.numbers(name) if self.has(name) else None
            if numbers is None:
                continue
            told = np.clip(_widened(numbers.values, width), 0, 1)
            if name == "GP":
                mean = told[:, 1] + 2 * told[:, 2]
                found = told[:, 1] + 4 * told[:, 2] - mean**2
            else:
                mean, found = _sum_rows(told), _sum_rows(told * (1 - told))
            with np.errstate(invalid="ignore"):
                found[np.abs(mean - copies) > _AGREE] = np.nan
            return spreads_of(found)
        return None

    def compare(self, values: Copies) -> None:
        """Count the cells whose GT, HDS or GP no reading of their dosage can agree with."""
        if self.calls is not None:
            conflict = _any_rows(contradicted(self._called, values).T)
            self.notes["ds_gt_conflict"] += int(conflict.sum())
        if self.alts == 1 and "DS" in self.record.format:
            apart = np.zeros(self.record.samples, dtype=bool)
            for name, width, doses in (("HDS", 2, (1, 1)), ("GP", 3, (0, 1, 2))):
                numbers = self.record.numbers(name)
                if numbers is not None:
                    told = _widened(numbers.values, width) @ np.array(doses, dtype=np.float64)
                    with np.errstate(invalid="ignore"):
                        apart |= np.abs(told - values[0]) > _AGREE
            self.notes["dosage_conflict"] += int(apart.sum())


# Rows are many and columns few: going column by column is what numpy does fast.
def _any_rows(table: Mask) -> Mask:
    return reduce(np.logical_or, table.T)


def _sum_rows(table: Array) -> Array:
    return reduce(np.add, table.T)


def _widened(values: Copies, width: int) -> Array:
    """The values in exactly so many columns, nan where nobody wrote one, in double precision."""
    if values.shape[1] == width:
        return values.astype(np.float64)
    out = np.full((len(values), width), np.nan)
    out[:, : values.shape[1]] = values[:, :width]
    return out
