"""Genome builds, and the names chromosomes go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Build(StrEnum):
    """A human genome assembly."""

    GRCh37 = "GRCh37"
    GRCh38 = "GRCh38"


# Lengths of the assembled chromosomes (Genome Reference Consortium), the surest mark of a build.
CHROMOSOME_LENGTHS: Mapping[Build, Mapping[str, int]] = {
    Build.GRCh37: {
        "1": 249250621, "2": 243199373, "3": 198022430, "4": 191154276, "5": 180915260,
        "6": 171115067, "7": 159138663, "8": 146364022, "9": 141213431, "10": 135534747,
        "11": 135006516, "12": 133851895, "13": 115169878, "14": 107349540, "15": 102531392,
        "16": 90354753, "17": 81195210, "18": 78077248, "19": 59128983, "20": 63025520,
        "21": 48129895, "22": 51304566, "X": 155270560, "Y": 59373566,
    },
    Build.GRCh38: {
        "1": 248956422, "2": 242193529, "3": 198295559, "4": 190214555, "5": 181538259,
        "6": 170805979, "7": 159345973, "8": 145138636, "9": 138394717, "10": 133797422,
        "11": 135086622, "12": 133275309, "13": 114364328, "14": 107043718, "15": 101991189,
        "16": 90338345, "17": 83257441, "18": 80373285, "19": 58617616, "20": 64444167,
        "21": 46709983, "22": 50818468, "X": 156040895, "Y": 57227415,
    },
}  # fmt: skip

_ALIASES = {
    "hg19": Build.GRCh37, "grch37": Build.GRCh37, "b37": Build.GRCh37, "hs37d5": Build.GRCh37,
    "hg38": Build.GRCh38, "grch38": Build.GRCh38, "b38": Build.GRCh38, "hs38": Build.GRCh38,
}  # fmt: skip


_ACCESSION = re.compile(r"^NC_0000(\d\d)\.\d+$")


def parse_build(text: str) -> Build | None:
    """The build a name or path mentions, or None if it mentions none or both.

    >>> parse_build("file:///ref/Homo_sapiens.GRCh38.fa"), parse_build("hg19"), parse_build("x")
    (<Build.GRCh38: 'GRCh38'>, <Build.GRCh37: 'GRCh37'>, None)
    """
    lower = text.lower()
    found = {build for alias, build in _ALIASES.items() if alias in lower}
    return found.pop() if len(found) == 1 else None


def build_of_contigs(lengths: Mapping[str, int]) -> Build | None:
    """The build whose chromosome lengths a header declares; None if it declares none, or a mix.

    >>> build_of_contigs({"chr6": 170805979, "HLA-A*01:01": 3503})
    <Build.GRCh38: 'GRCh38'>
    """
    found = {
        build
        for name, length in lengths.items()
        for build, table in CHROMOSOME_LENGTHS.items()
        if table.get(chromosome(name)) == length
    }
    return found.pop() if len(found) == 1 else None


def chromosome(name: str) -> str:
    """The plain name of a chromosome: no prefix, sex chromosomes by letter, no RefSeq accession.

    >>> [chromosome(n) for n in ("chr6", "CHR06", "6", "23", "chrX", "chr", "NC_000006.12")]
    ['6', '6', '6', 'X', 'X', 'chr', '6']
    """
    accession = _ACCESSION.match(name)
    if accession:
        name = accession[1]
    plain = name[3:] if name[:3].lower() == "chr" and len(name) > 3 else name
    if plain.isdigit():
        plain = str(int(plain))
    return {"23": "X", "24": "Y", "x": "X", "y": "Y"}.get(plain, plain)
