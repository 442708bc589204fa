"""The main jobs in one call: from a VCF, or a cohort already read, to scores or to ancestry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from riskscore.errors import NothingMatchedError, UsageError
from riskscore.files.frames import as_pandas
from riskscore.genetics.build import Build
from riskscore.models.catalog import Models, as_models, list_models
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.cohort import Cohort
from riskscore.samples.files.opening import STDIN, open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.second_process import TwoProcesses
from riskscore.samples.frame import read_frame
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import (
    REFERENCE_POPULATION,
    Question,
    QuestionOptions,
    as_build,
    takes_options,
)
from riskscore.samples.read import read_cohort
from riskscore.scoring.score import Scores, score_cohort

if TYPE_CHECKING:
    import pandas

    from riskscore.scoring.ancestry.ancestry import Ancestry


@takes_options
def score(
    source: str | Path | Sequence[str | Path] | Cohort | pandas.DataFrame,
    models: Models | Question | None = None,
    *,
    part: PeoplePart | None = None,
    **options: Unpack[QuestionOptions],
) -> Scores:
    """Score a VCF (or several as one cohort), a frame, or a cohort already read, with models.

    ``models`` are ids of shipped models, folders, scoring files, or RiskModel; a cohort already
    knows its own. The options are the fields of :class:`Question`; of a cohort already read, only
    its baseline risk can be asked anew: ``prevalence`` or ``horizon``. A frame of pandas, polars or
    others has a row a person (see :func:`read_frame`); of it that can be
    asked, ``population`` and ``age_column``.
    With ``part`` all people are judged together, and those of the part are scored.

    Raises the errors of :func:`read_cohort`, and UsageError.

    >>> from riskscore.samples.person import person
    >>> from riskscore.models.catalog import load_model
    >>> one = person([load_model("ms")], hla={"DRB1": "15:01 15:01"}, sex="female")
    >>> float(score(one).of("ms").numbers["genetic_score"][0]) > 0
    True
    """
    if isinstance(source, Cohort):
        cohort = source if part is None else source.of_part(part)
        if models is not None:
            asked = models.models if isinstance(models, Question) else as_models(models)
            if asked != cohort.models:
                raise UsageError(
                    "the cohort was read for other models", fix="read it again with these models"
                )
        cohort = replace(cohort, question=cohort.question.of_baseline(**options))
    elif models is None:
        raise UsageError("no model was named", fix="for example models=['t1d']")
    elif hasattr(frame := as_pandas(source), "columns"):
        cohort = _of_frame(frame, models, options)
        cohort = cohort if part is None else cohort.of_part(part)
    else:
        files = cast("str | Path | Sequence[str | Path]", source)
        cohort = read_cohort(files, Question.of(models, **options), part=part)
    halves = TwoProcesses() if cohort.question.reading.processes > 1 else None
    return score_cohort(cohort, reference_panel(), halves=halves)


def _of_frame(frame: Any, models: Models | Question, options: QuestionOptions) -> Cohort:
    """The people of a frame as a cohort; raises UsageError for options of files."""
    if isinstance(models, Question):
        raise UsageError("a Question is of files, and this is a frame", fix="name the models")
    given: dict[str, Any] = dict(options)
    own = {name: given.pop(name) for name in ("population", "age_column") if name in given}
    cohort = read_frame(frame, models, **own)
    return replace(cohort, question=cohort.question.of_baseline(**given))


def ancestry(
    source: str | Path | Sequence[str | Path],
    *,
    models: Models | None = None,
    build: Build | str | None = None,
    reading: Reading | None = None,
) -> Ancestry:
    """Where the people of a VCF (or of several, as one cohort) are among the reference people.

    Whoever has a genotype at 1,000 or more of 9,559 SNPs spread over the genome is projected on the
    principal components of the 1000 Genomes people, with shares of superpopulations. Others are
    compared by likelihood over the loci and HLA genes of ``models`` (all, if none is named).
    ``to_frame()`` of what is returned has a row a person.

    Raises the errors of :func:`read_cohort`.

    >>> from riskscore.files.inputs import reference_root
    >>> file = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    >>> ancestry(file, models="ms")
    Ancestry of 2,504 people (0 by components, 2504 by likelihood, 0 by nothing)
    """
    from riskscore.samples.ancestry.sums import read_projection
    from riskscore.samples.ancestry.table import component_table
    from riskscore.scoring.ancestry.ancestry import ancestry_of

    names = [source] if isinstance(source, str | Path) else list(source)
    table, reading, wanted = component_table(), reading or Reading(), as_build(build)
    with open_source(names, reading) as opened:
        sums, samples = read_projection(opened, table, wanted, reading), opened.samples
    found = ancestry_of(samples, sums, table)
    if found.projection.done.all():
        return found
    if STDIN in map(str, names):
        raise UsageError(
            "the input has too few SNPs that tell ancestry, and cannot be read again for others",
            fix="give a file in the place of standard input",
        )
    return _with_likelihood(found, names, models, wanted, reading)


def _with_likelihood(
    found: Ancestry,
    names: Sequence[str | Path],
    models: Models | None,
    build: Build | None,
    reading: Reading,
) -> Ancestry:
    """The same with the likelihood over models' loci, for those who could not be projected."""
    from riskscore.scoring.population.likeness import likeness

    asked = as_models(list_models() if models is None else models)
    if models is None:  # all that have the reference population of whoever says none
        asked = tuple(m for m in asked if REFERENCE_POPULATION in m.reference_populations)
    try:
        cohort = read_cohort(names, asked, build=build, reading=reading)
    except NothingMatchedError as error:
        if found.projection.done.any():
            return found
        if found.variants_only:
            raise NothingMatchedError(
                "the file lists variants only, by which nobody can be placed",
                where=Path(names[0]).name,
                fix="if you know that absent means reference, say --absent homref, or give a gVCF",
            ) from error
        raise
    return replace(found, likelihood=likeness(cohort, reference_panel()))
