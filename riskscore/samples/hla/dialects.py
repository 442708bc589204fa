"""How HLA alleles stand in a VCF: one record a name, said to be present or absent by its letters.

Tools disagree on the name (``HLA_DRB1*15:01``, ``HLA_DRB1_1501``, ``HLA-DRB1*15:01``,
``DRB1*15:01``), on the letters (A/T, A/P, a/p, A/P_1501, <absent>/<present>), and on which letter
is REF; PLINK swaps REF and ALT by frequency within one file. Each record is therefore judged by
itself, and only by its own ID and letters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import HLAFormatError, VCFFormatError
from riskscore.genetics.hla import GENES, HLAAllele
from riskscore.samples.files.record import Record
from riskscore.samples.loci.genotypes import allele_copies

Array = NDArray[np.float64]
# What IDs of HLA records begin with, in one dialect or another.
PREFIXES = (
    "HLA_", "HLA-",
    *(f"{gene}{joint}" for gene in GENES for joint in "*_"),
    "Cw*", "CW*",
)  # fmt: skip
QUALITY = ("R2", "DR2", "AR2", "INFO")  # Minimac, Beagle 5, Beagle 4, IMPUTE
_PRESENT = frozenset({"T", "P", "PRESENT", "<PRESENT>", "<P>"})
_ABSENT = frozenset({"A", "ABSENT", "<ABSENT>", "<A>"})
_TOLERANCE = 0.01  # as for dosages: two decimals are written


@dataclass(frozen=True)
class HLARecord:
    """One allele's record, with presence counted whatever the letters.

    ``copies`` (samples,) are 0 to 2, nan without a call; ``both`` is the probability of two copies
    and ``chromosomes`` (2, samples) the presence on each, where the file gives them; ``carried``
    (2, samples) is which chromosomes a phased genotype puts the allele on, ``phase_set`` (samples,)
    the number of its phase set, 0 without one. ``frequency`` is that of
    all people of the file, nan where none has a call.
    """

    allele: HLAAllele
    dialect: str
    flipped: bool
    fields: tuple[str, ...]
    copies: Array
    both: Array | None
    chromosomes: Array | None
    carried: NDArray[np.bool_] | None
    phase_set: NDArray[np.int64]
    quality: float
    frequency: float

    def of_people(self, people: range) -> HLARecord:
        """The record of some people; the frequency stays that of all."""
        span = slice(people.start, people.stop)
        return replace(
            self,
            copies=self.copies[span].copy(),
            both=None if self.both is None else self.both[span].copy(),
            chromosomes=None if self.chromosomes is None else self.chromosomes[:, span].copy(),
            carried=None if self.carried is None else self.carried[:, span].copy(),
            phase_set=self.phase_set[span].copy(),
        )


def allele_of(record_id: str) -> HLAAllele | None:
    """The allele an ID names; None for bare genes, intergenic markers, residues and SNPs."""
    try:
        return HLAAllele.parse(record_id)
    except HLAFormatError:
        return None


def read_hla_record(record: Record, allele: HLAAllele) -> HLARecord:
    """Presence of the allele in every sample.

    Raises VCFFormatError when the letters do not say which one means present.
    """
    alt_present = _polarity(record, allele)
    if record.alts:
        copies = allele_copies(record)[0].astype(np.float64)
    else:  # everybody has REF: PLINK leaves the other letter out
        genotypes = record.genotypes()
        if genotypes is None:
            raise _unclear(record)
        copies = np.where((genotypes == 0).all(axis=1), 0.0, np.nan)
    copies = copies if alt_present else 2 - copies
    called = copies[~np.isnan(copies)]
    both = _both(record, alt_present)
    chromosomes = _chromosomes(record, alt_present)
    return HLARecord(
        allele,
        _dialect(record),
        not alt_present,
        tuple(name for name in ("HDS", "GP", "DS", "GT") if name in record.format),
        copies,
        both,
        chromosomes,
        _carried(record, alt_present),
        _phase_set(record),
        _quality(record),
        float(called.mean() / 2) if called.size else float("nan"),
    )


def _polarity(record: Record, allele: HLAAllele) -> bool:
    """Whether ALT means present, by the letters of this record."""
    ref = _meaning(record.ref, allele)
    alts = [_meaning(alt, allele) for alt in record.alts]
    if len(alts) > 1:
        raise _unclear(record)
    alt = alts[0] if alts else None
    if ref is None and alt and record.alts[0].startswith("<"):
        return True  # <HLA_DRB1*15:01> against whatever base stands in REF
    if ref is None or (alts and (alt is None or alt == ref)):
        raise _unclear(record)
    return not ref


def _meaning(letters: str, allele: HLAAllele) -> bool | None:
    """Whether an allele string means present (True), absent (False), or neither."""
    upper = letters.upper()
    if upper in _PRESENT:
        return True
    if upper in _ABSENT:
        return False
    if upper.startswith("P_"):  # HIBAG: P_1501
        return True if upper[2:].replace(":", "") == "".join(allele.fields) else None
    if upper.startswith("<") and upper.endswith(">"):
        return True if allele_of(letters[1:-1]) == allele else None
    return None


def _unclear(record: Record) -> VCFFormatError:
    return VCFFormatError(
        f"the letters {record.ref}>{','.join(record.alts) or '.'} of {record.id} do not say "
        "which one means present",
        where=record.file,
        fix="use A/T or A/P (absent/present), as HLA imputation tools do",
    )


def _dialect(record: Record) -> str:
    """Whose way of writing it is, for the report."""
    letters = {record.ref.upper(), *(alt.upper() for alt in record.alts)}
    if any(letter.startswith("P_") for letter in letters):
        return "HIBAG"
    if any(letter.startswith("<") for letter in letters) or not record.id.upper().startswith("HLA"):
        return "FinnGen"
    if record.id.startswith("HLA-"):
        return "HIBAG"
    if "T" in letters:
        return "HLA-TAPAS (A/T)"
    return "SNP2HLA (A/P)"


def _both(record: Record, alt_present: bool) -> Array | None:
    """The probability of two copies, from GP."""
    numbers = record.numbers("GP") if record.alts else None
    if numbers is None:
        return None
    complete = numbers.counts == 3
    values = np.where(complete[:, None], numbers.values[:, :3], np.nan).astype(np.float64)
    with np.errstate(invalid="ignore"):
        wrong = (values < -_TOLERANCE).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > 0.05)
    if wrong.any():
        raise record.error("GP", "three probabilities that do not sum to 1")
    return values[:, 2 if alt_present else 0]


def _chromosomes(record: Record, alt_present: bool) -> Array | None:
    """Presence on each chromosome, from HDS."""
    numbers = record.numbers("HDS") if record.alts else None
    if numbers is None:
        return None
    two = numbers.counts == 2
    values = np.where(two[:, None], numbers.values[:, :2], np.nan).astype(np.float64)
    with np.errstate(invalid="ignore"):
        if ((values < -_TOLERANCE) | (values > 1 + _TOLERANCE)).any():
            raise record.error("HDS", "a value is not between 0 and 1")
    values = np.clip(values, 0, 1).T
    return values if alt_present else 1 - values


def _carried(record: Record, alt_present: bool) -> NDArray[np.bool_] | None:
    """Which chromosomes a phased genotype puts the allele on; None when nothing is phased."""
    genotypes = record.genotypes()
    phased = record.phased()
    if genotypes is None or not phased.any():
        return None
    wanted = 1 if alt_present else 0
    return np.asarray(((genotypes == wanted) & phased[:, None]).T)


def _phase_set(record: Record) -> NDArray[np.int64]:
    """The number of each sample's phase set, 0 where PS has none."""
    texts, place = np.unique(record.phase_sets(), return_inverse=True)
    numbers = [int(text) if text.isdigit() else 0 for text in texts.tolist()]
    return np.array(numbers, dtype=np.int64)[place.ravel()]


def _quality(record: Record) -> float:
    for key in QUALITY:
        text = record.info_value(key)
        if text is not None:
            try:
                return float(text)
            except ValueError:
                return float("nan")
    return float("nan")
