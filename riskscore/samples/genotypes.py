"""Copies of each allele, read from the cells of a record: DS when present, else GT, unrounded."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import VCFFormatError
from riskscore.samples.vcf import Record

Copies = tuple[float, ...]  # copies of each ALT, nan where there is no call
_SEPARATOR = re.compile(r"[/|]")
_TOLERANCE = 0.01  # imputation writes dosages with two or three decimals


def allele_copies(record: Record) -> NDArray[np.float32]:
    """Copies of every ALT, shape (ALTs, samples); nan where a sample has no call.

    Raises VCFFormatError for a dosage outside 0..2, a genotype that names an allele the record
    does not have, or a cell that is no genotype. Half calls and haploid calls on autosomes are no
    calls: which other allele is there is not known.
    """
    known: dict[str, Copies] = {}
    parser = _CellParser(record)
    rows = []
    for cell in record.cells:
        copies = known.get(cell)
        if copies is None:
            copies = known[cell] = parser.copies(cell)
        rows.append(copies)
    return np.array(rows, dtype=np.float32).reshape(len(record.cells), len(record.alts)).T


class _CellParser:
    """Reads one record's cells; knows where GT and DS stand in them."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.alts = len(record.alts)
        self.missing: Copies = (math.nan,) * self.alts
        names = record.format
        self.gt = names.index("GT") if "GT" in names else -1
        self.ds = names.index("DS") if "DS" in names else -1
        if self.gt < 0 and self.ds < 0:
            raise VCFFormatError(f"the record at {record.place} has neither GT nor DS")

    def copies(self, cell: str) -> Copies:
        fields = cell.split(":")
        if 0 <= self.ds < len(fields) and fields[self.ds] not in {".", ""}:
            return self._from_ds(fields[self.ds])
        if 0 <= self.gt < len(fields):
            return self._from_gt(fields[self.gt])
        return self.missing

    def _from_ds(self, text: str) -> Copies:
        parts = text.split(",")
        if len(parts) != self.alts:
            raise self._error("DS", f"{len(parts)} values for {self.alts} ALT allele(s)")
        values = []
        for part in parts:
            if part == ".":
                return self.missing
            try:
                value = float(part)
            except ValueError:
                value = math.nan
            if not -_TOLERANCE <= value <= 2 + _TOLERANCE:
                raise self._error("DS", f"{part!r} is not a dosage between 0 and 2")
            values.append(min(max(value, 0.0), 2.0))
        if sum(values) > 2 + _TOLERANCE * self.alts:
            raise self._error("DS", f"{text!r} sums to more than two alleles")
        return tuple(values)

    def _from_gt(self, text: str) -> Copies:
        calls = _SEPARATOR.split(text)
        if "." in calls or len(calls) == 1:
            bad = [call for call in calls if call != "." and not call.isdigit()]
            if bad:
                raise self._error("GT", f"{text!r} is not a genotype")
            return self.missing
        if len(calls) != 2 or not all(call.isdigit() for call in calls):
            raise self._error("GT", f"{text!r} is not a diploid genotype")
        indices = [int(call) for call in calls]
        if max(indices) > self.alts:
            raise self._error("GT", f"{text!r} names an allele beyond ALT")
        return tuple(float(indices.count(alt)) for alt in range(1, self.alts + 1))

    def _error(self, field: str, problem: str) -> VCFFormatError:
        return VCFFormatError(f"{field} of the record at {self.record.place}: {problem}")
