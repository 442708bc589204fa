"""A scoring file of the PGS Catalog (or one written like it) as a model."""

from __future__ import annotations

import re
from pathlib import Path

from riskscore.errors import ModelFormatError
from riskscore.files.inputs import read_rows_text, require_file, sha256
from riskscore.models.model import (
    MOST_LETTERS,
    Card,
    Citation,
    HaplotypeScheme,
    NamedHaplotype,
    RiskModel,
    is_model_id,
)
from riskscore.models.plain import PlainVariants
from riskscore.models.scoring_files.origin import catalog_origin
from riskscore.models.scoring_files.plain_reader import LARGE, parse_plain
from riskscore.models.scoring_files.rows import OWN_FREQUENCY, ScoringTable, parse_table
from riskscore.models.scoring_files.weight_type import WeightType
from riskscore.models.scoring_files.weights import Weights, read_terms
from riskscore.models.terms import Term, VariantFactor, factors_of

VERSION = "1.0.0"
TEXT_LIMIT = 2 * 1024**3  # the largest scores of the catalog have some ten million rows
# The obsolete EFO ids of diseases that have a MONDO id of the same meaning (EFO release notes).
MONDO = {
    "EFO_0000685": "MONDO:0008383", "EFO_0003885": "MONDO:0005301", "EFO_0001359": "MONDO:0005147",
    "EFO_0002690": "MONDO:0007915", "EFO_0003779": "MONDO:0007699", "EFO_0001060": "MONDO:0005130",
}  # fmt: skip
_DOI = re.compile(r"doi:\s*(10\.\S+)", re.IGNORECASE)
_DIGITS = 12  # of a number of variants
_ENDINGS = (".gz", ".txt", ".tsv")


def read_scoring_file(path: Path, weight_type: WeightType | None = None) -> RiskModel:
    """A scoring file, format 1.0 or 2.0, harmonised or not, plain or gzip, as a model.

    A file has no baseline, so its scores have no probability; it names no ancestry and, mostly, no
    frequencies, so no reference population either (see :mod:`riskscore.scoring.population.centre`).
    Of a file of more than 2,000 rows, the plain SNPs are held as arrays in ``RiskModel.plain``.

    ``weight_type`` says what the weights are, whatever the file says of them. What makes a reader
    doubt that the file is whole stands in the model's ``warnings``.

    Raises ModelFormatError naming file and line.
    """
    text = read_rows_text(require_file(path, "scoring file"), limit=TEXT_LIMIT)
    if text.count("\n") > LARGE:
        plain, table, origin = parse_plain(text, path.name, weight_type)
        weights = read_terms(table.rows, origin)
    else:
        plain, table = None, parse_table(text, path.name, allow_empty_columns=True)
        weights = read_terms(table.rows, catalog_origin(table, weight_type))
    _require_places(weights.terms, plain, table)
    return _model(path, table, weights, plain, _cut_short(text, table))


def _cut_short(text: str, table: ScoringTable) -> tuple[str, ...]:
    """Signs that a file was cut short: fewer rows than its header says, a last line without end."""
    said = table.header.get("variants_number", "")
    signs = []
    if said.isascii() and said.isdigit() and len(said) < _DIGITS and table.count < int(said):
        signs.append(
            f"{table.name}: {table.count} rows where its header says {said} variants; the file may "
            "be cut short"
        )
    if not text.endswith("\n"):
        signs.append(f"{table.name}: the last line has no end; the file may be cut short")
    return tuple(signs)


def _model(
    path: Path,
    table: ScoringTable,
    weights: Weights,
    plain: PlainVariants | None,
    warnings: tuple[str, ...],
) -> RiskModel:
    header = table.header
    name = header.get("pgs_id") or _stem(path)
    if not is_model_id(name):
        name = _stem(path)
        warnings = (*warnings, f"{table.name}: its pgs_id is no id; the score is called {name}")
    return RiskModel(
        id=name,
        name=header.get("pgs_name") or name,
        version=VERSION,
        edition=header.get("citation") or path.name,
        terms=weights.terms,
        card=_card(table, weights, plain, warnings),
        scheme=scheme_of(weights, path.name),
        published_score=f"{name} sum",
        published_minimum_coverage=0.0,
        reference_populations=_populations(weights.terms, plain),
        checksum=sha256(path),
        plain=plain,
        warnings=warnings,
    )


def scheme_of(weights: Weights, file: str) -> HaplotypeScheme | None:
    """The haplotypes of a scoring file, called from typed alleles, since the format names no tags.

    Raises ModelFormatError when they span different genes, or one is part of another.
    """
    if not weights.haplotypes:
        return None
    named = [
        NamedHaplotype(name, alleles, None, rank, weights.haplotype_frequency[name])
        for rank, (name, alleles) in enumerate(weights.haplotypes.items(), start=1)
    ]
    for first in named:
        for second in named:
            if set(first.alleles) != set(second.alleles):
                raise ModelFormatError(
                    f"the haplotypes {first.name} and {second.name} are of different genes",
                    where=file,
                    fix="score each set of haplotypes by a file of its own",
                )
            if first.rank < second.rank and first.alike(second):
                raise ModelFormatError(
                    f"{first.name} and {second.name} are not two different haplotypes",
                    where=file,
                )
    return HaplotypeScheme(tuple(named))


def _stem(path: Path) -> str:
    name = path.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name).lstrip("_.-")[:MOST_LETTERS] or "scoring-file"


def _card(
    table: ScoringTable, weights: Weights, plain: PlainVariants | None, warnings: tuple[str, ...]
) -> Card:
    header = table.header
    ids = [MONDO.get(t, t).replace("_", ":") for t in header.get("trait_efo", "").split("|")]
    mondo = next((name for name in ids if name.startswith("MONDO:")), "")
    citation = header.get("citation", "")
    doi = _DOI.search(citation)
    trait = header.get("trait_mapped") or header.get("trait_reported") or "not stated"
    notes = (*warnings, *weights.notes, *(plain.notes if plain is not None else ()))
    return Card(
        disease={"name": trait, "mondo": mondo, "efo": header.get("trait_efo", ""), "icd10": ""},
        outcome=header.get("trait_reported") or trait,
        ancestry="not stated in the file",
        intended_use="Research and teaching, within what the score's own publication allows.",
        not_for=("Diagnosis, screening decisions or treatment of a person.",),
        limits=(
            "The file gives no baseline risk, so there is no probability.",
            "Weights are read as log odds ratios; those of a linear or Cox model are not that.",
            *(f"On reading: {note}." for note in notes),
            *((f"License: {header['license']}",) if header.get("license") else ()),
        ),
        performance=(),
        citations=tuple(
            Citation(header.get("pgp_id") or "source", text, doi[1].rstrip(".") if doi else "")
            for text in [citation]
            if text
        ),
    )


def _populations(terms: tuple[Term, ...], plain: PlainVariants | None) -> tuple[str, ...]:
    """The populations in which the file gives every variant's frequency; often none."""
    if plain is not None:
        return ()
    known = [set(f.frequency) - {OWN_FREQUENCY} for f in factors_of(terms, VariantFactor)]
    return tuple(sorted(set.intersection(*known))) if known else ()


def _require_places(
    terms: tuple[Term, ...], plain: PlainVariants | None, table: ScoringTable
) -> None:
    """Raise ModelFormatError if no variant has a position in GRCh37 or GRCh38."""
    variants = [factor.variant for factor in factors_of(terms, VariantFactor)]
    placed = any(v.position_grch37 or v.position_grch38 for v in variants)
    if plain is not None:
        placed = placed or plain.placed
    if (variants or plain is not None) and not placed:
        build = table.header.get("genome_build", "") or "not stated"
        raise ModelFormatError(
            f"no variant has a position in GRCh37 or GRCh38 (genome_build is {build})",
            where=table.name,
            fix="take the harmonised file, whose name ends in _hmPOS_GRCh38.txt.gz, or write "
            "#genome_build= in the header",
        )
