"""Write a model as a scoring file of the PGS Catalog, format 2.0, and list what is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskscore.errors import ModelExportError
from riskscore.genetics.build import Build
from riskscore.models.model import RiskModel
from riskscore.models.scoring_files.rows import FREQUENCY
from riskscore.models.scoring_files.term_rows import Cells, as_text, rows_of
from riskscore.models.terms import (
    ADDITIVE,
    DiplotypeFactor,
    HaplotypeFactor,
    Part,
    Term,
    VariantFactor,
    counted_alone,
    factors_of,
)

COLUMNS = (
    "rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "locus_name",
    "is_haplotype", "is_diplotype", "is_interaction", "is_dominant", "is_recessive",
    "effect_weight", "dosage_0_weight", "dosage_1_weight", "dosage_2_weight",
    "allelefrequency_effect", *(FREQUENCY + code for code in ("AFR", "AMR", "EAS", "EUR", "SAS")),
    "variant_type", "variant_description",
    "hm_source", "hm_rsID", "hm_chr", "hm_pos", "hm_inferOtherAllele",
)  # fmt: skip
_HARMONISED = ("hm_source", "hm_rsID", "hm_chr", "hm_pos")


@dataclass(frozen=True)
class Export:
    """The file's text, and a list of what it lacks of the model.

    ``losses`` change scores that are computed from the file, ``notes`` do not.
    """

    text: str
    losses: tuple[str, ...]
    notes: tuple[str, ...]


def export_pgs(model: RiskModel, *, lossy: bool = False) -> Export:
    """A model's genetic part as a scoring file that reads back to the same genetic scores.

    A pair of haplotypes is written as what it adds to the two, since rows of the format add up.
    Raises ModelExportError naming what the format cannot say, unless ``lossy``.
    """
    losses = tuple(_losses(model))
    if losses and not lossy:
        raise ModelExportError(
            f"a PGS Catalog file cannot say all of {model.id}: {'; '.join(losses)}",
            where=model.id,
            fix="say --lossy to write the rest",
        )
    if model.plain is not None:
        raise ModelExportError(f"{model.id} is a scoring file already", where=model.id)
    known = [build for build in Build if all(v.known_in(build) for v in model.variants)]
    build = Build.GRCh38 if Build.GRCh38 in known else Build.GRCh37
    rows = []
    for term, cells in rows_of(model):
        if _has_row(term):
            row = _standard(cells, term, model)
            if build is Build.GRCh37 and "position_grch37" in cells:
                row["chr_position"] = cells["position_grch37"]
            rows.append(row if len(known) == 2 else _without(row, _HARMONISED))
    header = _header(model, len(rows), build, len(known) == 2)
    return Export(as_text(header, rows, COLUMNS), losses, _notes(model))


def _without(row: Cells, columns: Sequence[str]) -> Cells:
    return {column: text for column, text in row.items() if column not in columns}


def _has_row(term: Term) -> bool:
    """Whether the format has a row for the term."""
    if term.fallback_for:
        return False
    additive = all(f.coding is ADDITIVE for f in term.factors)
    return len(term.factors) == 1 or additive


def _losses(model: RiskModel) -> list[str]:
    """Losses that would make scores differ after reading the file back."""
    losses = []
    parts = [term.part for term in model.terms]
    if model.markers:
        losses.append(f"{len(model.markers)} SNPs that mark HLA alleles")
    if model.exposures:
        losses.append(f"{len(model.exposures)} exposures")
    if Part.INTERACTION in parts:
        losses.append(f"{parts.count(Part.INTERACTION)} gene-environment terms")
    stand_ins = [term.id for term in model.terms if term.fallback_for]
    if stand_ins:
        losses.append(f"stand-ins where HLA is not typed ({', '.join(stand_ins)})")
    coded = [t.id for t in model.terms if t.part is Part.GENETIC and not _has_row(t)]
    coded = [name for name in coded if name not in stand_ins]
    if coded:
        losses.append(f"interactions that do not multiply copies ({', '.join(coded)})")
    if model.scheme and any(haplotype.tag for haplotype in model.scheme.haplotypes):
        losses.append("the ranking of haplotypes and the tag SNPs that call them")
    read = [factor.variant for factor in factors_of(model.terms, VariantFactor)]
    unsure = [v.name for v in read if v.palindromic and v.reference_allele]
    if unsure:
        losses.append(f"the reference base, which proves the strand of {len(unsure)} palindromes")
    return losses


def _notes(model: RiskModel) -> tuple[str, ...]:
    """Notes on what is not in the file but changes no genetic score."""
    notes = ["each row's source is in its description; its status and component are not kept"]
    if model.baseline:
        notes.append("the baseline risk is not kept, so the file gives no probability")
    if any(term.standard_error is not None for term in model.terms):
        notes.append("standard errors are not kept, so intervals leave the weights' errors out")
    return tuple(notes)


def _standard(cells: Cells, term: Term, model: RiskModel) -> Cells:
    """A row with the columns of the format only."""
    row = {column: text for column, text in cells.items() if column in COLUMNS}
    factor = term.factors[0]
    if isinstance(factor, DiplotypeFactor):
        assert model.scheme is not None
        own = {f.name: t.weight for t, f in counted_alone(model.terms, HaplotypeFactor)}
        row["effect_weight"] = repr(term.weight - sum(own.get(name, 0.0) for name in factor.names))
    elif len(term.factors) == 1 and isinstance(factor, VariantFactor):
        row |= {"hm_source": "Author-reported", "hm_rsID": row["rsID"], "hm_chr": row["chr_name"]}
        row["hm_pos"] = cells.get("position_grch37", "")
    row.setdefault("locus_name", "")
    described = [term.label] if term.label and term.label != row["locus_name"] else []
    row["variant_description"] = "; ".join([*described, f"source: {term.source}"])
    return row


def _header(
    model: RiskModel, rows: int, build: Build, both: bool
) -> Mapping[str, Mapping[str, str]]:
    disease = model.card.disease
    header: dict[str, dict[str, str]] = {
        "": {"format_version": "2.0"},
        "POLYGENIC SCORE (PGS) INFORMATION": {
            "pgs_id": model.id,
            "pgs_name": f"{model.id} {model.version} ({model.edition})",
            "trait_reported": model.card.outcome,
            "trait_mapped": disease["name"],
            "trait_efo": disease["mondo"].replace(":", "_") or disease.get("efo", ""),
            "genome_build": build.value,
            "variants_number": str(rows),
            "weight_type": "beta",
        },
        "SOURCE INFORMATION": {"citation": "; ".join(c.text for c in model.card.citations)},
    }
    if both:
        header["HARMONIZATION DETAILS"] = {"HmPOS_build": "GRCh37"}
    return {
        section: {key: " ".join(value.split()).replace("=", ":") for key, value in keys.items()}
        for section, keys in header.items()
    }
