"""The verbs of studies: fit, evaluate, interaction."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.cli.options import (
    BuildOption,
    ExposuresOption,
    OutputOption,
    PopulationOption,
    SexOption,
    inputs,
    say,
)
from riskscore.errors import UsageError

if TYPE_CHECKING:
    import pandas

    from riskscore.genetics.build import Build
    from riskscore.models.model import RiskModel
    from riskscore.samples.cohort import Cohort
    from riskscore.studies.association.fit import Fit
    from riskscore.studies.evaluation.evaluate import Evaluation

# Groups of options in --help.
tested = partial(typer.Option, rich_help_panel="What is tested")
regression = partial(typer.Option, rich_help_panel="Regression")
_OF_HLA = {"allele", "residue", "haplotype"}
_CASE = "case"  # the default column of the outcome
OutcomeOption = Annotated[
    Path,
    inputs(
        help="TSV or CSV, PLINK's among them: sample, outcome (0 and 1, or 1 and 2), covariates."
    ),
]
ColumnOption = Annotated[str, inputs(help="The column that holds the outcome.")]
CovariateOption = Annotated[
    list[str] | None, inputs("--covariate", help="A column to adjust for; repeat for more.")
]
CovariatesOption = Annotated[
    Path | None,
    inputs(
        help="A table of covariates by sample, PLINK's among them; all of its columns are adjusted "
        "for, or those that --covariate names."
    ),
]
PlotOption = Annotated[
    Path | None, typer.Option(help="File for the chart: .html, .png, .svg or .json.")
]
PrevalenceOption = Annotated[
    float | None, typer.Option(help="Prevalence in the population a case-control study is from.")
]


def fit(
    outcome: OutcomeOption,
    vcf: Annotated[
        Path | None, typer.Argument(help="A VCF; without one, the outcome table has all columns.")
    ] = None,
    outcome_column: ColumnOption = _CASE,
    covariate: CovariateOption = None,
    covariates: CovariatesOption = None,
    model: Annotated[
        list[str] | None, tested("-m", "--model", help="A model whose loci and exposures are read.")
    ] = None,
    region: Annotated[
        list[str] | None,
        tested(
            "-r",
            "--region",
            help="A region whose variants are all tested, 6:32400000-32700000; repeat for several.",
        ),
    ] = None,
    term: Annotated[
        list[str] | None,
        tested(
            "-t",
            "--term",
            help="allele, residue, haplotype, snp, exposure (of a VCF "
            "all by default, of every HLA gene that it has) or model; without a VCF, a "
            "column.",
        ),
    ] = None,
    coding: Annotated[str, tested(help="additive, dominant, recessive or general.")] = "additive",
    minimum_count: Annotated[float, tested(help="Smallest effective allele count to test.")] = 10.0,
    quantitative: Annotated[
        bool,
        regression("--quantitative", help="The outcome is a quantitative trait: least squares."),
    ] = False,
    joint: Annotated[bool, regression("--joint", help="All terms in one regression.")] = False,
    condition: Annotated[
        list[str] | None, regression(help="A term that every regression holds.")
    ] = None,
    stepwise: Annotated[
        float | None, regression(help="Forward selection down to this p-value.")
    ] = None,
    by_position: Annotated[
        bool,
        regression(
            "--by-position",
            help="Each step of --stepwise takes all residues of a "
            "position together; --omnibus has the steps.",
        ),
    ] = False,
    firth: Annotated[bool, regression("--firth", help="Firth's method throughout.")] = False,
    robust: Annotated[bool, regression("--robust", help="Huber-White errors.")] = False,
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    output: OutputOption = None,
    omnibus: Annotated[
        Path | None, typer.Option(help="File for the tests of whole positions or loci.")
    ] = None,
    plot: PlotOption = None,
    model_out: Annotated[
        Path | None, typer.Option(help="A new folder for the joint fit as a model.")
    ] = None,
    prevalence: PrevalenceOption = None,
) -> None:
    """Association of HLA alleles, residues, haplotypes, SNPs and exposures with an outcome."""
    from riskscore.studies.association.fit import fit as run
    from riskscore.studies.charts.theme import save_chart
    from riskscore.studies.people_table import met_words, read_people

    people, notes = read_people(outcome)
    models, names = _models(model), covariate or []
    y = _outcome(people, outcome_column)
    columns = [y.name, *(name for name in names if name in people.columns)]
    source: Cohort | pandas.DataFrame = people.drop(columns=columns)
    samples = list(people.index)
    if vcf is not None:
        genes = "all" if term is None or _OF_HLA & set(term) else ()
        source = cohort = _cohort(
            vcf, models, exposures, sex_column, population, build, genes=genes, regions=region or ()
        )
        samples = list(cohort.samples)
        notes += met_words(outcome, people.index, samples)
    adjusting = _adjusting(people, covariates, names, notes, samples)
    found = run(
        source, y, covariates=adjusting, terms=term, coding=coding, quantitative=quantitative,
        joint=joint or (model_out is not None and not stepwise), condition_on=condition or (),
        threshold=stepwise, by_position=by_position, method="firth" if firth else "auto",
        errors="robust" if robust else "model", minimum_count=minimum_count,
    )  # fmt: skip
    say(f"riskscore: {note}" for note in [*notes, *found.notes])
    _write(found.to_frame(), output)
    if omnibus is not None:
        _write(found.omnibus_frame().assign(terms=lambda f: f["terms"].map(" ".join)), omnibus)
    if plot is not None:
        residues = any(e.kind == "residue" and e.p == e.p for e in found.effects)
        save_chart(found.plot.hla() if residues and not joint else found.plot.forest(), plot)
    if model_out is not None:
        _write_model(found, models, model_out, outcome, prevalence)


def _write_model(
    found: Fit, models: list[RiskModel], out: Path, outcome: Path, prevalence: float | None
) -> None:
    """Write a joint fit as a model's folder, with the disease and ancestry of the one given."""
    from riskscore.studies.association.model_files import write_model
    from riskscore.studies.association.new_model import model_of

    if len(models) != 1:
        raise UsageError("a new model takes disease and ancestry from one model: give one -m")
    new = model_of(
        found, id=out.name, name=f"{models[0].name}, fitted anew",
        source=f"fitted in {outcome.name}", prevalence=prevalence, like=models[0],
    )  # fmt: skip
    write_model(new, out)
    say([f"riskscore: wrote the model {new.id}: {len(new.terms)} terms"])


def evaluate(
    scores: Annotated[
        Path, typer.Argument(help="scores.tsv or .parquet as `score` wrote it, or its folder.")
    ],
    outcome: OutcomeOption,
    outcome_column: ColumnOption = _CASE,
    prevalence: PrevalenceOption = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A column of the outcome table to measure by.")
    ] = None,
    covariate: CovariateOption = None,
    covariates: CovariatesOption = None,
    threshold: Annotated[
        list[float] | None, typer.Option(help="A risk to report sensitivity and PPV at.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Bootstrap resamples behind the intervals.")] = 200,
    seed: Annotated[
        int, typer.Option(help="Seed of the resampling: the same gives the same intervals.")
    ] = 1,
    output: OutputOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all tables and charts.")] = None,
) -> None:
    """How well scores separate, how right their risks are, and what acting on them brings.

    With covariates, also what each score adds to them.
    """
    from riskscore.studies.evaluation.evaluate import evaluate as run
    from riskscore.studies.people_table import met_words, read_people

    path = scores / "scores.tsv" if scores.is_dir() else scores
    (table, _), (people, notes) = read_people(path, by_sample=False), read_people(outcome)
    if not {"sample", "model", "log_odds"} <= set(table.columns):
        raise UsageError(f"{path.name} is not a table of scores", fix="make it: riskscore score")
    notes += met_words(outcome, people.index, set(table["sample"]))
    found = run(
        table, _outcome(people, outcome_column), prevalence=prevalence,
        groups={name: people[_column(people, name)] for name in group or []},
        covariates=_adjusting(people, covariates, covariate or [], notes, set(table["sample"])),
        thresholds=threshold, bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    say(f"riskscore: {note}" for note in [*notes, *found.notes])
    if output is not None or out is None:
        _write(found.measures, output)
    if out is not None:
        _write_evaluation(found, out)


def _write_evaluation(found: Evaluation, out: Path) -> None:
    """Write every table and chart of an evaluation into a new folder."""
    from riskscore.files.outputs import require_new_folder
    from riskscore.studies.charts.theme import save_chart

    require_new_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    for name in ("measures", "comparison", "roc", "deciles", "calibration", "decision",
                 "thresholds"):  # fmt: skip
        _write(getattr(found, name), out / f"{name}.tsv")
    charts = ["roc", "deciles"]
    charts += ["calibration", "decision"] if len(found.calibration) else []
    for name in charts:
        save_chart(getattr(found.plot, name)(), out / f"{name}.html")


def interaction(
    table: Annotated[
        Path, typer.Argument(help="TSV or CSV: people with an outcome, or cells with counts.")
    ],
    exposure: Annotated[
        list[str], typer.Option("-e", "--exposure", help="An exposure's column; give two.")
    ],
    outcome: Annotated[str | None, typer.Option(help="The column of the outcome.")] = None,
    cases: Annotated[str | None, typer.Option(help="The column of numbers of cases.")] = None,
    controls: Annotated[str | None, typer.Option(help="The column of numbers of controls.")] = None,
    covariate: CovariateOption = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(help="An exposure's reference level, or its value: smoking=never, bmi=22."),
    ] = None,
    per: Annotated[
        list[str] | None, typer.Option(help="The step of a continuous exposure to compare: bmi=5.")
    ] = None,
    vcf: Annotated[
        Path | None,
        inputs(
            help="A VCF of the table's people: exposures may be HLA alleles, residues or "
            "SNPs of it, those of a model, and sex."
        ),
    ] = None,
    model: Annotated[
        list[str] | None, inputs("-m", "--model", help="A model whose loci and exposures are read.")
    ] = None,
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    bootstrap: Annotated[
        int, typer.Option(help="Bootstrap resamples behind the intervals; 0 for none.")
    ] = 0,
    seed: Annotated[
        int, typer.Option(help="Seed of the resampling: the same gives the same intervals.")
    ] = 1,
    output: OutputOption = None,
    joint: Annotated[Path | None, typer.Option(help="File for the table of joint effects.")] = None,
    plot: PlotOption = None,
) -> None:
    """Interaction of two exposures: the product, and RERI, AP and S on the additive scale."""
    from riskscore.studies.charts.theme import save_chart
    from riskscore.studies.interaction.interaction import interaction as run
    from riskscore.studies.people_table import met_words, read_people

    levels, steps = _pairs(reference, "a reference"), _pairs(per, "a step")
    try:
        each = {name: float(step) for name, step in steps.items()}
    except ValueError:
        raise UsageError("a step is a number", fix="--per bmi=5") from None
    people, notes = read_people(table, by_sample=vcf is not None)
    source: Any = people
    ill: Any = outcome
    covariates: Any = covariate or ()
    if vcf is not None:
        genes = "all" if any("HLA" in name or "*" in name for name in exposure) else ()
        source = _cohort(vcf, _models(model), exposures, sex_column, population, build, genes=genes)
        notes += met_words(table, people.index, source.samples)
        ill = _outcome(people, outcome or _CASE)
        covariates = people[[_column(people, name) for name in covariate or ()]]
    found = run(
        source, exposures=exposure, outcome=ill, cases=cases,
        controls=controls, covariates=covariates, bootstrap=bootstrap, seed=seed,
        reference=levels, per=each,
    )  # fmt: skip
    say(f"riskscore: {note}" for note in [*notes, *found.notes])
    _write(found.to_frame(), output)
    if joint is not None:
        _write(found.joint_frame(), joint)
    if plot is not None:
        save_chart(found.plot.joint(), plot)


def _pairs(texts: list[str] | None, what: str) -> dict[str, str]:
    """Values by exposure, from texts such as exposure=value."""
    pairs = [text.partition("=") for text in texts or []]
    if not all(equals for _, equals, _ in pairs):
        raise UsageError(f"{what} is written exposure=level")
    return {name: value for name, _, value in pairs}


def _models(names: list[str] | None) -> list[RiskModel]:
    from riskscore.models.catalog import load_model

    return [load_model(name) for name in names or []]


def _cohort(
    vcf: Path, models: list[RiskModel], exposures: Path | None, sex_column: str, population: str,
    build: Build | None, **more: Any,
) -> Cohort:  # fmt: skip
    """Read a cohort; its warnings go to standard error."""
    from riskscore.samples.read import read_cohort

    cohort = read_cohort(
        vcf, models, exposures=exposures, sex_column=sex_column, population=population,
        build=build, **more,
    )  # fmt: skip
    say(f"riskscore: warning: {warning}" for warning in cohort.warnings)
    return cohort


def _adjusting(
    people: pandas.DataFrame, file: Path | None, names: list[str], notes: list[str], samples: Any
) -> pandas.DataFrame | None:
    """The covariates by sample: columns named, of either table, or all of the second."""
    if file is None:
        return people[[_column(people, name) for name in names]] if names else None
    from riskscore.studies.people_table import met_words, read_people

    table, said = read_people(file)
    notes += [*said, *met_words(file, table.index, samples)]
    here = [name for name in names if name in people.columns and name not in table.columns]
    there = [name for name in names if name not in here] or ([] if names else list(table.columns))
    chosen = table[[_column(table, str(name)) for name in there]]
    return chosen.join(people[here], how="outer" if here else "left")


def _outcome(people: pandas.DataFrame, name: str) -> pandas.Series[Any]:
    """The outcome's column; of a table with one column and no ``case``, that one."""
    alone = name == _CASE and name not in people.columns and len(people.columns) == 1
    return people[str(people.columns[0]) if alone else _column(people, name)]


def _column(people: pandas.DataFrame, name: str) -> str:
    from riskscore.studies.people import column_of

    return str(column_of(people, name).name)


def _write(frame: pandas.DataFrame, path: Path | None) -> None:
    from riskscore.writing.tables.write import write_blocks

    columns = {str(name): frame[name].tolist() for name in frame}
    write_blocks([columns], list(columns), path)
