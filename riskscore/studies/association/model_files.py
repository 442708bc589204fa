"""Write a risk model as a folder (weights.tsv, model.yaml) that ``load_model`` reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from riskscore.errors import OutputError, UsageError
from riskscore.files.outputs import new_folder, write_file
from riskscore.models.folders.folder import read_folder
from riskscore.models.folders.skeleton import weights_text
from riskscore.models.model import Exposure, RiskModel
from riskscore.models.scoring_files.term_rows import alleles_text
from riskscore.models.strict_yaml import to_yaml
from riskscore.models.terms import (
    ADDITIVE,
    CODINGS,
    COPIES,
    Z95,
    ExposureFactor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Part,
    Term,
    factors_of,
)


def write_model(model: RiskModel, folder: Path | str) -> Path:
    """Write a model to a new folder, read it back, and return the folder.

    Raises OutputError when the folder holds files already, UsageError for a term that the format
    cannot hold.

    >>> from riskscore.models.catalog import load_model
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     copy = write_model(load_model("ms-2013"), f"{folder}/mine")
    ...     sorted(path.name for path in copy.iterdir())
    ['model.yaml', 'weights.tsv']
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise OutputError("the folder for the model is not empty", where=folder.name)
    if not any(term.part is Part.GENETIC for term in model.terms):
        raise UsageError("a model needs a genetic term", fix="fit at least one with the exposures")
    haplotypes = list(_haplotypes(model))
    files = {"weights.tsv": weights_text(model)}
    if haplotypes:
        lines = [list(haplotypes[0]), *(list(row.values()) for row in haplotypes)]
        files["haplotypes.tsv"] = "".join("\t".join(line) + "\n" for line in lines)
    files["model.yaml"] = to_yaml(_without_empty(_card(model, bool(haplotypes))))
    with new_folder(folder) as staging:
        for name, text in files.items():
            write_file(staging / name, [text])
    back = read_folder(folder)
    written = {term.id: _effects(term) for term in model.terms}
    if len(back.terms) != len(model.terms) or not all(
        np.allclose(_effects(t), written.get(t.id, math.nan), rtol=1e-12, atol=1e-12)
        for t in back.terms
    ):
        raise OutputError("the model does not read back as it was written", where=folder.name)
    return folder


def _effects(term: Term) -> tuple[float, ...]:
    """What 0, 1 and 2 copies add to the score, in which weights and codings are compared."""
    coding = term.factors[0].coding if len(term.factors) == 1 else ADDITIVE
    return tuple(term.weight * value for value in coding.values)


def _haplotypes(model: RiskModel) -> Iterator[dict[str, str]]:
    """The rows of haplotypes.tsv: the haplotypes that terms count, each with its tag SNP."""
    used = {factor.name for factor in factors_of(model.terms, HaplotypeFactor)}
    for h in model.scheme.haplotypes if model.scheme else ():
        if h.name in used and h.tag is None:
            raise UsageError(
                f"the haplotype {h.name} was called from typed alleles and has no tag SNP, which a "
                "model's haplotype needs",
                fix="fit its alleles, or the haplotypes of a model",
            )
        if h.name in used and h.tag is not None:
            yield {
                "name": h.name, "rank": str(h.rank), "tag_rsid": h.tag.name,
                "chr_name": h.tag.chromosome,
                "position_grch38": str(h.tag.position_grch38 or ""),
                "position_grch37": str(h.tag.position_grch37 or ""),
                "tag_allele": h.tag.effect_allele,
                "other_allele": h.tag.other_allele, "reference_allele": h.tag.reference_allele,
            }  # fmt: skip


def _card(model: RiskModel, haplotypes: bool) -> dict[str, Any]:
    """model.yaml as plain mappings, lists and text."""
    card = model.card
    content: dict[str, Any] = {
        "id": model.id, "name": model.name, "version": model.version, "edition": model.edition,
        "disease": dict(card.disease), "outcome": card.outcome, "ancestry": card.ancestry,
        "weights": "weights.tsv",
    }  # fmt: skip
    if haplotypes:
        content["haplotypes"] = "haplotypes.tsv"
    content["missing"] = model.missing.value
    groups = {
        f.name: {"id": f.name, "gene": f.gene, "alleles": [str(a) for a in f.alleles],
                 "source": term.source, "status": term.status.value}
        for term in model.terms for f in factors_of([term], HLAAlleleFactor) if f.name
    }  # fmt: skip
    content["groups"] = list(groups.values())
    content["exposures"] = [_exposure(e, model) for e in model.exposures]
    content["interactions"] = [
        _interaction(term)
        for term in model.terms
        if term.part is Part.INTERACTION or term.only_known
    ]
    content["baseline"] = {
        "horizon": model.horizon,
        "prevalence": [
            {
                "sex": b.sex.value, "value": b.value, "ci": list(b.ci) if b.ci else None,
                "population": b.population or None, "horizon": b.horizon or None,
                "source": b.source, "status": b.status.value,
            }
            for b in model.baseline
        ],
    } if model.baseline else None  # fmt: skip
    content["reference_populations"] = list(model.reference_populations)
    if model.stand_in_population:
        content["stand_in_population"] = model.stand_in_population
    content["performance"] = [
        {name: str(value) for name, value in found.items()} for found in card.performance
    ]
    content["citations"] = [asdict(c) for c in card.citations]
    content |= {
        "intended_use": card.intended_use, "not_for": list(card.not_for),
        "limits": list(card.limits),
    }  # fmt: skip
    return content


def _effect(term: Term) -> dict[str, Any]:
    effect: dict[str, Any] = {"odds_ratio": math.exp(term.weight)}
    if term.standard_error is not None:
        reach = Z95 * term.standard_error
        effect["ci"] = [math.exp(term.weight - reach), math.exp(term.weight + reach)]
    return effect


def _exposure(exposure: Exposure, model: RiskModel) -> dict[str, Any]:
    own = {
        f.level: term
        for term in model.terms
        if term.part is Part.EXPOSURE and not term.only_known
        for f in factors_of([term], ExposureFactor)[:1]
        if f.exposure == exposure.id
    }
    kind = "dose" if exposure.is_dose else "binary" if len(exposure.levels) == 2 else "ordinal"
    content: dict[str, Any] = {
        "id": exposure.id, "label": exposure.label, "kind": kind,
        "description": exposure.description if exposure.weighted else "",
        "sex": exposure.sex.value if exposure.sex else None,
        "only_if": dict(zip(("exposure", "level"), exposure.only_if, strict=True))
        if exposure.only_if else None,
        "weighted": "true" if exposure.weighted else "false",
        "reason": "" if exposure.weighted else exposure.description,
        "source": exposure.source, "status": exposure.status.value,
        "frequency_source": exposure.frequency_source,
        "frequency_status": exposure.frequency_status.value,
    }  # fmt: skip
    if exposure.is_dose:
        content |= {
            "unit": exposure.unit, "other_units": dict(exposure.other_units),
            "range": list(exposure.range), "per": exposure.per, "mean": exposure.mean,
            "sd": exposure.sd,
        }  # fmt: skip
        return content | (_effect(own[""]) if "" in own else {})
    content["levels"] = [
        {"value": v.value, "aliases": list(v.aliases), "frequency": v.frequency}
        | (_effect(own[v.value]) if v.value in own else {})
        for v in exposure.levels
    ]
    return content


def _interaction(term: Term) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for factor in term.factors:
        if isinstance(factor, ExposureFactor):
            parts.append({"exposure": factor.exposure, "level": factor.level})
        elif isinstance(factor, HLAAlleleFactor) and factor.name:
            parts.append({"group": factor.name, "copies": COPIES.index(factor.coding)})
        elif isinstance(factor, HLAAlleleFactor) and factor.coding in CODINGS.values():
            parts.append({"hla": alleles_text(factor.alleles), "coding": factor.coding.name})
        else:
            raise UsageError(f"the product {term.id} cannot be written in model.yaml")
    return {"id": term.id, "label": term.label, "parts": parts} | _effect(term) | {
        "only_known": term.only_known, "source": term.source, "status": term.status.value,
    }  # fmt: skip


def _without_empty(content: Any) -> Any:
    """Content without empty values, for which the reader has defaults."""
    if isinstance(content, Mapping):
        kept = {key: _without_empty(value) for key, value in content.items()}
        return {key: value for key, value in kept.items() if value not in (None, "", {})}
    return [_without_empty(one) for one in content] if isinstance(content, list) else content
