"""HLA types in reports that are no tables: HISAT-genotype, HLAscan, and HML (XML of laboratories).

HISAT-genotype ranks alleles by the share of reads they explain. Shares are added up by two fields;
the first two alleles of at least a fifth are the genotype, one of 95% is a homozygote, and what is
between leaves the other allele unknown. A gene with three alleles of a fifth is not called.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_names import Codes, read_gl_string, read_name
from riskscore.samples.hla.typed.sheets import gene_of
from riskscore.samples.hla.typed.typing import (
    Genotype,
    People,
    Typings,
    in_file,
    of_gl,
    two_alleles,
)

_RANKED = re.compile(r"^\s*(\d+) ranked (\S+) \(abundance: ([\d.]+)%\)\s*$", re.MULTILINE)
_GENE = re.compile(r"^HLA gene : (\S+)", re.MULTILINE)
_TYPE = re.compile(r"^\[Type ([12])\]\s+(\S+)", re.MULTILINE)
_LEAST, _HOMOZYGOUS = 20.0, 95.0  # percent of the reads


def is_hisat(text: str) -> bool:
    """Whether a text ranks alleles as HISAT-genotype does."""
    return bool(_RANKED.search(text))


def read_hisat(text: str, file: str) -> Typings:
    """HISAT-genotype's .report: the first ranking of each gene."""
    shares: dict[str, dict[HLAAllele, float]] = defaultdict(lambda: defaultdict(float))
    closed: set[str] = set()
    last = 0
    for rank, name, percent in _RANKED.findall(text):
        gene = gene_of(name.partition("*")[0])
        if not gene:
            continue
        if int(rank) <= last:
            closed |= set(shares)
        last = int(rank)
        if gene not in closed:
            with in_file(file):
                allele = HLAAllele.parse(name)
            shares[gene][allele.reduced(2)] += float(percent)
    genes = {}
    open_ = []
    for gene, found in shares.items():
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        likely = [allele for allele, share in ranked if share >= _LEAST]
        if len(likely) > 2 or not likely:
            open_.append(gene)
            continue
        sure = ranked[0][1] >= _HOMOZYGOUS
        genes[gene] = two_alleles(gene, *(likely * 2 if sure and len(likely) == 1 else likely))
    notes = (f"not called, as three alleles share the reads: {', '.join(open_)}",) if open_ else ()
    return Typings.of_one("HISAT-genotype", genes, notes)


def is_hlascan(text: str) -> bool:
    """Whether a text lists the types of a gene as HLAscan does."""
    return bool(_GENE.search(text)) and "HLA-Types" in text


def read_hlascan(text: str, file: str, codes: Codes) -> Typings:
    """HLAscan's text: a gene, and [Type 1] and [Type 2] with its alleles; all genes, or one."""
    genes: dict[str, Genotype] = {}
    starts = list(_GENE.finditer(text))
    for match, following in zip(starts, [*starts[1:], None], strict=True):
        gene = gene_of(match[1])
        block = text[match.end() : following.start() if following else None]
        if not gene:
            continue
        if gene in genes:
            raise HLAFormatError(f"HLA-{gene} occurs twice", where=file)
        named = dict(_TYPE.findall(block))
        with in_file(file):
            names = [read_name(named.get(side, ""), gene, codes) for side in "12"]
        genotype = two_alleles(gene, names[0], names[1])
        if genotype is not None:
            genes[gene] = genotype
    return Typings("HLAscan", {"": genes})


def is_hml(text: str) -> bool:
    """Whether a text is HML."""
    return text.lstrip("\ufeff \n\r\t").startswith("<") and "<hml" in text[:4096].lower()


def read_hml(text: str, file: str, codes: Codes) -> Typings:
    """HML: the GL strings of the typings of each sample."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise HLAFormatError("the HML has a document type", where=file, fix="take it out")
    try:
        root = ET.fromstring(text)  # entities, which could grow, were refused
    except ET.ParseError as error:
        raise HLAFormatError("the HML is no XML to its end", where=file) from error
    people: People = {}
    for sample in (node for node in root.iter() if _tag(node) == "sample"):
        own = people.setdefault(sample.get("id") or "", {})
        for node in sample.iter():
            if _tag(node) != "glstring" or not (node.text or "").strip():
                continue
            with in_file(file):
                genes = read_gl_string((node.text or "").strip(), codes)
            for gene, said in genes.items():
                genotype = of_gl(gene, said)
                if own.setdefault(gene, genotype) != genotype:
                    raise HLAFormatError(f"a sample has two typings of HLA-{gene}", where=file)
    return Typings("HML", people)


def _tag(node: ET.Element) -> str:
    """The name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2].lower()
