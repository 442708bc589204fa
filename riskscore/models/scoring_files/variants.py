"""A row's variant: its letters, and its place in each build."""

from __future__ import annotations

import re
from collections import Counter

from riskscore.genetics.build import CHROMOSOME_LENGTHS, Build, chromosome
from riskscore.genetics.variant import Variant
from riskscore.models.scoring_files.origin import Origin
from riskscore.models.scoring_files.rows import FREQUENCY, Row

# What is cut into parts when a row joins several variants.
VARIANT_COLUMNS = (
    "rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "locus_name",
    "variant_type", "hm_rsID", "hm_chr", "hm_pos", "hm_inferOtherAllele", "position_grch37",
    "position_grch38", "reference_allele", "allelefrequency_effect",
    *(FREQUENCY + code for code in ("AFR", "AMR", "EAS", "EUR", "SAS")),
)  # fmt: skip
ONE_LETTER = "name no other allele: matched by the effect allele alone, so neither a record of "
ONE_LETTER += "another variant nor the strand of an A/T or C/G record can be told apart"
NO_PLACE = "have no position in the builds the file gives: they cannot be found in a VCF"
NO_LETTERS = "name alleles that are not sequences (I, D, -): they match no VCF record"
BOTH_WAYS = "count the other allele of a variant whose allele a row above counts; both are summed"
NOT_APPLIED = "have inclusion_criteria in words, which are not applied"
SEQUENCE = re.compile(r"[ACGT]+")
LETTERS = re.compile(r"[ACGTN]+|[-ID]")
CHROMOSOMES = frozenset([*CHROMOSOME_LENGTHS[Build.GRCh38], "MT"])


def looks_like_letters(row: Row) -> bool:
    """Whether the row names a variant by letters, and not an HLA allele by its name."""
    letters = LETTERS.fullmatch(row["effect_allele"].upper())
    return letters is not None and not is_hla_name(row["rsID"])


def is_hla_name(name: str) -> bool:
    """Whether an rsID is the name of an HLA allele or residue."""
    return name.upper().startswith(("HLA", "AA_")) or "*" in name


def one_other_allele(given: str) -> bool:
    """Whether the other allele is said; the catalog joins several by ``/`` or ``,``."""
    return bool(given) and "/" not in given and "," not in given


def inferred_allele(text: str) -> str:
    """The other allele that the catalog inferred, if it is one sequence; else nothing."""
    return text.upper() if SEQUENCE.fullmatch(text.upper()) else ""


def read_variant(row: Row, origin: Origin, notes: Counter[str]) -> Variant:
    """The row's variant; ``notes`` counts what is missing or unusual."""
    effect = row["effect_allele"].upper()
    other = row["other_allele"].upper()
    if not one_other_allele(other):
        other = inferred_allele(row["hm_inferOtherAllele"])
    letters = SEQUENCE if origin.strict else LETTERS
    if not letters.fullmatch(effect) or (other and not letters.fullmatch(other)) or effect == other:
        raise row.error(f"the alleles {effect!r} and {other!r} are not two sequences")
    if not other:
        notes[ONE_LETTER] += 1
    elif not SEQUENCE.fullmatch(effect + other):
        notes[NO_LETTERS] += 1
    chrom, places = _places(row, origin)
    if not places:
        if origin.strict:
            raise row.error(f"chr_position is {row['chr_position']!r}, not a position")
        notes[NO_PLACE] += 1
    name = row["hm_rsID"] or row["rsID"]
    if not name:
        where = next(iter(places.values()), 0)
        name = f"{chrom}:{where}:{other or '?'}:{effect}"
    return Variant(
        name,
        chrom,
        places.get(Build.GRCh38),
        places.get(Build.GRCh37),
        effect,
        other,
        row["reference_allele"].upper(),
    )


def read_snp_haplotype(row: Row, origin: Origin, notes: Counter[str]) -> Variant:
    """The SNPs whose effect alleles, joined by ``;``, make the row's haplotype."""
    parts = row.split(";", VARIANT_COLUMNS)
    members = [read_variant(part, origin, notes) for part in parts]
    places = {(m.chromosome, m.position_grch38, m.position_grch37) for m in members}
    if len(members) < 2 or len(places) < len(members):
        raise row.error("a haplotype joins the effect alleles of several SNPs by ;")
    if len({m.chromosome for m in members}) > 1:
        raise row.error("the SNPs of a haplotype lie on one chromosome")
    return Variant.haplotype(members)


def _places(row: Row, origin: Origin) -> tuple[str, dict[Build, int]]:
    """The chromosome, and the position in each build for which there is one."""
    found: dict[Build, int] = {}
    chrom = chromosome(row["chr_name"])
    own = row.position("chr_position")
    if own is not None and origin.build and chrom in CHROMOSOMES:
        found[origin.build] = own
    for column, build in (("position_grch37", Build.GRCh37), ("position_grch38", Build.GRCh38)):
        if (place := row.position(column)) is not None:
            found[build] = place
    harmonised = chromosome(row["hm_chr"])
    # A VCF has no records on alternate contigs of the harmonised build.
    if origin.harmonised and harmonised in CHROMOSOMES:
        place = row.position("hm_pos")
        if place is not None and (harmonised == chrom or not found):
            chrom, found[origin.harmonised] = harmonised, place
    return chrom, found
