"""The header of a VCF or BCF, read and judged: samples, contigs, what it says of the build."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from riskscore.errors import (
    BuildMismatchError,
    DuplicateSampleError,
    EmptyVCFError,
    VCFFormatError,
)
from riskscore.genetics.build import (
    LIFT_OVER,
    Build,
    assemblies_in,
    assemblies_of_contigs,
    assembly_of_accession,
    chromosome,
)

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
MOST_DIGITS = 10  # of a position; the longest chromosome has nine
MOST_LINES = 1_000_000  # of a header; those of assemblies in many pieces have some 100,000
_VCF = "##fileformat=VCF"
_CONTIG = re.compile(r"##contig=<ID=([^,>]+)(?:.*?[,<]length=(\d+))?")


@dataclass(frozen=True)
class Header:
    """What a header says. ``contigs`` are the lengths it declares, by the file's own names."""

    samples: tuple[str, ...]
    build: Build | None
    contigs: Mapping[str, int | None]


def header_line(line: bytes, before: int, file: str) -> str:
    """A line of a header as text, which ``before`` others stand above.

    Raises VCFFormatError where it is not UTF-8, where the first one is no VCF's, and for more lines
    than MOST_LINES: a small file may unpack to a billion.
    """
    if before >= MOST_LINES:
        raise VCFFormatError(f"the header has more than {MOST_LINES:,} lines", where=file)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VCFFormatError("the header is not UTF-8 text", where=file) from error
    if not before:
        _require_vcf(text, file)
    return text


def _require_vcf(first: str, file: str) -> None:
    if not first.startswith(_VCF):
        raise VCFFormatError(f"the first line is not {_VCF}", where=file)


def read_header(lines: Sequence[str], file: str) -> Header:
    """Judge the header lines of a file, the #CHROM line last.

    Raises VCFFormatError, EmptyVCFError (no samples), DuplicateSampleError or BuildMismatchError.
    """
    _require_vcf(lines[0] if lines else "", file)
    last = lines[-1].rstrip("\r\n")
    columns = last.split("\t")
    if columns[0].split(" ")[0] != "#CHROM":
        raise VCFFormatError("the header has no #CHROM line", where=file)
    if tuple(columns[:8]) != FIXED[:8]:
        spaces = " by tabs (it has spaces)" if " " in last and len(columns) < 8 else ""
        raise VCFFormatError(
            f"the #CHROM line does not name the eight fixed columns{spaces}",
            where=file,
            fix="columns of a VCF are separated by tabs",
        )
    if any(line.startswith("#CHROM") and line.rstrip("\r\n") != last for line in lines[:-1]):
        raise VCFFormatError(
            "the header has two #CHROM lines that differ: which names the samples is not known",
            where=file, fix="take one out (files are put together by bcftools concat or merge)",
        )  # fmt: skip
    samples = one_copy(tuple(columns[9:]))
    if not samples:
        raise EmptyVCFError("the VCF has no samples", where=file)
    if columns[8] != "FORMAT":
        raise VCFFormatError("the ninth column is not FORMAT", where=file)
    check_samples(samples, file)
    return Header(samples, declared_build(lines, file), _contigs(lines, file))


@cache
def one_copy(samples: tuple[str, ...]) -> tuple[str, ...]:
    """The same names once, however many chromosomes have them; forgotten when all are open."""
    return samples


def is_position(text: str) -> bool:
    """Whether a text is a position: digits, no more than one has."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def check_samples(samples: Sequence[str], file: str) -> None:
    """Raise EmptyVCFError for no samples, and an error for one without a name or named twice."""
    if not samples:
        raise EmptyVCFError("the file has no samples", where=file)
    if "" in samples:
        raise VCFFormatError(
            "a sample has no name", where=file, fix="look for a tab too many in the #CHROM line"
        )
    repeated = len(samples) - len(set(samples))
    if repeated:
        raise DuplicateSampleError(
            f"{repeated} sample name(s) occur twice in the header",
            where=file,
            fix="rename them (in a VCF or BCF: bcftools reheader -s)",
        )


def by_plain_name(names: Iterable[str], file: str) -> dict[str, str]:
    """A file's own names of its chromosomes by their plain names.

    Raises VCFFormatError where two of them are the same chromosome.
    """
    plain: dict[str, str] = {}
    for name in names:
        other = plain.setdefault(chromosome(name), name)
        if other != name:
            raise VCFFormatError(
                f"{other} and {name} are the same chromosome",
                where=file,
                fix="give each chromosome one name (bcftools annotate --rename-chrs)",
            )
    return plain


def _contigs(lines: Sequence[str], file: str) -> dict[str, int | None]:
    """The lengths that ##contig lines declare; raises VCFFormatError for one that is none."""
    found: dict[str, int | None] = {}
    for match in filter(None, map(_CONTIG.match, lines)):
        if match[2] and len(match[2]) > MOST_DIGITS:
            raise VCFFormatError(
                f"a ##contig line gives a length of {len(match[2])} digits", where=file
            )
        found[match[1]] = int(match[2]) if match[2] else None
    return found


def declared_build(lines: Sequence[str], file: str) -> Build | None:
    """What a header says of the build: lengths and accessions of contigs, the reference's name.

    Raises BuildMismatchError when these contradict each other, or say another assembly.
    """
    contigs = _contigs(lines, file)
    by_length = assemblies_of_contigs({name: n for name, n in contigs.items() if n})
    named = [line for line in lines if line.startswith(("##reference=", "##contig="))]
    by_name = set().union(*map(assemblies_in, named))
    if len(by_length) == 1 and by_name - by_length:
        raise BuildMismatchError(
            f"the header names {_listed(by_name - by_length)} but its contigs have the lengths of "
            f"{_listed(by_length)}",
            where=file,
            fix="mend the header (bcftools reheader), or lift the file over",
        )
    return _one_build(by_length | by_name, contigs, file)


def build_with_names(build: Build | None, names: Iterable[str], file: str) -> Build | None:
    """The build of a file, from its header and from the names its records give chromosomes.

    Raises BuildMismatchError when these contradict each other, or say another assembly.
    """
    return _one_build([build] if build else [], names, file)


def _one_build(found: Collection[str], names: Iterable[str], file: str) -> Build | None:
    """The only build among what a file says; accessions among the names say it too."""
    return only_build(
        {*found, *filter(None, map(assembly_of_accession, names))},
        "the file says",
        file,
        differing="mend the header (bcftools reheader), or lift the file over to one build",
        unknown=LIFT_OVER,
    )


def only_build(
    said: Collection[str], told: str, file: str, *, differing: str, unknown: str
) -> Build | None:
    """The only build among the assemblies that were named; None where none was.

    Raises BuildMismatchError, which begins with ``told``, with the fix ``differing`` where several
    were named, and ``unknown`` where it is one of which no model knows positions.
    """
    if len(said) > 1:
        raise BuildMismatchError(f"{told} {_listed(said)}", where=file, fix=differing)
    only = next(iter(said), None)
    if only is not None and not isinstance(only, Build):
        raise BuildMismatchError(
            f"{told} {only}, in which no model has positions", where=file, fix=unknown
        )
    return only


def _listed(assemblies: Collection[str]) -> str:
    return " and ".join(sorted(map(str, assemblies)))
