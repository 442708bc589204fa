"""The main job in one call: a cohort, or the path of a VCF, to its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from riskscore.errors import UsageError
from riskscore.models.catalog import Models, as_models
from riskscore.models.panel import reference_panel
from riskscore.samples.cohort import Cohort, read_cohort
from riskscore.samples.files.second_process import TwoProcesses
from riskscore.samples.part import part_of
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import Question, QuestionOptions, takes_options
from riskscore.scoring.score import Scores, score_cohort


@takes_options
def score(
    source: str | Path | Sequence[str | Path] | Cohort,
    models: Models | Question | None = None,
    *,
    part: PeoplePart | None = None,
    **options: Unpack[QuestionOptions],
) -> Scores:
    """Score a VCF (or several as one cohort), or a cohort already read, with one or several models.

    ``models`` are ids of shipped models, folders, scoring files, or RiskModel; a cohort already
    knows its own. The options are the fields of :class:`Question`; of a cohort already read, only
    its baseline risk can be asked anew: ``prevalence`` or ``horizon``.
    With ``part`` all people are judged together, and those of the part are scored.

    Raises the errors of :func:`read_cohort`, and UsageError.

    >>> from riskscore.samples.person import person
    >>> from riskscore.models.catalog import load_model
    >>> one = person([load_model("ms")], hla={"DRB1": "15:01 15:01"}, sex="female")
    >>> float(score(one).of("ms").numbers["genetic_score"][0]) > 0
    True
    """
    if isinstance(source, Cohort):
        cohort = source if part is None else part_of(source, part)
        if models is not None:
            asked = models.models if isinstance(models, Question) else as_models(models)
            if asked != cohort.models:
                raise UsageError(
                    "the cohort was read for other models", fix="read it again with these models"
                )
        cohort = replace(cohort, question=cohort.question.of_baseline(**options))
    else:
        if models is None:
            raise UsageError("no model was named", fix="for example models=['t1d']")
        cohort = read_cohort(source, Question.of(models, **options), part=part)
    halves = TwoProcesses() if cohort.question.reading.processes > 1 else None
    return score_cohort(cohort, reference_panel(), halves=halves)
