"""Genome builds, and the names chromosomes go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

# Other names of the builds that models have positions in, in small letters.
_NAMES = {
    "grch37": "GRCh37", "hg19": "GRCh37", "b37": "GRCh37", "37": "GRCh37",
    "grch38": "GRCh38", "hg38": "GRCh38", "b38": "GRCh38", "38": "GRCh38",
}  # fmt: skip


class Build(StrEnum):
    """A human genome assembly.

    >>> str(Build("hg19"))
    'GRCh37'
    """

    GRCh37 = "GRCh37"
    GRCh38 = "GRCh38"

    @classmethod
    def _missing_(cls, value: object) -> Build | None:
        """Other names of the two, as browsers and file headers write them.

        >>> from riskscore.genetics.build import Build
        >>> Build("hg38"), Build("b37")
        (<Build.GRCh38: 'GRCh38'>, <Build.GRCh37: 'GRCh37'>)
        """
        name = _NAMES.get(str(value).lower())
        return None if name is None else cls[name]


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

# Assemblies that no model has positions in, by the names that files give them.
HG18, T2T = "NCBI36 (hg18)", "T2T-CHM13"
LIFT_OVER = "lift it over to GRCh38 (bcftools +liftover, CrossMap)"
OTHER_LENGTHS: Mapping[str, Mapping[str, int]] = {
    HG18: {
        "1": 247249719, "2": 242951149, "3": 199501827, "4": 191273063, "5": 180857866,
        "6": 170899992, "7": 158821424, "8": 146274826, "9": 140273252, "10": 135374737,
        "11": 134452384, "12": 132349534, "13": 114142980, "14": 106368585, "15": 100338915,
        "16": 88827254, "17": 78774742, "18": 76117153, "19": 63811651, "20": 62435964,
        "21": 46944323, "22": 49691432, "X": 154913754, "Y": 57772954,
    },
    T2T: {  # version 2.0
        "1": 248387328, "2": 242696752, "3": 201105948, "4": 193574945, "5": 182045439,
        "6": 172126628, "7": 160567428, "8": 146259331, "9": 150617247, "10": 134758134,
        "11": 135127769, "12": 133324548, "13": 113566686, "14": 101161492, "15": 99753195,
        "16": 96330374, "17": 84276897, "18": 80542538, "19": 61707364, "20": 66210255,
        "21": 45090682, "22": 51324926, "X": 154259566, "Y": 62460029,
    },
}  # fmt: skip
_LENGTHS: list[tuple[str, Mapping[str, int]]] = [
    *CHROMOSOME_LENGTHS.items(),
    *OTHER_LENGTHS.items(),
]

_ALIASES = {
    "hg19": Build.GRCh37, "grch37": Build.GRCh37, "hs37": Build.GRCh37, "g1k_v37": Build.GRCh37,
    "hg38": Build.GRCh38, "grch38": Build.GRCh38, "hs38": Build.GRCh38,
    "hg18": HG18, "ncbi36": HG18, "hs36": HG18, "chm13": T2T, "t2t": T2T,
}  # fmt: skip
_SHORT = re.compile(r"(?<![0-9a-z])b(36|37|38)(?!\d)")  # not within a checksum or another word
_SHORT_NAMES = {"36": HG18, "37": Build.GRCh37, "38": Build.GRCh38}
_CHECKSUM = re.compile(r"\bm(?:d)?5=[0-9a-f]+", re.IGNORECASE)
# The version of each chromosome's RefSeq accession in GRCh37; in GRCh38 it is one more.
_VERSIONS_GRCH37 = {
    "1": 10, "2": 11, "3": 11, "4": 11, "5": 9, "6": 11, "7": 13, "8": 10, "9": 11, "10": 10,
    "11": 9, "12": 11, "13": 10, "14": 8, "15": 9, "16": 9, "17": 10, "18": 9, "19": 9, "20": 10,
    "21": 8, "22": 10, "X": 10, "Y": 9,
}  # fmt: skip
_ACCESSION = re.compile(r"^NC_0000(\d\d)\.(\d{1,3})$")
_ACCESSION_T2T = re.compile(r"^NC_0609(2[5-9]|3\d|4[0-8])\.\d+$")
# GenBank's and RefSeq's numbers of the assembly: the first release of GRCh37, and of GRCh38.
_ASSEMBLY = re.compile(r"GC([AF])_000001405\.(\d{1,3})")
_FIRST = {"A": (1, 15), "F": (13, 26)}


def assemblies_in(text: str) -> set[str]:
    """The assemblies that a name or path mentions: builds, NCBI36 (hg18) or T2T-CHM13.

    >>> sorted(assemblies_in("human_g1k_v37.fasta")), assemblies_in("chm13v2.0.fa")
    ([<Build.GRCh37: 'GRCh37'>], {'T2T-CHM13'})
    """
    text = _CHECKSUM.sub("", text)
    lower = text.lower()
    found: set[str] = {build for alias, build in _ALIASES.items() if alias in lower}
    found |= {_SHORT_NAMES[number] for number in _SHORT.findall(lower)}
    for kind, version in _ASSEMBLY.findall(text):
        first_37, first_38 = _FIRST[kind]
        number = int(version)
        newer = Build.GRCh38 if number >= first_38 else Build.GRCh37
        found.add(newer if number >= first_37 else HG18)
    return found


def parse_build(text: str) -> Build | None:
    """The build a name or path mentions, or None if it mentions none, several, or another.

    >>> parse_build("file:///ref/Homo_sapiens.GRCh38.fa"), parse_build("hg19"), parse_build("x")
    (<Build.GRCh38: 'GRCh38'>, <Build.GRCh37: 'GRCh37'>, None)
    """
    found = assemblies_in(text)
    [only] = found if len(found) == 1 else [None]
    return only if isinstance(only, Build) else None


def assemblies_of_contigs(lengths: Mapping[str, int]) -> set[str]:
    """The assemblies whose chromosome lengths a header declares.

    >>> sorted(assemblies_of_contigs({"chr1": 248956422, "chr6": 171115067, "HLA-A*01:01": 3503}))
    [<Build.GRCh37: 'GRCh37'>, <Build.GRCh38: 'GRCh38'>]
    """
    return {
        assembly
        for name, length in lengths.items()
        for assembly, table in _LENGTHS
        if table.get(chromosome(name)) == length
    }


def assembly_of_accession(name: str) -> str | None:
    """The assembly that a chromosome's RefSeq accession belongs to, by its version; else None.

    >>> assembly_of_accession("NC_000006.11"), assembly_of_accession("NC_000006.10")
    (<Build.GRCh37: 'GRCh37'>, 'NCBI36 (hg18)')
    """
    if _ACCESSION_T2T.match(name):
        return T2T
    match = _ACCESSION.match(name)
    in_37 = _VERSIONS_GRCH37.get(chromosome(name)) if match else None
    if match is None or in_37 is None:
        return None
    newer = int(match[2]) - in_37
    return {0: Build.GRCh37, 1: Build.GRCh38, -1: HG18}.get(newer, f"the assembly of {name}")


def chromosome(name: str) -> str:
    """The plain name of a chromosome: no prefix, sex chromosomes by letter, no RefSeq accession.

    >>> [chromosome(n) for n in ("chr6", "CHR06", "6", "23", "chrX", "chr", "NC_000006.12")]
    ['6', '6', '6', 'X', 'X', 'chr', '6']
    """
    accession = _ACCESSION.match(name)
    if accession:
        name = accession[1]
    plain = name[3:] if name[:3].lower() == "chr" and len(name) > 3 else name
    if plain.isascii() and plain.isdigit():
        plain = str(int(plain))
    return {"23": "X", "24": "Y", "x": "X", "y": "Y"}.get(plain, plain)
