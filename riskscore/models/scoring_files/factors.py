"""Read factors from their names: HLA alleles, residues, serotypes, APOE alleles."""

from __future__ import annotations

import re
from functools import cache

from riskscore.errors import HLAFormatError
from riskscore.files.inputs import reference_root
from riskscore.files.tables import read_rows
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.terms import (
    ADDITIVE,
    NO_COPY,
    ONE_COPY,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    Factor,
    HLAAlleleFactor,
    VariantFactor,
)

_THREE_LETTERS = {
    "ala": "A", "arg": "R", "asn": "N", "asp": "D", "cys": "C", "gln": "Q", "glu": "E",
    "gly": "G", "his": "H", "ile": "I", "leu": "L", "lys": "K", "met": "M", "phe": "F",
    "pro": "P", "ser": "S", "thr": "T", "trp": "W", "tyr": "Y", "val": "V",
}  # fmt: skip
_RESIDUE = re.compile(r"(?:HLA-)?([A-Z]+\d?):(-?\d+)([A-Z]+)")
_NAMED_RESIDUE = re.compile(r"(?:HLA-)?([A-Z]+\d?)[ _:]([A-Z][a-z]{2})(-?\d+)")
_JOINED_RESIDUE = re.compile(r"HLA-([A-Z]+\d?)_(-?\d+)_([A-Z])")
_IMPUTED_RESIDUE = re.compile(r"AA_([A-Z]+\d?)_(-?\d+)_\d+_([A-Z]+)(?:_exon\d+)?")
_APOE = re.compile(r"(?:apoe)?[ _-]*(?:e|ε)(?:psilon)?([234])", re.IGNORECASE)


def parse_alleles(text: str, coding: Coding) -> HLAAlleleFactor:
    """An HLA constituent: names joined by ``/`` where several count alike.

    Raises HLAFormatError for a name that is no allele, and for alleles of several genes.

    >>> parse_alleles("HLA-DRB1*01/HLA-DRB1*10", ADDITIVE).alleles
    (HLAAllele('DRB1*01'), HLAAllele('DRB1*10'))
    """
    alleles = tuple(HLAAllele.parse(name) for name in text.split("/"))
    genes = {allele.gene for allele in alleles}
    if len(genes) != 1:
        raise HLAFormatError(f"{text!r} mixes genes")
    return HLAAlleleFactor(genes.pop(), alleles, coding)


def parse_residues(text: str, coding: Coding) -> AminoAcidFactor:
    """Residues of one gene, joined by ``;``; several letters at a place are alternatives.

    Also in the words of papers (``HLA-B Asp9``), of SNP2HLA (``AA_B_9_31324201_D``), and of the
    catalog (``HLA-B_9_D``). Raises HLAFormatError for other words, and for several genes.

    >>> str(parse_residues("HLA-DRB1:11V;HLA-DRB1:71K", ADDITIVE))
    'HLA-DRB1:11V;HLA-DRB1:71K'
    >>> {str(parse_residues(name, ADDITIVE)) for name in ("HLA-B Asp9", "HLA-B_9_D")}
    {'HLA-B:9D'}
    """
    found = [_residue(constituent.strip()) for constituent in text.split(";")]
    if len({gene for gene, _, _ in found}) != 1:
        raise HLAFormatError(f"{text!r} mixes genes")
    return AminoAcidFactor(found[0][0], tuple((place, aa) for _, place, aa in found), coding)


def _residue(text: str) -> tuple[str, int, str]:
    if (
        match := _RESIDUE.fullmatch(text)
        or _IMPUTED_RESIDUE.fullmatch(text)
        or _JOINED_RESIDUE.fullmatch(text)
    ):
        return match[1], int(match[2]), match[3]
    if (match := _NAMED_RESIDUE.fullmatch(text)) and match[2].lower() in _THREE_LETTERS:
        return match[1], int(match[3]), _THREE_LETTERS[match[2].lower()]
    raise HLAFormatError(f"{text!r} is not a residue such as HLA-DRB1:11V")


def parse_serotype(text: str, coding: Coding) -> HLAAlleleFactor:
    """A serotype as the alleles it stands for, by reference/hla/serotypes.tsv.

    Raises HLAFormatError for a serotype that the table does not have.

    >>> parse_serotype("HLA-DR4", ADDITIVE).alleles
    (HLAAllele('DRB1*04'),)
    """
    name = text.strip().upper().removeprefix("HLA-").replace("*", "")
    alleles = _serotypes().get(name)
    if alleles is None:
        raise HLAFormatError(
            f"the serotype {text!r} is not known", fix="write the alleles it stands for"
        )
    return HLAAlleleFactor(alleles[0].gene, alleles, coding)


@cache
def _serotypes() -> dict[str, tuple[HLAAllele, ...]]:
    rows = read_rows(reference_root() / "hla" / "serotypes.tsv")
    return {
        row["serotype"]: tuple(HLAAllele.parse(name) for name in row["alleles"].split("/"))
        for row in rows
    }


def parse_apoe(text: str, coding: Coding) -> list[tuple[tuple[Factor, ...], float]]:
    """An APOE allele (``e4``) or genotype (``e3/e4``) as products of two SNPs, each with a factor.

    e4 is the C of rs429358 and e2 the T of rs7412; e3 has neither, so its copies are those of the
    T of rs429358 less those of the T of rs7412 (the rare e1, with both, is left out of account).
    Raises HLAFormatError for another word.

    >>> [(str(f[0]), sign) for f, sign in parse_apoe("APOE_e3", ADDITIVE)]
    [('rs429358', 1.0), ('rs7412', -1.0)]
    """
    names = [_APOE.fullmatch(part.strip()) for part in re.split(r"[/+]", text)]
    if not all(names) or len(names) > 2:
        raise HLAFormatError(f"{text!r} is not an APOE allele such as e4", fix="write e2, e3 or e4")
    alleles = sorted(match[1] for match in names if match)
    e4, e4_not, e2 = _apoe_snps()
    if len(alleles) == 2:
        copies = {k: (NO_COPY, ONE_COPY, RECESSIVE)[alleles.count(k)] for k in "24"}
        return [((VariantFactor(e4, copies["4"]), VariantFactor(e2, copies["2"])), 1.0)]
    if alleles[0] != "3":
        return [((VariantFactor(e4 if alleles[0] == "4" else e2, coding),), 1.0)]
    if coding is not ADDITIVE:
        raise HLAFormatError("e3 is counted as neither e2 nor e4, and only copy by copy")
    return [((VariantFactor(e4_not),), 1.0), ((VariantFactor(e2),), -1.0)]


@cache
def _apoe_snps() -> tuple[Variant, Variant, Variant]:
    """rs429358 counting C, rs429358 counting T, rs7412 counting T."""
    rows = read_rows(reference_root() / "apoe" / "alleles.tsv")
    found = [
        Variant(
            row["rsid"],
            chromosome(row["chr_name"]),
            int(row["position_grch38"]),
            int(row["position_grch37"]),
            row["effect_allele"],
            row["other_allele"],
            row["reference_allele"],
        )
        for row in rows
    ]
    return found[0], found[1], found[2]
