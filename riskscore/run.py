"""The main job in one call: a cohort, or the path of a VCF, to its scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import UsageError
from riskscore.genetics.build import Build
from riskscore.models.catalog import load_model
from riskscore.models.model import RiskModel
from riskscore.models.panel import reference_panel
from riskscore.samples.cohort import Cohort, read_cohort
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.second_process import TwoProcesses
from riskscore.samples.hla.calls import HaplotypeCalls
from riskscore.samples.part import Part, part_of
from riskscore.scoring.score import Scores, score_cohort

Models = str | Path | RiskModel | Sequence[str | Path | RiskModel]


def as_models(models: Models) -> tuple[RiskModel, ...]:
    """Models by id, by path, or as they are; one or several."""
    several = [models] if isinstance(models, str | Path | RiskModel) else models
    loaded = tuple(m if isinstance(m, RiskModel) else load_model(m) for m in several)
    if not loaded:
        raise UsageError("no model was named")
    repeated = {model.id for model in loaded if [m.id for m in loaded].count(model.id) > 1}
    if repeated:
        raise UsageError(f"the model {repeated.pop()!r} is named twice")
    return loaded


def score(
    source: str | Path | Sequence[str | Path] | Cohort,
    models: Models | None = None,
    *,
    exposures: str | Path | Any = None,
    sex_column: str = "sex",
    population: str = "EUR",
    build: Build | str | None = None,
    reading: Reading | None = None,
    prevalence: float | None = None,
    horizon: str | None = None,
    part: Part | None = None,
    hla: str | Path | Sequence[str | Path] = (),
    haplotype_calls: HaplotypeCalls | str = HaplotypeCalls.POSTERIOR,
    weak_tags: bool = False,
) -> Scores:
    """Score a VCF (or several as one cohort), or a cohort already read, with one or several models.

    ``models`` are ids of shipped models, folders, or RiskModel; a cohort already knows its own.
    ``exposures``, ``sex_column``, ``population``, ``build``, ``hla``, ``haplotype_calls`` and
    ``weak_tags`` are as in :func:`read_cohort` and belong to a VCF; ``prevalence`` takes the place
    of the models' baseline risk, and ``horizon`` chooses among those they have.
    With ``part`` all people are judged together, and those of the part are scored.

    >>> from riskscore.samples.person import person
    >>> one = person([load_model("ms")], hla={"DRB1": "15:01 15:01"}, sex="female")
    >>> float(score(one).of("ms").numbers["genetic_score"][0]) > 0
    True
    """
    if isinstance(source, Cohort):
        cohort = source if part is None else part_of(source, part)
        if models is not None and as_models(models) != cohort.models:
            raise UsageError(
                "the cohort was read for other models", fix="read it again with these models"
            )
    else:
        if models is None:
            raise UsageError("no model was named", fix="for example models=['t1d']")
        cohort = read_cohort(
            source,
            as_models(models),
            exposures=exposures,
            sex_column=sex_column,
            population=population,
            build=build,
            reading=reading,
            hla=hla,
            haplotype_calls=haplotype_calls,
            weak_tags=weak_tags,
            part=part,
        )
    halves = TwoProcesses() if reading is not None and reading.processes > 1 else None
    panel = reference_panel()
    return score_cohort(cohort, panel, prevalence=prevalence, horizon=horizon, halves=halves)
