"""The schema of model.yaml: any other key is an error; the JSON Schema is made of it."""

from __future__ import annotations

import math
import re
import sys
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.json import schema_components

from riskscore.genetics.sex import Sex
from riskscore.models.model import Excess, MissingPolicy
from riskscore.models.strict_yaml import Document
from riskscore.models.terms import CODINGS, Z95, Status


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all parts of the file: unknown keys are refused."""


_MOST = sys.float_info.max
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\t\r\n]+(?!\n)$")]
Text = Annotated[str, Meta(max_length=1000)]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*(?!\n)$", max_length=80)]
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.\-]+(?!\n)$")]
Share = Annotated[float, Meta(ge=0, le=1)]
Age = Annotated[float, Meta(ge=0, le=120)]
Positive = Annotated[float, Meta(gt=0, le=_MOST)]
Finite = Annotated[float, Meta(ge=-_MOST, le=_MOST)]
Copies = Annotated[int, Meta(ge=0, le=2)]
Dosage = Annotated[float, Meta(ge=0, le=2)]
Pair = tuple[Finite, Finite]
Population = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$")]


class Effect(Strict, frozen=True, kw_only=True):
    """An odds ratio with its 95% interval, and where it was published."""

    odds_ratio: Positive = 1.0
    ci: Pair | None = None

    def __post_init__(self) -> None:
        # Published intervals are rounded, so the estimate may touch a limit.
        if self.ci and not self.ci[0] <= self.odds_ratio <= self.ci[1]:
            raise ValueError(f"ci {list(self.ci)} does not hold the odds ratio {self.odds_ratio}")

    @property
    def weight(self) -> float:
        return math.log(self.odds_ratio)

    @property
    def standard_error(self) -> float | None:
        """From the width of the interval on the log scale: ln(high/low) / (2 x 1.96)."""
        return math.log(self.ci[1] / self.ci[0]) / (2 * Z95) if self.ci else None


class DiseaseSchema(Strict, frozen=True, kw_only=True):
    name: Name
    mondo: Annotated[str, Meta(pattern=r"^MONDO:\d{7}(?!\n)$")]
    efo: str = ""
    icd10: str = ""


class PublishedScoreSchema(Strict, frozen=True, kw_only=True):
    name: Name
    minimum_coverage: Share = 1.0


class GroupSchema(Strict, frozen=True, kw_only=True):
    """A set of alleles of one gene that are counted together."""

    id: Identifier
    label: str = ""
    gene: Identifier
    alleles: list[Name]
    source: Name
    status: Status


class MarkerSchema(Strict, frozen=True, kw_only=True):
    """A SNP of the weights that marks HLA alleles: chromosomes with ``present`` carry one."""

    variant: Name
    hla: Name
    present: Annotated[str, Meta(pattern=r"^[ACGT]+(?!\n)$")]
    source: Name
    status: Status


class LevelSchema(Effect, frozen=True, kw_only=True):
    value: Name
    label: str = ""
    aliases: list[str] = []
    frequency: Share
    note: str = ""


class OnlyIfSchema(Strict, frozen=True, kw_only=True):
    exposure: Identifier
    level: Name


class ExposureSchema(Effect, frozen=True, kw_only=True):
    id: Identifier
    label: Name
    description: str = ""
    ontology: str = ""
    kind: Literal["binary", "ordinal", "dose"]
    levels: list[LevelSchema] = []
    unit: str = ""
    other_units: dict[str, Positive] = {}
    range: Pair | None = None
    per: Positive = 1.0
    mean: Finite = 0.0
    sd: Positive | None = None
    sex: Sex | None = None
    only_if: OnlyIfSchema | None = None
    weighted: bool = True
    reason: str = ""
    source: Name
    status: Status
    frequency_source: Name
    frequency_status: Status

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "dose":
            if self.levels or not self.unit or not self.range or not self.sd:
                raise ValueError("a dose needs unit, range, mean and sd, and no levels")
        elif len(self.levels) < 2 or (self.kind == "binary" and len(self.levels) != 2):
            raise ValueError(f"{self.kind} needs its levels, the reference level first")
        elif abs(sum(level.frequency for level in self.levels) - 1) > 1e-9:
            raise ValueError("the frequencies of the levels must sum to 1")


class PartSchema(Strict, frozen=True, kw_only=True):
    """One factor of an interaction: an exposure's level, a counted group, or an HLA allele."""

    exposure: Identifier | None = None
    level: str = ""
    group: Identifier | None = None
    copies: Copies | None = None
    hla: Name | None = None
    coding: str = ""

    def __post_init__(self) -> None:
        if sum(x is not None for x in (self.exposure, self.group, self.hla)) != 1:
            raise ValueError("a part names one of: exposure, group, hla")
        if self.hla and self.coding not in CODINGS:
            raise ValueError(f"coding must be one of: {', '.join(CODINGS)}")
        if self.group and self.copies is None:
            raise ValueError("a group needs copies: 0, 1 or 2")


class InteractionSchema(Effect, frozen=True, kw_only=True):
    id: Identifier
    label: str = ""
    parts: Annotated[list[PartSchema], Meta(min_length=1, max_length=4)]
    only_known: Identifier | None = None
    scale: str = ""
    source: Name
    status: Status
    note: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.parts) < 2 and self.only_known is None:
            raise ValueError("parts needs two at least, or only_known an exposure")


class PrevalenceSchema(Strict, frozen=True, kw_only=True):
    sex: Sex
    value: Annotated[float, Meta(gt=0, lt=1)]
    ci: Pair | None = None
    population: Population | None = None
    horizon: str = ""
    source: Name
    status: Status

    def __post_init__(self) -> None:
        if self.ci and not 0 < self.ci[0] <= self.value <= self.ci[1] < 1:
            raise ValueError(f"ci {list(self.ci)} does not hold the value {self.value}")


class IncidenceSchema(Strict, frozen=True, kw_only=True):
    """The tables that give the risk by age, and the ages of the model's own horizon."""

    table: Identifier
    mortality: Identifier
    from_age: Age = 0.0
    to_age: Annotated[float, Meta(gt=0, le=120)]
    factor: Positive = 1.0
    source: str = ""
    status: Status = Status.FOUND

    def __post_init__(self) -> None:
        if self.from_age >= self.to_age:
            raise ValueError("from_age must be below to_age")
        if self.factor != 1 and not self.source:
            raise ValueError("a factor needs a source")


class HeritabilitySchema(Strict, frozen=True, kw_only=True):
    """Additive heritability of the liability, for family histories."""

    value: Share
    source: Name
    status: Status
    fathers: Annotated[float, Meta(gt=0, lt=2)] = 1.0


class BaselineSchema(Strict, frozen=True, kw_only=True):
    horizon: Name
    prevalence: Annotated[list[PrevalenceSchema], Meta(min_length=1)]
    incidence: IncidenceSchema | None = None
    heritability: HeritabilitySchema | None = None


class CitationSchema(Strict, frozen=True, kw_only=True):
    key: Identifier
    text: Name
    doi: str = ""
    pmid: str = ""


class PerformanceSchema(Strict, frozen=True, kw_only=True):
    measure: Name
    value: Name
    source: Name
    status: Status


class ReportingSchema(Strict, frozen=True, kw_only=True):
    """Items of PRS-RS and TRIPOD+AI that no other key has; empty where not known."""

    study_design: Text = ""
    participants: Text = ""
    genetic_data: Text = ""
    non_genetic_variables: Text = ""
    missing_data: Text = ""
    construction: Text = ""
    model_type: Text = ""
    model_fit: Text = ""
    distribution: Text = ""
    calibration: Text = ""
    subgroups: Text = ""
    generalisability: Text = ""
    availability: Text = ""
    funding: Text = ""


class GivenSchema(Strict, frozen=True, kw_only=True):
    sex: Sex | None = None
    hla: dict[str, str] = {}
    variants: dict[str, Dosage] = {}
    exposures: dict[str, str] = {}
    from_age: Age | None = None
    to_age: Age | None = None


class ExpectSchema(Strict, frozen=True, kw_only=True):
    average_risk: Share | None = None
    probability: Share | None = None
    published_score: Finite | None = None
    terms: dict[str, Finite] = {}
    sum: Finite | None = None


class ExampleSchema(Strict, frozen=True, kw_only=True):
    name: Name
    given: GivenSchema
    expect: ExpectSchema
    working: str


class BesideSchema(Strict, frozen=True, kw_only=True):
    """A model in the folder next to this one, whose risk is shown beside the score."""

    model: Identifier
    reason: Name


class TypedAloneSchema(Strict, frozen=True, kw_only=True):
    """The model to use where HLA is typed and the component's SNPs are not."""

    model: Identifier
    component: Name


class ModelSchema(Strict, frozen=True, kw_only=True):
    """model.yaml as a whole."""

    id: Identifier
    name: Name
    version: Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+(?!\n)$")]
    edition: Name
    disease: DiseaseSchema
    outcome: Name
    ancestry: Name
    weights: FileName
    haplotypes: FileName | None = None
    excess_haplotypes: Excess = Excess.RANK
    missing: MissingPolicy = MissingPolicy.POPULATION_MEAN
    published_score: PublishedScoreSchema | None = None
    beside: BesideSchema | None = None
    typed_alone: TypedAloneSchema | None = None
    markers: list[MarkerSchema] = []
    groups: list[GroupSchema] = []
    exposures: list[ExposureSchema] = []
    interactions: list[InteractionSchema] = []
    baseline: BaselineSchema | None = None
    reference_populations: list[Population]
    stand_in_population: Population | None = None
    performance: list[PerformanceSchema] = []
    citations: list[CitationSchema]
    intended_use: str
    not_for: list[str]
    limits: list[str]
    reporting: ReportingSchema = ReportingSchema()
    examples: list[ExampleSchema] = []


def validate(document: Document) -> ModelSchema:
    """The document as a typed model file; raises ModelFormatError naming file, line and key."""
    try:
        return convert(document.content, ModelSchema, strict=False)  # from text to numbers
    except ValidationError as error:
        path, message = _place_and_words(str(error))
        key = ".".join(map(str, path)) or "the file"
        raise document.error(f"{key}: {message}", path) from error


_NO_KEY = re.compile("Object contains unknown field `(.*)`")
_LACKING = re.compile("Object missing required field `(.*)`")
_ENUM = re.compile("Invalid enum value (.*)")
_KINDS = {
    "float": "a number", "int": "a whole number", "bool": "true or false", "str": "text",
    "array": "a list", "object": "keys with values",
}  # fmt: skip


def _place_and_words(message: str) -> tuple[tuple[str | int, ...], str]:
    """The place that an error of msgspec names, and its message in the words of a model file."""
    what, _, place = message.rpartition(" - at `$") if message.endswith("`") else (message, "", "")
    if not what:  # the place is the whole file
        what, place = message, ""
    words = re.findall(r"[^.\[\]`]+", place)
    path: tuple[str | int, ...] = tuple(int(w) if w.isdecimal() else w for w in words)
    if named := _NO_KEY.fullmatch(what):
        return (*path, named[1]), "no such key"
    if named := _LACKING.fullmatch(what):
        return (*path, named[1]), "this key is needed"
    if named := _ENUM.fullmatch(what):
        return path, f"{named[1]} is not one of: {', '.join(_choices(path))}"
    what = re.sub(r", got `\w+`$", "", what[0].lower() + what[1:])
    what = re.sub(rf" [<>]= -?{re.escape(str(_MOST))}", " that is finite", what)
    return path, re.sub(r"`(\w+)(?: \| null)?`", lambda kind: _KINDS.get(kind[1], kind[1]), what)


def _choices(path: tuple[str | int, ...]) -> list[str]:
    """The values that a key may have."""
    whole = json_schema()

    def found(part: dict[str, Any]) -> dict[str, Any]:
        part = next((one for one in part.get("anyOf", ()) if "$ref" in one), part)
        name = part.get("$ref", "").rpartition("/")[2]
        return dict(whole["$defs"][name]) if name else part

    part = whole
    for key in path:
        part = found(part["items"] if isinstance(key, int) else part["properties"][key])
    return list(part["enum"])


def json_schema() -> dict[str, Any]:
    """The JSON Schema of model.yaml, for editors.

    >>> json_schema()["title"]
    'riskscore model.yaml'
    """
    _, parts = schema_components([ModelSchema], ref_template="#/$defs/{name}")
    whole = parts.pop("ModelSchema")
    return {**whole, "$defs": parts, "title": "riskscore model.yaml"}
