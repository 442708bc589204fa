"""The question a run answers: the models, and every choice that bears on the scores, as one value.

Each verb builds one; it travels whole to the readers, the arithmetic and the workers of a batch,
and the provenance records it whole. A new option is a field here (and its type in
``QuestionOptions`` below it), an option of the command line in ``riskscore.cli.options``, and its
use.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypedDict, TypeVar, Unpack

from riskscore.errors import UsageError
from riskscore.files.tables import number_of
from riskscore.genetics.build import Build
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.incidence import RateTable, read_incidence
from riskscore.models.scoring_files.weight_type import WeightType, as_weight_type
from riskscore.samples.family import MOST_AGE, KnownRelative, read_family
from riskscore.samples.files.reading import Reading
from riskscore.samples.hla.calls import SWITCH_ERROR, HaplotypeCalls

if TYPE_CHECKING:
    import pandas

    from riskscore.models.catalog import Models

    Table = str | Path | pandas.DataFrame

P = ParamSpec("P")
R = TypeVar("R")

REFERENCE_POPULATION = "EUR"  # the default
UNKNOWN_POPULATION = "unknown"
AUTO_POPULATION = "auto"  # of each person, by their genotypes
IMPUTED = Path("imputed")  # given among typed HLA tables: HLA is to be imputed
_INPUT = {"role": "input"}  # files, whose checksums the provenance has
_BASELINE = {"role": "baseline"}  # may be changed for a cohort that was read already
_INPUT_OF_BASELINE = {"role": "input", "anew": True}
_NO_BEARING = {"require_index", "processes"}  # fields of Reading that change no score


@dataclass(frozen=True)
class Question:
    """Everything that is asked of a run: models, inputs, and the options that change scores.

    Inputs. ``exposures`` is a TSV or CSV file, or a pandas frame, with a column (or index)
    ``sample``; ``sex_column`` names its column of sex. ``hla`` are typed HLA tables of any known
    format, which take precedence over HLA records of the genotype files. The word "imputed" among
    them sets ``impute_hla``: people who are not typed are then imputed from the SNPs around the
    genes, by the panel of phased haplotypes of the file ``panel``, or the shipped one. ``codes`` is
    a table of the multiple allele codes in them, and ``allele_list`` IPD-IMGT/HLA's Allelelist.txt
    to check their names against.

    Population. ``population`` is the superpopulation (AFR, AMR, EAS, EUR, SAS) whose frequencies
    are the reference, and in which tag SNPs must hold. For people whose population is "unknown"
    the reference is the first one that the models have. With "auto" (default) percentiles are among
    people of the same ancestry, where the file has ancestry SNPs, and all else is as with EUR.

    Reading. ``build`` is the genome build, if the files do not name it. ``reading`` says which
    genotype field and which records count, and what an absent record means. ``haplotype_calls``
    says how haplotypes of a model's scheme are called: posterior, or published. ``weak_tags`` lets
    tag SNPs of lower r2 stand in for HLA alleles, with the uncertainty that this brings.
    ``switch_error`` is the probability that a file's phase is wrong from one HLA gene to the next,
    from 0 (phase is right) to 0.5 (phase is ignored). ``weight_type`` (beta, OR or HR) is that of
    scoring files that do not name theirs.

    Baseline risk. ``prevalence`` (a probability, between 0 and 1) replaces that of the models: one
    number keeps the models' ratio of the sexes, ``{"female": 0.01, "male": 0.004}`` sets each.
    ``horizon`` chooses among those the models have.

    Ages. The risk is then that between two ages of a person free of the disease at the first one,
    with death as a competing risk: from ``from_age``, or each person's age in the exposures' column
    ``age_column``, to ``to_age``, or the end of the model's horizon. ``horizon=(35, 60)`` is short
    for both. ``incidence`` is a table of rates by age and sex that replaces the model's.

    Family. ``family`` is a table of relatives with a row for each (sample, relation, affected,
    age). They change the part of a person's risk that the score does not explain.

    Raises UsageError for a value that an option cannot have.

    >>> question = Question.of("ms", population="AFR", reading=Reading(min_r2=0.3))
    >>> question.models[0].id, question.population
    ('ms', 'AFR')
    """

    models: tuple[RiskModel, ...] = ()
    exposures: Table | None = field(default=None, metadata=_INPUT, compare=False)
    hla: tuple[Path, ...] = field(default=(), metadata=_INPUT)
    codes: Path | None = field(default=None, metadata=_INPUT)
    allele_list: Path | None = field(default=None, metadata=_INPUT)
    panel: Path | None = field(default=None, metadata=_INPUT)
    impute_hla: bool = False
    sex_column: str = "sex"
    population: str = AUTO_POPULATION
    build: Build | None = None
    reading: Reading = field(default_factory=Reading)
    haplotype_calls: HaplotypeCalls = HaplotypeCalls.POSTERIOR
    weak_tags: bool = False
    switch_error: float = SWITCH_ERROR
    weight_type: WeightType | None = None
    prevalence: str | float | None = field(default=None, metadata=_BASELINE)
    horizon: str | None = field(default=None, metadata=_BASELINE)
    age_column: str | None = None
    from_age: float | None = field(default=None, metadata=_BASELINE)
    to_age: float | None = field(default=None, metadata=_BASELINE)
    incidence: Path | None = field(default=None, metadata=_INPUT_OF_BASELINE)
    family: Path | None = field(default=None, metadata=_INPUT_OF_BASELINE)

    def __post_init__(self) -> None:
        self._check_ages()
        self.family_history()  # a table that cannot be read is refused before the long work
        if self.prevalence is not None and self.horizon is not None:
            raise UsageError(
                "a prevalence has no other horizon than its own; leave one of them out"
            )
        if not 0 <= self.switch_error <= 0.5:
            raise UsageError(
                f"a switch error of {self.switch_error:g} is not between 0 and 0.5",
                fix="give the share of neighbouring genes that phasing turned round, as 0.02",
            )
        for value in self.prevalence_by_sex.values():
            if not 0 < value < 1:
                raise UsageError(f"a prevalence of {value:g} is not between 0 and 1")

    def _check_ages(self) -> None:
        if self.from_age is not None and self.age_column is not None:
            raise UsageError(
                "--from-age is everybody's age, --age-column each person's; leave one of them out"
            )
        if not self.by_age:
            if self.to_age is not None or self.incidence is not None:
                raise UsageError(
                    "a risk by age needs the age it begins at",
                    fix="add --age-column or --from-age",
                )
            return
        if self.prevalence is not None or self.horizon is not None:
            raise UsageError(
                "with ages the risk comes from a table of incidence, not from a prevalence or a "
                "horizon of the models",
                fix="leave out --prevalence and --horizon, or the ages",
            )
        for age in (self.from_age, self.to_age):
            if age is not None and not 0 <= age <= MOST_AGE:
                raise UsageError(f"an age of {age:g} is not between 0 and {MOST_AGE:g}")
        if self.from_age is not None and self.to_age is not None and self.to_age <= self.from_age:
            raise UsageError(f"from age {self.from_age:g} to {self.to_age:g} is no time at all")
        self.incidence_table()  # one that cannot be read is refused before the long work

    @property
    def by_age(self) -> bool:
        """Whether risks are asked between ages."""
        return self.from_age is not None or self.age_column is not None

    def family_history(self) -> Mapping[str, tuple[KnownRelative, ...]] | None:
        """The relatives of each person by name; None where no table is given."""
        return None if self.family is None else read_family(self.family)

    def incidence_table(self) -> RateTable | None:
        """The table of incidence that is given; raises ModelFormatError where it cannot be read."""
        return None if self.incidence is None else read_incidence(self.incidence)

    @property
    def prevalence_by_sex(self) -> Mapping[Sex | None, float]:
        """The prevalence that is given of each sex, or of both together (None); empty if none."""
        if self.prevalence is None:
            return {}
        if not isinstance(self.prevalence, str):
            return {None: self.prevalence}
        pairs = dict(part.split("=") for part in self.prevalence.split(","))
        return {Sex(sex): float(value) for sex, value in pairs.items()}

    def __repr__(self) -> str:
        """The ids of the models, and the options that differ from their defaults."""
        told = [f"models={[model.id for model in self.models]}"]
        for one in fields(self)[1:]:
            value = getattr(self, one.name)
            if hasattr(value, "shape"):
                told.append(f"{one.name}=<table of {len(value)} rows>")
            elif value != getattr(_PLAIN, one.name):
                told.append(f"{one.name}={value!r}")
        return f"Question({', '.join(told)})"

    @classmethod
    def of(cls, models: Models | Question, **options: Unpack[QuestionOptions]) -> Question:
        """The question of models by id, by path or as they are, with options as users write them.

        A Question in the place of ``models`` is the one to which the options are added.
        Raises UsageError, or an error of a model that cannot be read.
        """
        asked = options.get("weight_type")
        if isinstance(models, Question):
            start = models
        else:  # only models that are named have to be read
            from riskscore.models.catalog import as_models

            start = cls(as_models(models, weight_type=asked))
        unknown = set(options) - {one.name for one in fields(cls)}
        if unknown:
            raise UsageError(
                f"{sorted(unknown)[0]!r} is not an option",
                fix="choose among " + ", ".join(one.name for one in fields(cls)[1:]),
            )
        given: dict[str, Any] = dict(options)
        if isinstance(given.get("horizon"), tuple):
            given["from_age"], given["to_age"] = given.pop("horizon")
        plain = {n: _PLAIN_VALUES[n](v) if n in _PLAIN_VALUES else v for n, v in given.items()}
        if IMPUTED in plain.get("hla", ()):
            plain["hla"] = tuple(path for path in plain["hla"] if path != IMPUTED)
            plain["impute_hla"] = True
        return replace(start, **plain)

    def of_baseline(self, **options: Unpack[QuestionOptions]) -> Question:
        """The same question with another baseline risk; raises UsageError for other options."""
        held = {
            one.name
            for one in fields(self)
            if one.metadata.get("role") != "baseline" and not one.metadata.get("anew")
        }
        refused = sorted(held & set(options))
        if refused:
            raise UsageError(
                f"{refused[0]} bears on how a cohort is read, and this one was read already",
                fix=f"give {refused[0]} to read_cohort",
            )
        return Question.of(self, **options)

    @property
    def population_known(self) -> bool:
        """Whether the population of the people is known."""
        return self.population != UNKNOWN_POPULATION

    @property
    def by_ancestry(self) -> bool:
        """Whether percentiles are asked among people of each person's own ancestry."""
        return self.population == AUTO_POPULATION

    def reference_population(self) -> str:
        """The population whose frequencies are the reference.

        Where that of the people is not known, it is that of the first model's weights. Raises
        PopulationError if a model has no frequencies of it.
        """
        population = REFERENCE_POPULATION if self.by_ancestry else self.population
        if not self.population_known:
            named = [m.reference_populations[0] for m in self.models if m.reference_populations]
            population = named[0] if named else REFERENCE_POPULATION
        for model in self.models:
            model.require_population(population)
        return population

    @property
    def input_files(self) -> dict[str, list[Path]]:
        """The files that the question names, by their role; frames are left out."""
        found = {}
        for one in fields(self):
            if one.metadata.get("role") == "input":
                value = getattr(self, one.name)
                listed = list(value) if isinstance(value, tuple) else [value]
                found[one.name] = [Path(v) for v in listed if isinstance(v, str | Path)]
        return {role: files for role, files in found.items() if files}

    def recorded(self) -> dict[str, Any]:
        """Every option as plain data, for the provenance, which has the files as inputs."""
        told: dict[str, Any] = {"models": [model.id for model in self.models]}
        for one in fields(self):
            if one.name not in {"models", "reading"} and one.metadata.get("role") != "input":
                told[one.name] = _recorded(getattr(self, one.name))
        for one in fields(self.reading):
            if one.name not in _NO_BEARING:
                told[one.name] = _recorded(getattr(self.reading, one.name))
        return told

    @classmethod
    def from_record(cls, told: Mapping[str, Any], **inputs: Unpack[QuestionOptions]) -> Question:
        """The question from the data of :meth:`recorded`, about the same or other ``inputs``."""
        reading = {one.name: told[one.name] for one in fields(Reading) if one.name in told}
        if isinstance(reading.get("filters"), str):
            reading["filters"] = frozenset(reading["filters"].split(","))
        names = {one.name for one in fields(cls)} - {"models", "reading"}
        options: dict[str, Any] = {name: told[name] for name in names & set(told)}
        return cls.of(told["models"], reading=Reading(**reading), **{**options, **inputs})


_PLAIN = Question()


class QuestionOptions(TypedDict, total=False):
    """The fields of :class:`Question` as users may write them, for checkers of types."""

    exposures: Table | None
    hla: str | Path | Sequence[str | Path]
    codes: str | Path | None
    allele_list: str | Path | None
    panel: str | Path | None
    impute_hla: bool
    sex_column: str
    population: str
    build: Build | str | None
    reading: Reading | None
    haplotype_calls: HaplotypeCalls | str
    weak_tags: bool
    switch_error: float
    weight_type: WeightType | str | None
    prevalence: str | float | Mapping[str, float] | None
    horizon: str | tuple[float, float] | None
    age_column: str | None
    from_age: float | None
    to_age: float | None
    incidence: str | Path | None
    family: str | Path | None


def takes_options(verb: Callable[P, R]) -> Callable[P, R]:
    """Let ``help`` show a function's ``**options`` as the fields of :class:`Question`."""
    signature = inspect.signature(verb)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    asked = inspect.signature(Question).parameters
    types = QuestionOptions.__annotations__
    options = [
        asked[name].replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=_written(types[name]))
        for name in asked
        if name != "models"
    ]
    vars(verb)["__signature__"] = signature.replace(parameters=[*own, *options])
    return verb


def _written(annotation: Any) -> str:
    return getattr(annotation, "__forward_arg__", str(annotation))


def _paths(value: Any) -> tuple[Path, ...]:
    return tuple(map(Path, [value] if isinstance(value, str | Path) else value or ()))


def _path(value: Any) -> Path | None:
    return Path(value) if value else None


def as_build(name: Build | str | None) -> Build | None:
    """A genome build by its name; raises UsageError for another."""
    try:
        return Build(name) if name else None
    except ValueError as error:
        raise UsageError(
            f"{name!r} is not a genome build", fix="choose GRCh37 (hg19) or GRCh38 (hg38)"
        ) from error


def _calling(value: Any) -> HaplotypeCalls:
    try:
        return HaplotypeCalls(value)
    except ValueError as error:
        raise UsageError(
            f"haplotypes cannot be called {value!r}", fix="choose posterior or published"
        ) from error


def _prevalence(value: Any) -> str | float | None:
    """One probability, or those of both sexes as text: female=0.01,male=0.004."""
    if value is None or isinstance(value, float | int):
        return value
    try:
        if isinstance(value, str) and "=" not in value:
            return number_of(value)
        pairs = dict(p.split("=") for p in value.split(",")) if isinstance(value, str) else value
        found = {Sex(str(sex).strip()): float(number) for sex, number in pairs.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(
            f"a prevalence cannot be read from {value!r}",
            fix="write 0.01, or female=0.01,male=0.004",
        ) from error
    if set(found) != set(Sex):
        raise UsageError(
            "a prevalence is one for all, or one for each sex", fix="write female=0.01,male=0.004"
        )
    return ",".join(f"{sex}={found[sex]!r}" for sex in Sex)


_PLAIN_VALUES: dict[str, Callable[[Any], Any]] = {
    "hla": _paths,
    "codes": _path,
    "allele_list": _path,
    "build": as_build,
    "panel": _path,
    "weight_type": as_weight_type,
    "reading": lambda value: value or Reading(),
    "haplotype_calls": _calling,
    "incidence": _path,
    "family": _path,
    "prevalence": _prevalence,
}


def _recorded(value: Any) -> Any:
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value) if isinstance(value, StrEnum) else value
