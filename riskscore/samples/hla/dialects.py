"""HLA alleles in a VCF: a record for each allele, whose letters say whether it is present.

Tools disagree on the name (``HLA_DRB1*15:01``, ``HLA_DRB1_1501``, ``HLA-DRB1*15:01``,
``DRB1*15:01``), on the letters (A/T, A/P, a/p, A/P_1501, <absent>/<present>), and on which letter
is REF; PLINK swaps REF and ALT by frequency within one file. Each record is therefore judged by
itself, and only by its own ID and letters.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from riskscore.errors import HLAFormatError, VCFFormatError
from riskscore.genetics.hla import GENES, HLAAllele, gene_in_name
from riskscore.samples.files.record import Record, imputation_quality
from riskscore.samples.hla.cells import GeneCells, Meaning, RecordCells

# The beginnings of names of HLA records in all dialects, in capitals or not.
_BEGINNINGS = (
    "HLA_", "HLA-", "HLA*",
    *(f"{gene}{joint}" for gene in GENES for joint in "*_"),
    "Cw*", "CW*",
)  # fmt: skip
PREFIXES = tuple(dict.fromkeys((*_BEGINNINGS, *(name.lower() for name in _BEGINNINGS))))
_PRESENT = frozenset({"T", "P", "PRESENT", "<PRESENT>", "<P>"})
_ABSENT = frozenset({"A", "ABSENT", "<ABSENT>", "<A>"})


@dataclass(frozen=True)
class HLARecord:
    """One allele's record: its dialect, and its cells, which are read together with other records'.

    ``flipped`` says that REF means present; ``quality`` is nan where the record states none.
    """

    allele: HLAAllele
    dialect: str
    flipped: bool
    fields: tuple[str, ...]
    quality: float
    cells: RecordCells


def allele_of(name: str) -> HLAAllele | None:
    """The allele a name stands for; None for bare genes, intergenic markers, residues and SNPs."""
    try:
        return HLAAllele.parse(name)
    except HLAFormatError:
        return None


def names_no_allele(record: Record, genes: Collection[str]) -> str:
    """A name that looks like an allele of these genes and is none; empty if there is no such name.

    Zeros, which some panels write for an allele that was not typed, do not count.
    """
    names = (*record.id.split(";"), *(alt[1:-1] for alt in record.alts if alt.startswith("<")))
    for name in names:
        zeros = name.rstrip("0:").endswith(("*", "_"))
        if gene_in_name(name) in genes and allele_of(name) is None and not zeros:
            return name
    return ""


def named_alleles(record: Record) -> tuple[tuple[HLAAllele, int], ...]:
    """The alleles that a record is of, each with the number of its ALT.

    The number is 0 where the letters of the record say which of them means present.

    The ID names one, perhaps among other names joined by ``;``. Where it names none, or a gene
    alone, ALTs such as <HLA_DRB1*15:01> do.
    """
    for name in record.id.split(";"):
        allele = allele_of(name)
        if allele is not None:
            return ((allele, 0),)
    symbolic = [alt[1:-1] if alt.startswith("<") else "" for alt in record.alts]
    named = [(allele_of(name), number) for number, name in enumerate(symbolic, start=1)]
    found = tuple((allele, number) for allele, number in named if allele is not None)
    return found if len(record.alts) > 1 else tuple((allele, 0) for allele, _ in found)


def read_hla_record(record: Record, allele: HLAAllele, alt: int, *, into: GeneCells) -> HLARecord:
    """The record of an allele; that of an ALT, if it is not 0. Its cells are taken for ``into``.

    Raises VCFFormatError when the letters do not say which one means present.
    """
    present = alt > 0 or _polarity(record, allele)
    if not record.alts and "GT" not in record.format:
        raise _unclear(record)
    return HLARecord(
        allele,
        _dialect(record),
        not present,
        tuple(name for name in ("HDS", "GP", "DS", "GT") if name in record.format),
        quality_of(record, alt),
        into.add(record, Meaning(alt, present)),
    )


def _polarity(record: Record, allele: HLAAllele) -> bool:
    """Whether ALT means present, by the letters of this record."""
    ref = _meaning(record.ref, allele)
    alts = [_meaning(alt, allele) for alt in record.alts]
    if len(alts) > 1:
        raise _unclear(record)
    alt = alts[0] if alts else None
    if ref is None and alt and record.alts[0].startswith("<"):
        return True  # <HLA_DRB1*15:01> with any base in REF
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
        f"the letters {record.letters} of {record.id} do not say which one means present",
        where=record.file,
        fix="use A/T or A/P (absent/present), as HLA imputation tools do",
    )


def _dialect(record: Record) -> str:
    """The name of the dialect, for the report."""
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


def quality_of(record: Record, alt: int) -> float:
    """How well the record, or one of its ALTs, was imputed, as INFO says; nan where it does not."""
    try:
        quality = imputation_quality(record, max(alt, 1))
    except VCFFormatError:
        return float("nan")
    return float("nan") if quality is None else quality
