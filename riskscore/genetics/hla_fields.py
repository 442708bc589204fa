"""The first fields that each HLA gene has, and how digits without colons are cut into fields.

Sources of the first fields: reference/hla/first_fields.tsv.
"""

from __future__ import annotations

from collections.abc import Iterator

from riskscore.errors import HLAFormatError

FIRST_FIELDS = {
    gene: frozenset(fields.split())
    for gene, fields in {
        "A": "01 02 03 11 23 24 25 26 29 30 31 32 33 34 36 43 66 68 69 74 80",
        "B": "07 08 13 14 15 18 27 35 37 38 39 40 41 42 44 45 46 47 48 49 50 51 52 53 54 55 56 57"
        " 58 59 67 73 78 81 82 83",
        "C": "01 02 03 04 05 06 07 08 12 14 15 16 17 18",
        "E": "01",
        "F": "01",
        "G": "01",
        "DRA": "01",
        "DRB1": "01 03 04 07 08 09 10 11 12 13 14 15 16",
        "DRB3": "01 02 03",
        "DRB4": "01 02 03",
        "DRB5": "01 02",
        "DQA1": "01 02 03 04 05 06",
        "DQB1": "02 03 04 05 06",
        "DPA1": "01 02 03 04 05",
    }.items()
}
# Alleles of DPB1 are numbered on, past 99 and past 999, in place of a list of first fields.
NUMBERED_ON = "DPB1"


def check_fields(gene: str, fields: tuple[str, ...], name: str) -> None:
    """Raise HLAFormatError, naming ``name``, where the gene has no allele of these fields.

    >>> check_fields("DRB1", ("77", "01"), "77:01")
    Traceback (most recent call last):
    riskscore.errors.HLAFormatError: '77:01' is no allele: HLA-DRB1 has no first field 77. To fix \
it: its first fields are 01 03 04 07 08 09 10 11 12 13 14 15 16
    """
    if gene != NUMBERED_ON and fields[0] not in FIRST_FIELDS[gene]:
        raise HLAFormatError(
            f"{name!r} is no allele: HLA-{gene} has no first field {fields[0]}",
            fix=f"its first fields are {' '.join(sorted(FIRST_FIELDS[gene]))}",
        )
    wrong = next((field for field in fields if not _is_number(field)), None)
    if wrong is not None:
        raise HLAFormatError(
            f"{name!r} is no allele: no field is written {wrong}",
            fix="write numbers from 01 to 99 with two digits, and above without a zero before them",
        )


def _is_number(field: str) -> bool:
    """Whether digits are written as fields are: two, or more without a zero in front; not 00."""
    return field != "00" and (len(field) == 2 or field[0] != "0")


def readings(gene: str, digits: str) -> tuple[tuple[str, ...], ...]:
    """The fields that digits without colons may stand for, the usual way of cutting first.

    Two digits make a field. An odd number has one field of three digits (of DPB1 the first, of
    other genes the second one), or has lost the zero in front, as in a spreadsheet.

    >>> readings("DRB1", "301"), readings("A", "02101"), readings("DRB1", "30101")
    ((('03', '01'),), (('02', '101'),), (('03', '01', '01'),))
    >>> readings("A", "30101"), readings("DPB1", "401"), readings("DRB1", "7701")
    ((('30', '101'), ('03', '01', '01')), (('401',), ('04', '01')), ())
    """
    return tuple(fields for fields in _cuts(gene, digits) if _has(gene, fields))


def _cuts(gene: str, digits: str) -> Iterator[tuple[str, ...]]:
    if len(digits) % 2 == 0:
        yield _pairs(digits)
        return
    if gene == NUMBERED_ON and len(digits) >= 3:
        yield (digits[:3], *_pairs(digits[3:]))
    elif len(digits) >= 5:
        yield (digits[:2], digits[2:5], *_pairs(digits[5:]))
    yield _pairs(f"0{digits}")


def _pairs(digits: str) -> tuple[str, ...]:
    return tuple(digits[i : i + 2] for i in range(0, len(digits), 2))


def _has(gene: str, fields: tuple[str, ...]) -> bool:
    try:
        check_fields(gene, fields, "")
    except HLAFormatError:
        return False
    return True


def only_reading(gene: str, digits: str, name: str) -> tuple[str, ...]:
    """The fields of a cell of digits; HLAFormatError where they have no reading, or several.

    >>> only_reading("DQB1", "302", "302")
    ('03', '02')
    """
    found = readings(gene, digits)
    if len(found) > 1:
        either = " or ".join(":".join(fields) for fields in found)
        raise HLAFormatError(f"{name!r} of HLA-{gene} may be {either}", fix="write the colons")
    if not found:
        check_fields(gene, next(_cuts(gene, digits)), name)
    return found[0]
