"""Lines of a VCF as they are met in a pass: a SNP's letters and its calls, or the whole record."""

from __future__ import annotations

from riskscore.samples.blocks.walk import Line
from riskscore.samples.matching import marker_at
from riskscore.samples.record import Record
from riskscore.samples.vcf import parse_line

_CALLS_ALONE = b"\tGT\t"  # a FORMAT of GT only, before the cells
_TAB = ord("\t")


def snp_calls(line: Line, samples: int) -> tuple[int, int] | None:
    """ALT and REF of a SNP as one number, and where its cells begin, if they are as ``0|1`` all.

    None for any other line. Whether the cells are so is not looked at, but for their length.
    """
    text, _, tab, end = line
    cells = end - (4 * samples - 1)
    named = text.find(b"\t", tab + 1)  # behind ID
    if cells < named + 9 or text[cells - 4 : cells] != _CALLS_ALONE:
        return None
    if text[named + 2] != _TAB or text[named + 4] != _TAB:
        return None
    if text.count(b"\t", named + 5, cells - 4) != 2 or marker_at(text, tab + 1, named):
        return None
    return text[named + 3] << 8 | text[named + 1], cells


def record_of(line: Line, samples: int, file: str) -> Record:
    """A line as a record; raises VCFFormatError as :func:`riskscore.samples.vcf.parse_line`."""
    text, start, _, end = line
    return parse_line(bytes(text[start:end]), samples, file)
