"""A scoring file turned into a model folder, to be completed by hand."""

from __future__ import annotations

from collections.abc import Sequence

from riskscore.errors import UsageError
from riskscore.models.folders.folder import HAPLOTYPE_COLUMNS
from riskscore.models.model import RiskModel
from riskscore.models.scoring_files.rows import FREQUENCY
from riskscore.models.scoring_files.term_rows import as_text, rows_of
from riskscore.models.strict_yaml import to_yaml

COLUMNS = (
    "rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "locus_name",
    "is_haplotype", "is_diplotype", "is_interaction", "is_dominant", "is_recessive",
    "effect_weight", "dosage_0_weight", "dosage_1_weight", "dosage_2_weight",
    "allelefrequency_effect", "{frequencies}", "variant_type", "variant_description",
    "position_grch37", "reference_allele", "interaction_coding", "fallback_for", "component",
    "standard_error", "source", "status",
)  # fmt: skip
_ANY_DISEASE = "MONDO:0000001"
_TO_DO = "To be written."


def folder_files(model: RiskModel) -> dict[str, str]:
    """The text of each file of a model folder, by name, for a model read from a scoring file.

    Raises UsageError for a genome-wide score, whose variants are no terms.
    """
    if model.plain is not None:
        raise UsageError(
            f"{model.id} has {len(model.plain)} plain variants, too many for a model folder",
            fix="give the scoring file itself as the model",
        )
    files = {"model.yaml": _yaml(model), "weights.tsv": weights_text(model)}
    if model.scheme:
        files["haplotypes.tsv"] = _haplotypes(model)
    return files


def weights_text(model: RiskModel) -> str:
    """The text of weights.tsv: a row for each genetic term of a model."""
    rows = [cells for _, cells in rows_of(model)]
    named = sorted({c for row in rows for c in row if c.startswith(FREQUENCY)})
    columns: Sequence[str] = [
        column for name in COLUMNS for column in (named if name == "{frequencies}" else [name])
    ]
    header = {
        "": {"format_version": "2.0"},
        "POLYGENIC SCORE (PGS) INFORMATION": {
            "pgs_id": model.id,
            "genome_build": "GRCh38",
            "variants_number": str(len(rows)),
            "weight_type": "beta",
        },
    }
    return as_text(header, rows, columns)


def _haplotypes(model: RiskModel) -> str:
    assert model.scheme is not None
    lines = ["\t".join(HAPLOTYPE_COLUMNS)]
    for haplotype in model.scheme.haplotypes:
        cells = {"name": haplotype.name, "code": haplotype.name, "rank": str(haplotype.rank)}
        lines.append("\t".join(cells.get(column, "") for column in HAPLOTYPE_COLUMNS))
    return "\n".join(lines) + "\n"


def _yaml(model: RiskModel) -> str:
    card = model.card
    content = {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "edition": model.edition[:200],
        "disease": {"name": card.disease["name"], "mondo": card.disease["mondo"] or _ANY_DISEASE},
        "outcome": card.outcome,
        "ancestry": card.ancestry,
        "weights": "weights.tsv",
        **({"haplotypes": "haplotypes.tsv"} if model.scheme else {}),
        "published_score": {"name": model.published_score, "minimum_coverage": 0.95},
        "reference_populations": list(model.reference_populations),
        "citations": [
            {"key": c.key, "text": c.text[:200], **({"doi": c.doi} if c.doi else {})}
            for c in card.citations
        ],
        "intended_use": _TO_DO,
        "not_for": list(card.not_for),
        "limits": list(card.limits),
        "reporting": {"study_design": _TO_DO, "construction": _TO_DO},
    }
    head = (
        "# Written from a scoring file. To complete: disease, ancestry, intended use, limits,\n"
        "# baseline risk, exposures and examples (see reference/models/README.md).\n"
    )
    return head + to_yaml(content)
