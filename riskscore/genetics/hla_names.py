"""HLA typings as people write them: missing and absent, lists, serology, codes, GL strings.

An empty cell is not typed, nor is ``****`` (PyPop). ``NNNN``, ``99:99``, ``9901`` and ``ng`` say
that the chromosome lacks the gene, and so does ``00:00`` of DRB3, DRB4 and DRB5 (BIGDAWG), which of
other genes is not typed. ``A*02:01/A*02:09`` and ``02:01/09`` are one allele of several, and
DRB1*04:XX is any allele of DRB1*04. Other codes that stand for a list (DRB1*04:ABCD) are refused
unless a table of codes is given: what they stand for changes with time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import ABSENT_DIGITS, DISPENSABLE, AlleleList, HLAAllele, HLAName
from riskscore.genetics.hla_fields import only_reading

NOT_TYPED = frozenset(
    {"", ".", "0", "NA", "N/A", "NAN", "NONE", "NOT TYPED", "NOT_TYPED", "UNTYPED", "?", "XXXX"}
    | {"NT", "****", "****:****", "#N/A", "NULL"}
)
# A code, as DRB1*04:ABCD or ABCD, and the alleles or second fields it stands for.
Codes = Mapping[str, str]

_CODE = re.compile(
    r"(?:HLA[-_ ]?)?(?P<gene>[A-Z]+[0-9]?)\*(?P<first>\d{2,3}):?(?P<code>[A-Z]{2,5})$"
)
_ZEROS = re.compile(r"(?:(?:HLA[-_ ]?)?(?P<gene>[A-Z]+[0-9]?)[*_])?00(?::?00){0,3}$")
_SHORT = re.compile(r"\d{2,3}[A-Z]?$")  # a part of a list that leaves out what it has in common
_ANTIGEN = re.compile(r"(?:HLA[-_ ]?)?(?P<locus>A|B|CW|DR|DQ|DP)(?P<number>\d{1,2})$")
# Antigens whose alleles all begin with one first field, or are one allele nearly always typed for
# it. From general knowledge (the HLA Dictionary); splits and broad antigens are refused below.
_FIRST_FIELD = {
    "A": ("A", "1 2 3 11 23 24 25 26 29 30 31 32 33 34 36 43 66 68 69 74 80"),
    "B": ("B", "7 8 13 18 27 35 37 38 39 41 42 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 67"
          " 73 78 81 82"),
    "CW": ("C", "1 2 3 4 5 6 7 8"),
    "DR": ("DRB1", "1 3 4 7 8 9 10 11 12 13 14 15 16"),
    "DQ": ("DQB1", "2 4 5 6"),
}  # fmt: skip
_ONE_ALLELE = {"DQ7": "DQB1*03:01", "DQ8": "DQB1*03:02", "DQ9": "DQB1*03:03"}


def read_name(text: str, gene: str = "", codes: Codes | None = None) -> HLAName | None:
    """One allele of a chromosome as a cell writes it; None where the cell says it was not typed.

    ``gene`` is what the column says: it is put before a name that has none, and must agree with
    one that has. Raises HLAFormatError for what cannot be read, naming it.

    >>> read_name("15:01", "DRB1"), read_name("DR4"), read_name("NA")
    (HLAAllele('DRB1*15:01'), HLAAllele('DRB1*04'), None)
    >>> str(read_name("HLA-A*02:01/02:09"))
    'A*02:01/A*02:09'
    """
    text = text.strip()
    if text.endswith("*") and text[-2:-1].isdigit():
        text = text[:-1]  # the official 1000 Genomes table marks some alleles so
    zeros = _ZEROS.match(text.upper())
    if text.upper() in NOT_TYPED or (zeros and (zeros["gene"] or gene) not in DISPENSABLE):
        return None
    members: list[HLAAllele] = []
    stem = ""
    for part in map(str.strip, text.split("/")):
        whole = f"{stem}:{part}" if stem and _SHORT.match(part.upper()) else part  # 03:02/03
        members += _members(whole, members[0].gene if members else gene, codes or {})
        stem = whole.rpartition(":")[0]
    name = AlleleList.of(members)
    if gene and name.gene != gene:
        raise HLAFormatError(f"{text!r} stands where an allele of HLA-{gene} belongs")
    return name


def _members(text: str, gene: str, codes: Codes) -> tuple[HLAAllele, ...]:
    upper = text.upper()
    absent = upper in ABSENT_DIGITS and (gene in DISPENSABLE or upper == "9999")
    if gene and upper.isascii() and upper.isdigit() and not absent:
        return (HLAAllele(gene, only_reading(gene, upper, text)),)
    if gene and (upper[:1].isdigit() or upper in {"NNNN", "NG", "ABSENT"}):
        text, upper = f"{gene}*{text}", f"{gene}*{upper}"
    antigen = _ANTIGEN.match(upper)
    if antigen:
        return (_serology(text, antigen["locus"], antigen["number"]),)
    code = _CODE.match(upper)
    if code and code["code"] not in {"NNNN", "NG"}:
        return _decoded(text, code["gene"], code["first"], code["code"], codes)
    return (HLAAllele.parse(text),)


def _serology(text: str, locus: str, number: str) -> HLAAllele:
    number = number.lstrip("0")
    if f"{locus}{number}" in _ONE_ALLELE:
        return HLAAllele.parse(_ONE_ALLELE[f"{locus}{number}"])
    gene, plain = _FIRST_FIELD.get(locus, ("", ""))
    if number not in plain.split():
        raise HLAFormatError(
            f"the antigen {text!r} does not say which alleles are meant",
            fix="write the allele, at least to its first field (DRB1*04)",
        )
    return HLAAllele(gene, (number.zfill(2),))


def _decoded(text: str, gene: str, first: str, code: str, codes: Codes) -> tuple[HLAAllele, ...]:
    if code == "XX":
        return (HLAAllele.parse(f"{gene}*{first}"),)
    meaning = codes.get(f"{gene}*{first}:{code}") or codes.get(code)
    if meaning is None:
        raise HLAFormatError(
            f"{text!r} uses the multiple allele code {code}, which stands for a list of alleles",
            fix=f"write {gene}*{first} for any of them, or give a table of codes (--codes)",
        )
    parts = [part.strip() for part in meaning.split("/")]
    if all(part.isdigit() for part in parts):  # second fields alone
        parts = [f"{gene}*{first}:{part}" for part in parts]
    return tuple(HLAAllele.parse(p if "*" in p else f"{gene}*{p}") for p in parts)


@dataclass(frozen=True)
class GLGene:
    """What a GL string says of one gene: its possible pairs, and whether their order is phase.

    The second of a pair is None where only one allele was written.
    """

    pairs: tuple[tuple[HLAName, HLAName | None], ...]
    phased: bool


def read_gl_string(text: str, codes: Codes | None = None) -> dict[str, GLGene]:
    """A genotype list string: ``^`` joins genes, ``|`` genotypes, ``+`` chromosomes, ``~`` genes
    in phase, ``/`` alleles.

    Raises HLAFormatError for one that cannot be read.

    >>> read_gl_string("HLA-A*01:01+HLA-A*02:01^HLA-B*08:01+HLA-B*08:01")["A"].pairs
    ((HLAAllele('A*01:01'), HLAAllele('A*02:01')),)
    """
    found: dict[str, GLGene] = {}
    for block in text.strip().split("^"):
        genotypes = [_genotype(part, codes) for part in block.split("|")]
        genes = {tuple(sorted(g)) for g in genotypes}
        if len(genes) != 1:
            raise HLAFormatError(f"the genotypes in {_short(block)!r} are not of the same genes")
        for gene in genes.pop():
            if gene in found:
                raise HLAFormatError(f"the GL string gives HLA-{gene} twice")
            pairs = tuple(dict.fromkeys(g[gene] for g in genotypes))
            # With several genotypes the phase of one is not that of the others.
            found[gene] = GLGene(pairs, "~" in block and len(genotypes) == 1)
    return found


def _genotype(text: str, codes: Codes | None) -> dict[str, tuple[HLAName, HLAName | None]]:
    chromosomes = []
    for chromosome in text.split("+"):
        names = [read_name(part, codes=codes) for part in chromosome.split("~")]
        known = [name for name in names if name is not None]
        if len(known) < len(names) or not known:
            raise HLAFormatError(f"an allele is missing in the GL string at {_short(text)!r}")
        if len({name.gene for name in known}) < len(known):
            raise HLAFormatError(f"a chromosome has a gene twice in {_short(text)!r}")
        chromosomes.append({name.gene: name for name in known})
    if len(chromosomes) > 2:
        raise HLAFormatError(f"{_short(text)!r} has {len(chromosomes)} chromosomes")
    genes = dict.fromkeys(gene for chromosome in chromosomes for gene in chromosome)
    pairs: dict[str, tuple[HLAName, HLAName | None]] = {}
    for gene in genes:
        carried = [chromosome.get(gene) for chromosome in chromosomes]
        if "~" in text and gene in DISPENSABLE:  # whole chromosomes, one of which lacks the gene
            carried = [name or HLAAllele.absent(gene) for name in carried]
        if len(chromosomes) == 2 and None in carried:
            raise HLAFormatError(f"HLA-{gene} stands on one side of + only in {_short(text)!r}")
        assert carried[0] is not None
        pairs[gene] = (carried[0], carried[1] if len(carried) == 2 else None)
    return pairs


def gl_string(genes: Mapping[str, tuple[tuple[HLAName, HLAName], ...]]) -> str:
    """Possible pairs by gene as a GL string; a pair whose second allele is unknown has one side.

    >>> a = HLAAllele.parse("A*01:01")
    >>> gl_string({"A": ((a, a),)})
    'HLA-A*01:01+HLA-A*01:01'
    """
    blocks = []
    for pairs in genes.values():
        genotypes = []
        for pair in pairs:
            sides = [name for name in pair if name.is_absent or name.members[0].fields]
            genotypes.append("+".join(_gl_allele(name) for name in sides))
        blocks.append("|".join(dict.fromkeys(g for g in genotypes if g)))
    return "^".join(block for block in blocks if block)


def _gl_allele(name: HLAName) -> str:
    return "/".join(f"HLA-{member}" for member in name.members)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
