"""A model folder (model.yaml, weights.tsv, haplotypes.tsv) read into a RiskModel."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from msgspec.structs import asdict

from riskscore.errors import HLAFormatError, ModelError, ModelFormatError
from riskscore.files.inputs import reference_root, require_file, sha256
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.folders.schema import (
    ExposureSchema,
    InteractionSchema,
    MarkerSchema,
    ModelSchema,
    PartSchema,
    validate,
)
from riskscore.models.model import (
    BaselineRates,
    BaselineRisk,
    Beside,
    Card,
    Citation,
    Example,
    Excess,
    Exposure,
    HaplotypeScheme,
    Heritability,
    Level,
    Marker,
    NamedHaplotype,
    RiskModel,
    TypedAlone,
)
from riskscore.models.reference.incidence import incidence_table, mortality_table
from riskscore.models.scoring_files.factors import parse_alleles
from riskscore.models.scoring_files.rows import Row, read_rows_of
from riskscore.models.scoring_files.weights import Weights, read_weights
from riskscore.models.strict_yaml import Document, read_yaml
from riskscore.models.terms import (
    ADDITIVE,
    CODINGS,
    COPIES,
    ExposureFactor,
    Factor,
    HLAAlleleFactor,
    Status,
    Term,
    VariantFactor,
    factors_of,
)

HAPLOTYPE_COLUMNS = (
    "name", "code", "rank", "tag_rsid", "chr_name", "position_grch38", "position_grch37",
    "tag_allele", "other_allele", "reference_allele", "tag_frequency_EUR", "source", "status",
)  # fmt: skip


def read_folder(folder: Path) -> RiskModel:
    """Read and check a model folder; raises ModelFormatError naming file and line."""
    path = require_file(folder / "model.yaml", "model.yaml in the model's folder")
    document = read_yaml(path)
    schema = validate(document)
    weights, scheme, tables = _read_tables(folder, schema)
    terms = (
        *weights.terms,
        *(term for e in schema.exposures for term in _exposure_terms(e)),
        *(_interaction(i, schema, document, n) for n, i in enumerate(schema.interactions)),
    )
    _check_frequencies(terms, schema, tables[0])
    markers = tuple(_marker(m, terms, document, n) for n, m in enumerate(schema.markers))
    digest = hashlib.sha256("".join(map(sha256, (path, *tables))).encode()).hexdigest()
    published = schema.published_score
    model = RiskModel(
        id=schema.id,
        name=schema.name,
        version=schema.version,
        edition=schema.edition,
        terms=terms,
        card=_card(schema),
        horizon=schema.baseline.horizon if schema.baseline else "",
        baseline=_baseline_risks(schema),
        rates=_rates(schema, document),
        heritability=_heritability(schema),
        exposures=tuple(_exposure(e) for e in schema.exposures),
        scheme=scheme,
        markers=markers,
        missing=schema.missing,
        published_score=published.name if published else "",
        published_minimum_coverage=published.minimum_coverage if published else 1.0,
        reference_populations=tuple(schema.reference_populations),
        stand_in_population=schema.stand_in_population or "",
        examples=tuple(
            Example(e.name, asdict(e.given), asdict(e.expect), e.working) for e in schema.examples
        ),
        typed_alone=_typed_alone(schema, terms, folder, document),
        checksum=digest,
    )
    return replace(model, beside=_beside(model, schema, folder, document))


def _read_tables(
    folder: Path, schema: ModelSchema
) -> tuple[Weights, HaplotypeScheme | None, list[Path]]:
    """The weights and the haplotype scheme, and the files that they were read from."""
    path = require_file(folder / schema.weights, "weights file")
    weights = read_weights(path)
    if schema.haplotypes:
        haplotypes = require_file(folder / schema.haplotypes, "haplotypes file")
        scheme = _scheme(haplotypes, weights, schema.excess_haplotypes)
        return weights, scheme, [path, haplotypes]
    if weights.haplotypes:
        raise ModelFormatError("haplotype rows need a haplotypes file", where="model.yaml")
    return weights, None, [path]


def _baseline_risks(schema: ModelSchema) -> tuple[BaselineRisk, ...]:
    given = schema.baseline.prevalence if schema.baseline else []
    return tuple(
        BaselineRisk(p.sex, p.value, p.source, p.status, p.ci, p.population or "", p.horizon)
        for p in given
    )


def _beside(
    model: RiskModel, schema: ModelSchema, folder: Path, document: Document
) -> Beside | None:
    """The model shown beside this one; it may need no locus or exposure that this one lacks."""
    given = schema.beside
    if given is None:
        return None
    if given.model == model.id or not (folder.parent / given.model / "model.yaml").is_file():
        raise document.error(f"no other model {given.model!r} is beside this one", ("beside",))
    other = read_folder(folder.parent / given.model)
    named = {exposure.id for exposure in model.exposures}
    lacking = [
        *(variant.name for variant in other.variants if variant not in model.variants),
        *(f"HLA-{gene}" for gene in other.genes if gene not in model.genes),
        *(exposure.id for exposure in other.exposures if exposure.id not in named),
    ]
    if lacking:
        raise document.error(f"{other.id} needs {lacking[0]}, which this one does not", ("beside",))
    return Beside(other, given.reason)


def _typed_alone(
    schema: ModelSchema, terms: tuple[Term, ...], folder: Path, document: Document
) -> TypedAlone | None:
    """The model to use for typed HLA alone: in a folder next to this one, or shipped."""
    given = schema.typed_alone
    if given is None:
        return None
    places = (folder.parent, reference_root() / "models")
    there = any((place / given.model / "model.yaml").is_file() for place in places)
    if given.model == schema.id or not there:
        raise document.error(
            f"no other model {given.model!r} is shipped or beside this one", ("typed_alone",)
        )
    if given.component not in {term.component for term in terms}:
        raise document.error(f"no term is of component {given.component!r}", ("typed_alone",))
    return TypedAlone(given.model, given.component)


def _rates(schema: ModelSchema, document: Document) -> BaselineRates | None:
    """The tables by age that the baseline names; they must be shipped, and cover the horizon."""
    given = schema.baseline.incidence if schema.baseline else None
    if given is None:
        return None
    path = ("baseline", "incidence")
    try:
        first, last = incidence_table(given.table).ages
        mortality_table(given.mortality)
    except ModelError as error:
        raise document.error(f"{error.what}; {error.fix}", path) from error
    if not first <= given.from_age < given.to_age <= last:
        raise document.error(f"{given.table} holds ages {first:g} to {last:g} only", path)
    return BaselineRates(
        given.table,
        given.mortality,
        given.from_age,
        given.to_age,
        given.factor,
        given.source,
        given.status,
    )


def _heritability(schema: ModelSchema) -> Heritability | None:
    given = schema.baseline.heritability if schema.baseline else None
    return Heritability(given.value, given.source, given.status, given.fathers) if given else None


def _card(schema: ModelSchema) -> Card:
    return Card(
        disease=asdict(schema.disease),
        outcome=schema.outcome,
        ancestry=schema.ancestry,
        intended_use=schema.intended_use.strip(),
        not_for=tuple(schema.not_for),
        limits=tuple(schema.limits),
        performance=tuple(asdict(p) for p in schema.performance),
        citations=tuple(Citation(c.key, c.text, c.doi, c.pmid) for c in schema.citations),
        reporting=asdict(schema.reporting),
    )


def _scheme(path: Path, weights: Weights, excess: Excess) -> HaplotypeScheme:
    """The haplotype classes of the weights file, each with its tag and rank."""
    haplotypes: list[NamedHaplotype] = []
    for row in read_rows_of(path, HAPLOTYPE_COLUMNS):
        name, rank = row["name"], row.position("rank")
        if name not in weights.haplotypes:
            raise row.error(f"{name!r} is not in the weights")
        if rank is None or any(rank == h.rank or name == h.name for h in haplotypes):
            raise row.error(f"{name} needs a rank of its own, and one row")
        if row["status"] not in {"", *Status}:
            raise row.error(f"status is {row['status']!r}; write found, derived or recalled")
        haplotypes.append(
            NamedHaplotype(
                name=name,
                alleles=weights.haplotypes[name],
                tag=_tag(row),
                rank=rank,
                frequency=weights.haplotype_frequency[name],
                source=row["source"],
                status=row["status"],
            )
        )
    missing = set(weights.haplotypes) - {haplotype.name for haplotype in haplotypes}
    if missing:
        raise ModelFormatError(f"no tag for {sorted(missing)[0]}", where=path.name)
    if len({frozenset(haplotype.alleles) for haplotype in haplotypes}) > 1:
        raise ModelFormatError("the haplotypes span different genes", where=path.name)
    return HaplotypeScheme(tuple(sorted(haplotypes, key=lambda h: h.rank)), excess)


def _tag(row: Row) -> Variant | None:
    """The tag SNP of a haplotype; None for one that is called from typed alleles only."""
    if not row["tag_rsid"]:
        return None
    letters = (row["tag_allele"], row["other_allele"])
    if not all(a and set(a) <= set("ACGT") for a in letters) or letters[0] == letters[1]:
        raise row.error(f"the alleles {letters[0]!r} and {letters[1]!r} are not two sequences")
    places = (row.position("position_grch38"), row.position("position_grch37"))
    if not any(places):
        raise row.error("a tag needs a position")
    return Variant(
        row["tag_rsid"], chromosome(row["chr_name"]), *places, *letters, row["reference_allele"]
    )


def _exposure(schema: ExposureSchema) -> Exposure:
    return Exposure(
        id=schema.id,
        label=schema.label,
        levels=tuple(Level(v.value, tuple(v.aliases), v.frequency) for v in schema.levels),
        unit=schema.unit,
        other_units=schema.other_units,
        range=schema.range or (0.0, 0.0),
        per=schema.per,
        mean=schema.mean,
        sd=schema.sd or 0.0,
        sex=schema.sex,
        only_if=(schema.only_if.exposure, schema.only_if.level) if schema.only_if else None,
        weighted=schema.weighted,
        description=schema.description or schema.reason,
        source=schema.source,
        status=schema.status,
        frequency_source=schema.frequency_source,
        frequency_status=schema.frequency_status,
    )


def _exposure_terms(exposure: ExposureSchema) -> list[Term]:
    """One term for each level but the reference, or one for the dose; none without a weight."""
    if not exposure.weighted:
        return []
    condition: tuple[Factor, ...] = ()
    if exposure.only_if:
        condition = (ExposureFactor(exposure.only_if.exposure, exposure.only_if.level),)
    effects = [(ExposureFactor(exposure.id), exposure.weight, exposure.standard_error)]
    if exposure.levels:
        effects = [
            (ExposureFactor(exposure.id, level.value), level.weight, level.standard_error)
            for level in exposure.levels[1:]
            if level.odds_ratio != 1  # a level that acts only in interactions has no term
        ]
    return [
        Term(
            id=str(factor),
            factors=(factor, *condition),
            weight=weight,
            component="Exposures",
            source=exposure.source,
            status=exposure.status,
            standard_error=error,
            label=exposure.label,
        )
        for factor, weight, error in effects
    ]


def _interaction(
    schema: InteractionSchema, model: ModelSchema, document: Document, number: int
) -> Term:
    factors = tuple(
        _part(part, model, document, ("interactions", number, "parts", n))
        for n, part in enumerate(schema.parts)
    )
    if schema.only_known and schema.only_known not in {e.id for e in model.exposures}:
        raise document.error(f"no exposure {schema.only_known!r}", ("interactions", number))
    return Term(
        id=schema.id,
        factors=factors,
        weight=schema.weight,
        component="Gene-environment" if len(factors) > 1 else "Exposures",
        source=schema.source,
        status=schema.status,
        standard_error=schema.standard_error,
        label=schema.label,
        only_known=schema.only_known or "",
    )


def _part(
    part: PartSchema, model: ModelSchema, document: Document, path: tuple[str | int, ...]
) -> Factor:
    if part.exposure is not None:
        exposure = next((e for e in model.exposures if e.id == part.exposure), None)
        if exposure is None:
            raise document.error(f"no exposure {part.exposure!r}", path)
        if exposure.levels and part.level not in {level.value for level in exposure.levels}:
            raise document.error(f"{part.exposure} has no level {part.level!r}", path)
        return ExposureFactor(part.exposure, part.level)
    try:
        if part.hla is not None:
            return parse_alleles(part.hla, CODINGS[part.coding])
        group = next((g for g in model.groups if g.id == part.group), None)
        if group is None:
            raise document.error(f"no group {part.group!r}", path)
        alleles = tuple(HLAAllele.parse(name) for name in group.alleles)
        return HLAAlleleFactor(group.gene, alleles, COPIES[part.copies or 0], group.id)
    except HLAFormatError as error:
        raise document.error(error.what, path) from error


def _marker(
    schema: MarkerSchema, terms: tuple[Term, ...], document: Document, number: int
) -> Marker:
    """A marker; its SNP must be in the weights, and have the allele named."""
    path: tuple[str | int, ...] = ("markers", number)
    read = [factor.variant for factor in factors_of(terms, VariantFactor)]
    variant = next((v for v in read if v.name == schema.variant), None)
    if variant is None:
        raise document.error(f"{schema.variant} is not in the weights", path)
    if schema.present not in {variant.effect_allele, variant.other_allele}:
        raise document.error(f"{schema.variant} has no allele {schema.present}", path)
    try:
        counted = parse_alleles(schema.hla, ADDITIVE)
    except HLAFormatError as error:
        raise document.error(error.what, path) from error
    return Marker(
        schema.variant, counted.gene, counted.alleles, schema.present, schema.source, schema.status
    )


def _check_frequencies(terms: tuple[Term, ...], schema: ModelSchema, path: Path) -> None:
    """Raise ModelFormatError where a reference population lacks the frequency of a variant."""
    for factor in factors_of(terms, VariantFactor):
        lacking = set(schema.reference_populations) - set(factor.frequency)
        if lacking and schema.stand_in_population not in factor.frequency:
            raise ModelFormatError(
                f"{factor} has no frequency for {sorted(lacking)[0]}, which "
                "reference_populations names",
                where=path.name,
            )
