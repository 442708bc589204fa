"""The layouts in which consumer arrays are given out: their column names, comments, and rows.

As the files themselves say in their comments: 23andMe (v3 to v5), AncestryDNA, MyHeritage,
FamilyTreeDNA and Living DNA list the identifier, chromosome and position of each SNP and both
letters, on the forward strand, in one column or two, parted by tabs or commas. D and I are the
shorter and the longer allele of an indel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import BuildMismatchError, EmptyVCFError, VCFFormatError
from riskscore.genetics.build import CHROMOSOME_LENGTHS, HG18, Build, assemblies_in, chromosome
from riskscore.samples.files.header import is_position, only_build

# By words of the comments; a table of commas without comments is FamilyTreeDNA's.
_VENDORS = {
    "23andme": "23andMe", "ancestrydna": "AncestryDNA", "myheritage": "MyHeritage",
    "living dna": "Living DNA", "livingdna": "Living DNA", "ftdna": "FamilyTreeDNA",
    "familytreedna": "FamilyTreeDNA", "family tree dna": "FamilyTreeDNA",
    "famfinder": "FamilyTreeDNA",
}  # fmt: skip
_PLACE = (("rsid", "name"), ("chromosome",), ("position",))
_GENOTYPE = (("genotype", "result"),)
_ALLELES = (("allele1",), ("allele2",))
_MOST_COMMENTS = 100  # lines before the names of the columns
_NUMBERED = re.compile(r"build\s*=?\s*(3[678])\b", re.IGNORECASE)
_BUILDS = {"36": HG18, "37": Build.GRCh37, "38": Build.GRCh38}
_CHROMOSOMES = {"25": "X", "XY": "X", "PAR": "X", "26": "MT", "M": "MT"}
_KNOWN = frozenset([*map(str, range(1, 23)), "X", "Y", "MT"])
_HAPLOID = frozenset({"X", "Y", "MT"})
_NO_CALL = frozenset({"--", "-", "00", "0"})
_CALL = re.compile(r"[ACGT]{1,2}|[DI]{1,2}")
_HALF = re.compile(r"[-0]([ACGTDI])|([ACGTDI])[-0]")
_WRITTEN_OUT = re.compile(r"[ACGT]{3,}")  # both alleles of an indel in one word: where to part it?
_LONGEST = 32  # of an identifier


@dataclass(frozen=True)
class Genotypes:
    """One person's genotypes: those of each chromosome by rising position.

    ``rows`` are, by the plain name of a chromosome, positions (SNPs,), identifiers (SNPs,) and
    letters (SNPs,): two, or one where the person has one copy, or none without a call.
    """

    vendor: str
    build: Build | None
    rows: dict[str, tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.str_]]]


def has_columns(start: str) -> bool:
    r"""Whether a text begins, after comments, with the names of the columns of such a file.

    >>> has_columns("# 23andMe\n# rsid\tchromosome\tposition\tgenotype\n")
    True
    >>> has_columns("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n")
    False
    """
    return _header(start.replace("\r\n", "\n").split("\n")[:_MOST_COMMENTS]) is not None


def read_genotypes(text: str, file: str) -> Genotypes:
    """The genotypes that a text lists.

    Raises VCFFormatError for other columns and for a row that cannot be read, BuildMismatchError
    where comments or positions are of several assemblies, or of one in which no model has
    positions, and EmptyVCFError for no rows.
    """
    lines = text.split("\n")
    found = _header(lines[:_MOST_COMMENTS])
    if found is None:
        raise VCFFormatError(
            "the file is no raw data of a consumer array: no line names the columns rsid, "
            "chromosome, position and genotype (or result, or allele1 and allele2)",
            where=file,
        )
    number, separator = found
    comments = "\n".join(lines[:number])
    build = _stated_build(comments, file)
    by_chromosome: dict[str, tuple[list[int], list[str], list[str]]] = {}
    for name, position, identifier, letters in _rows(lines, number, separator, file):
        places, names, calls = by_chromosome.setdefault(name, ([], [], []))
        places.append(position)
        names.append(identifier)
        calls.append(letters)
    if not by_chromosome:
        raise EmptyVCFError("the raw data of a consumer array has no rows", where=file)
    rows = {}
    for name, (places, names, calls) in by_chromosome.items():
        positions = np.array(places, dtype=np.int64)
        order = np.argsort(positions, kind="stable")
        rows[name] = positions[order], np.array(names)[order], np.array(calls)[order]
        _check_length(name, int(positions.max()), build, file)
    return Genotypes(_vendor(comments, separator), build, rows)


def _header(lines: Sequence[str]) -> tuple[int, str] | None:
    """Which line names the columns, and what parts them; None where none does."""
    for number, line in enumerate(lines):
        for separator in "\t,":
            names = _cells(line.lstrip("# ").lower(), separator)
            for columns in ((*_PLACE, *_GENOTYPE), (*_PLACE, *_ALLELES)):
                if len(names) == len(columns) and all(
                    name in known for name, known in zip(names, columns, strict=True)
                ):
                    return number, separator
        if line and not line.startswith("#"):
            return None
    return None


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in line.replace('"', "").split(separator)]


def _vendor(comments: str, separator: str) -> str:
    small = comments.lower()
    for word, vendor in _VENDORS.items():
        if word in small:
            return vendor
    return "FamilyTreeDNA" if separator == "," and not comments else "an unnamed vendor"


def _stated_build(comments: str, file: str) -> Build | None:
    """The build that the comments name, if any."""
    return only_build(
        assemblies_in(comments) | {_BUILDS[number] for number in _NUMBERED.findall(comments)},
        "the comments name",
        file,
        differing="download the raw data again",
        unknown="download the raw data again: vendors give it in build 37 today",
    )


def _check_length(name: str, last: int, build: Build | None, file: str) -> None:
    lengths = [CHROMOSOME_LENGTHS[one].get(name, last) for one in ([build] if build else Build)]
    if last > max(lengths):
        raise BuildMismatchError(
            f"a position lies beyond the end of chromosome {name} in {build or 'any build'}",
            where=file,
            fix="download the raw data again",
        )


def _rows(
    lines: Sequence[str], header: int, separator: str, file: str
) -> Iterator[tuple[str, int, str, str]]:
    """Chromosome, position, identifier and letters of each row that has a place."""
    plain: dict[str, str] = {}
    calls: dict[str, str | None] = {}
    title, columns = lines[header], len(_cells(lines[header], separator))
    for number, line in enumerate(lines[header + 1 :], start=header + 2):
        if not line or line.startswith("#") or line == title:
            continue  # FamilyTreeDNA joins its autosomes and X, each with the names of the columns
        cells = _cells(line, separator)
        if len(cells) != columns:
            raise _broken(f"{len(cells)} columns where the names are {columns}", number, file)
        identifier, name, place = cells[:3]
        name = plain.get(name) or plain.setdefault(name, _chromosome(name))
        if name == "0" or place == "0":
            continue  # not placed by the vendor
        if name not in _KNOWN or not is_position(place) or not identifier:
            raise _broken("an identifier, chromosome or position cannot be read", number, file)
        written = "".join(cells[3:])
        key = f"{name in _HAPLOID:d}{written}"
        if key not in calls:
            calls[key] = _letters(written, haploid=name in _HAPLOID)
        letters = calls[key]
        if letters is None:
            raise _broken("a genotype cannot be read", number, file)
        yield name, int(place), identifier[:_LONGEST], letters


def _chromosome(name: str) -> str:
    own = chromosome(name)
    return _CHROMOSOMES.get(own.upper(), own.upper())


def _letters(written: str, *, haploid: bool) -> str | None:
    """The letters that are called; empty for no call, None for what is no genotype.

    >>> [_letters(text, haploid=False) for text in ("AG", "--", "A", "DI", "A0", "CTGCTG", "x")]
    ['AG', '', 'A', 'DI', '', '', None]
    >>> _letters("0A", haploid=True)
    'A'
    """
    text = written.upper()
    if text in _NO_CALL or _WRITTEN_OUT.fullmatch(text):
        return ""
    if _CALL.fullmatch(text):
        return text
    half = _HALF.fullmatch(text)
    if half is None:
        return None
    return (half[1] or half[2]) if haploid else ""


def _broken(what: str, number: int, file: str) -> VCFFormatError:
    return VCFFormatError(
        f"a row of the consumer array's raw data: {what}",
        where=f"{file}, line {number}",
        fix="give the file as it was downloaded",
    )
