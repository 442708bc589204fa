"""The schema of model.yaml. What is not named here is an error; JSON Schema comes from it."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from riskscore.models.model import Excess, MissingPolicy, Sex
from riskscore.models.strict_yaml import Document
from riskscore.models.terms import CODINGS, Status

Z95 = 1.959963984540054  # the 97.5% point of the normal distribution


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\t\r\n]+$")]
Text = Annotated[str, Field(max_length=1000)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=80)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, lt=math.inf)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Pair = Annotated[tuple[float, float], BeforeValidator(tuple)]
Population = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Effect(Strict):
    """An odds ratio with its 95% interval, and where it was published."""

    odds_ratio: Positive = 1.0
    ci: Pair | None = None

    @model_validator(mode="after")
    def _interval_holds_estimate(self) -> Self:
        # Published intervals are rounded, so the estimate may touch a limit.
        if self.ci and not self.ci[0] <= self.odds_ratio <= self.ci[1]:
            raise ValueError(f"ci {list(self.ci)} does not hold the odds ratio {self.odds_ratio}")
        return self

    @property
    def weight(self) -> float:
        return math.log(self.odds_ratio)

    @property
    def standard_error(self) -> float | None:
        """From the width of the interval on the log scale: ln(high/low) / (2 x 1.96)."""
        return math.log(self.ci[1] / self.ci[0]) / (2 * Z95) if self.ci else None


class DiseaseSchema(Strict):
    name: Name
    mondo: Annotated[str, Field(pattern=r"^MONDO:\d{7}$")]
    efo: str = ""
    icd10: str = ""


class PublishedScoreSchema(Strict):
    name: Name
    minimum_coverage: Share = 1.0


class GroupSchema(Strict):
    """A set of alleles of one gene that are counted together."""

    id: Identifier
    label: str = ""
    gene: Identifier
    alleles: list[Name]
    source: Name
    status: Status


class LevelSchema(Effect):
    value: Name
    label: str = ""
    aliases: list[str] = []
    frequency: Share
    note: str = ""


class OnlyIfSchema(Strict):
    exposure: Identifier
    level: Name


class ExposureSchema(Effect):
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
    one_of: str = ""
    weighted: bool = True
    reason: str = ""
    source: Name
    status: Status
    frequency_source: Name
    frequency_status: Status

    @model_validator(mode="after")
    def _levels_or_dose(self) -> Self:
        if self.kind == "dose":
            if self.levels or not self.unit or not self.range or not self.sd:
                raise ValueError("a dose needs unit, range, mean and sd, and no levels")
        elif len(self.levels) < 2 or (self.kind == "binary" and len(self.levels) != 2):
            raise ValueError(f"{self.kind} needs its levels, the reference level first")
        elif abs(sum(level.frequency for level in self.levels) - 1) > 1e-9:
            raise ValueError("the frequencies of the levels must sum to 1")
        return self


class PartSchema(Strict):
    """One factor of an interaction: an exposure's level, a counted group, or an HLA allele."""

    exposure: Identifier | None = None
    level: str = ""
    group: Identifier | None = None
    copies: Annotated[int, Field(ge=0, le=2)] | None = None
    hla: Name | None = None
    coding: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(x is not None for x in (self.exposure, self.group, self.hla)) != 1:
            raise ValueError("a part names one of: exposure, group, hla")
        if self.hla and self.coding not in CODINGS:
            raise ValueError(f"coding must be one of: {', '.join(CODINGS)}")
        if self.group and self.copies is None:
            raise ValueError("a group needs copies: 0, 1 or 2")
        return self


class InteractionSchema(Effect):
    id: Identifier
    label: str = ""
    parts: Annotated[list[PartSchema], Field(min_length=2, max_length=4)]
    scale: str = ""
    source: Name
    status: Status
    note: str = ""


class PrevalenceSchema(Strict):
    sex: Sex
    value: Annotated[float, Field(gt=0, lt=1)]
    ci: Pair | None = None
    population: Population | None = None
    horizon: str = ""
    source: Name
    status: Status

    @model_validator(mode="after")
    def _interval_holds_value(self) -> Self:
        if self.ci and not 0 < self.ci[0] <= self.value <= self.ci[1] < 1:
            raise ValueError(f"ci {list(self.ci)} does not hold the value {self.value}")
        return self


class BaselineSchema(Strict):
    horizon: Name
    prevalence: Annotated[list[PrevalenceSchema], Field(min_length=1)]


class CitationSchema(Strict):
    key: Identifier
    text: Name
    doi: str = ""
    pmid: str = ""


class PerformanceSchema(Strict):
    measure: Name
    value: Name
    source: Name
    status: Status


class ReportingSchema(Strict):
    """What PRS-RS and TRIPOD+AI ask for and no other key says; empty where not known."""

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


class GivenSchema(Strict):
    sex: Sex | None = None
    hla: dict[str, str] = {}
    variants: dict[str, Annotated[float, Field(ge=0, le=2)]] = {}
    exposures: dict[str, str] = {}


class ExpectSchema(Strict):
    published_score: Finite | None = None
    terms: dict[str, Finite] = {}
    sum: Finite | None = None


class ExampleSchema(Strict):
    name: Name
    given: GivenSchema
    expect: ExpectSchema
    working: str


class ModelSchema(Strict):
    """model.yaml as a whole."""

    id: Identifier
    name: Name
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    edition: Name
    disease: DiseaseSchema
    outcome: Name
    ancestry: Name
    weights: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$")]
    haplotypes: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$")] | None = None
    excess_haplotypes: Excess = Excess.RANK
    missing: MissingPolicy = MissingPolicy.POPULATION_MEAN
    published_score: PublishedScoreSchema | None = None
    groups: list[GroupSchema] = []
    exposures: list[ExposureSchema] = []
    interactions: list[InteractionSchema] = []
    baseline: BaselineSchema | None = None
    reference_populations: list[Population]
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
        return ModelSchema.model_validate(document.content)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(first["loc"])
        key = ".".join(str(part) for part in path) or "the file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        message = str(first["msg"]).removeprefix("Value error, ")
        raise document.error(f"{key}: {message}{more}", path) from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of model.yaml, for editors.

    >>> json_schema()["title"]
    'riskscore model.yaml'
    """
    schema = ModelSchema.model_json_schema()
    return {**schema, "title": "riskscore model.yaml"}
