"""A folder read into a model: where each word and number of its files goes, and what is refused.

What is expected is what the files say, by reference/models/README.md.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from riskscore.errors import ModelFormatError, RiskscoreError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.sex import Sex
from riskscore.genetics.variant import Variant
from riskscore.models.folders.folder import read_folder
from riskscore.models.model import Excess, Exposure, HaplotypeScheme, MissingPolicy, RiskModel
from riskscore.models.terms import ExposureFactor, HLAAlleleFactor, Part, Status, VariantFactor
from tests.models.conftest import HAPLOTYPES, WEIGHTS

MadeFolder = Callable[..., Path]
Content = dict[str, Any]


@pytest.fixture
def model(made_folder: MadeFolder) -> RiskModel:
    return read_folder(made_folder())


def test_rows_of_weights_are_genetic_terms(model: RiskModel) -> None:
    rows = [term for term in model.terms if term.part is Part.GENETIC]
    assert [(t.id, t.weight, t.component, t.standard_error) for t in rows] == [
        ("rs1", 0.25, "SNP", 0.125), ("rs2 (by dosage)", 1, "SNP", None),
        ("HLA-B*27:05", 1.5, "HLA", None), ("DR3", 1, "DRDQ", None), ("DR4", 2, "DRDQ", None),
        ("DR3+DR4", 4, "DRDQ", None),
    ]  # fmt: skip
    first, second = (term.factors[0] for term in rows[:2])
    assert isinstance(first, VariantFactor)
    assert first.variant == Variant("rs1", "1", 100, 90, "A", "G")
    assert first.frequency == {"EUR": 0.5, "AFR": 0.125}
    assert second.coding.values == (0, -0.5, 0.75)  # type: ignore[union-attr]


def test_levels_above_the_first_and_doses_are_terms(model: RiskModel) -> None:
    """A level with an odds ratio of 1 acts only with others, and one shown only has no term."""
    terms = {t.id: t for t in model.terms if t.part is Part.EXPOSURE}
    assert list(terms) == ["smoking=past", "packs", "only"]
    past, packs, only = terms.values()
    assert past.weight == pytest.approx(math.log(1.5))
    assert past.standard_error == pytest.approx(math.log(2.25) / (2 * 1.959963984540054))
    assert (past.label, past.source, past.status) == ("Smoking", "Paper 1", Status.FOUND)
    assert packs.factors == (ExposureFactor("packs"), ExposureFactor("smoking", "past"))
    assert packs.weight == pytest.approx(math.log(1.25))
    assert (packs.standard_error, packs.source, packs.status) == (None, "Paper 2", Status.DERIVED)
    assert only.factors == (ExposureFactor("births", "yes"),)
    assert (only.weight, only.only_known) == (pytest.approx(math.log(0.5)), "births")
    assert {term.component for term in terms.values()} == {"Exposures"}


def test_an_interaction_multiplies_its_parts(model: RiskModel) -> None:
    [both] = [term for term in model.terms if term.part is Part.INTERACTION]
    smoking, epitope, allele, packs = both.factors
    assert (smoking, packs) == (ExposureFactor("smoking", "now"), ExposureFactor("packs"))
    assert isinstance(epitope, HLAAlleleFactor)
    assert isinstance(allele, HLAAlleleFactor)
    assert (epitope.gene, [str(a) for a in epitope.alleles]) == (
        "DRB1",
        ["DRB1*04:01", "DRB1*01:01"],
    )
    assert (epitope.coding.values, str(epitope)) == ((0, 1, 0), "epitope")  # exactly one copy
    assert (str(allele), allele.coding.name) == ("HLA-A*02:01", "dominant")
    assert (both.id, both.label, both.component) == ("both", "Both", "Gene-environment")
    assert (both.weight, both.only_known) == (pytest.approx(math.log(2)), "")
    assert both.standard_error == pytest.approx(math.log(4) / (2 * 1.959963984540054))


@pytest.mark.parametrize(("copies", "values"), [(0, (1, 0, 0)), (1, (0, 1, 0)), (2, (0, 0, 1))])
def test_a_group_counts_exactly_so_many_copies(
    made_folder: MadeFolder, copies: int, values: tuple[float, ...]
) -> None:
    def change(content: Content) -> None:
        content["interactions"][0]["parts"][1]["copies"] = copies

    [both] = [t for t in read_folder(made_folder(change)).terms if t.id == "both"]
    assert both.factors[1].coding.values == values


def test_haplotypes_stand_by_rank_with_their_tags(model: RiskModel) -> None:
    scheme = model.scheme
    assert isinstance(scheme, HaplotypeScheme)
    assert (scheme.names, scheme.genes) == (("DR4", "DR3"), ("DRB1", "DQB1"))
    assert scheme.excess is Excess.HOMOZYGOTE_FIRST
    dr4, dr3 = scheme.haplotypes
    assert (dr4.rank, dr4.tag, dr4.frequency, dr4.source, dr4.status) == (
        1,
        None,
        {"AFR": 0.1},
        "",
        "",
    )
    assert dr3.tag == Variant("rs7", "6", 700, 690, "A", "C", "C")
    assert (dr3.rank, dr3.frequency) == (2, {"EUR": 0.2})
    assert (dr3.source, dr3.status) == ("Paper_7", "derived")
    assert dr3.alleles["DQB1"] == (HLAAllele.parse("DQB1*02:01"),)


def test_exposures(model: RiskModel) -> None:
    smoking, packs, births = model.exposures
    levels = [(level.value, level.aliases, level.frequency) for level in smoking.levels]
    assert levels == [("never", (), 0.5), ("past", ("former",), 0.25), ("now", (), 0.25)]
    assert packs == Exposure(
        "packs", "Packs a day", (), "packs", {"cigarettes": 0.05}, (0, 5), 2, 1, 0.5, None,
        ("smoking", "past"), True, "", "Paper 2", Status.DERIVED, "Survey", Status.RECALLED,
    )  # fmt: skip
    assert (births.sex, births.weighted, births.description) == (Sex.FEMALE, False, "not known")
    assert (births.only_if, births.range, births.sd) == (None, (0, 0), 0)
    assert [one.is_dose for one in model.exposures] == [False, True, False]


def test_baseline_and_the_rest(model: RiskModel) -> None:
    female, male = model.baseline
    assert (female.sex, female.value, female.ci, female.population) == (
        Sex.FEMALE, 0.02, (0.01, 0.03), "",
    )  # fmt: skip
    assert (male.value, male.ci, male.population, male.horizon) == (0.01, None, "AFR", "by age 20")
    assert (model.horizon, model.horizons) == ("lifetime", ("lifetime", "by age 20"))
    rates, own = model.rates, model.heritability
    assert rates is not None
    assert own is not None
    assert (rates.table, rates.mortality) == ("RA_OLMSTED_SEX", "US_SSA_2017")
    assert (rates.from_age, rates.to_age, rates.factor) == (18, 100, 1.5)
    assert (rates.source, rates.status) == ("Paper 5", Status.DERIVED)
    assert (own.value, own.fathers, own.source) == (0.5, 1.25, "Paper 1")
    assert model.missing is MissingPolicy.REFUSE
    assert (model.published_score, model.published_minimum_coverage) == ("GRS", 0.9)
    assert model.reference_populations == ("EUR", "AFR")
    assert model.stand_in_population == "EUR"
    assert model.typed_alone is not None
    assert (model.typed_alone.model, model.typed_alone.component) == ("t1d-hla", "HLA")
    [marker] = model.markers
    assert (marker.variant, marker.gene, marker.present, marker.source, marker.status) == (
        "rs2", "B", "T", "Paper 3", Status.DERIVED,
    )  # fmt: skip
    assert (model.id, model.version, model.edition) == ("small", "1.2.3", "Paper 1")
    assert model.card.intended_use == "Teaching."
    assert model.card.disease["icd10"] == "X1"
    [citation] = model.card.citations
    assert (citation.key, citation.doi, citation.pmid) == ("one", "10.1/x", "7")
    [example] = model.examples
    assert (example.name, example.given["hla"], example.expect["sum"]) == (
        "a case", {"B": "27:05 07:02"}, 0.5,
    )  # fmt: skip


def test_what_a_folder_may_leave_out(made_folder: MadeFolder) -> None:
    def change(content: Content) -> None:
        needed = {"id", "name", "version", "edition", "disease", "outcome", "ancestry", "weights",
                  "haplotypes", "citations", "intended_use", "not_for", "limits"}  # fmt: skip
        for key in set(content) - needed:
            del content[key]
        content["reference_populations"] = []

    model = read_folder(made_folder(change))
    assert (model.baseline, model.rates, model.heritability, model.horizon) == ((), None, None, "")
    assert (model.published_score, model.published_minimum_coverage) == ("", 1)
    assert (model.stand_in_population, model.typed_alone, model.beside) == ("", None, None)
    assert model.missing is MissingPolicy.POPULATION_MEAN
    assert model.scheme is not None
    assert model.scheme.excess is Excess.RANK


def test_the_checksum_is_of_all_three_files(made_folder: MadeFolder) -> None:
    folder = made_folder()
    names = ("model.yaml", "weights.tsv", "haplotypes.tsv")
    each = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    whole = hashlib.sha256("".join(each).encode()).hexdigest()
    assert read_folder(folder).checksum == whole


# What is refused ------------------------------------------------------------------------------


def put(*path: str | int, to: object) -> Callable[[Content], None]:
    """A change of one place of model.yaml; to None, its key is taken out."""

    def change(content: Content) -> None:
        part: Any = content
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = to
        if to is None:
            del part[path[-1]]

    return change


AGES = ("baseline", "incidence")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("haplotypes", to=None), "haplotype rows need a haplotypes file"),
        (put("haplotypes", to="other.tsv"), "haplotypes file"),
        (put("weights", to="other.tsv"), "weights file"),
        (put("typed_alone", "model", to="small"), "no other model 'small'"),
        (put("typed_alone", "model", to="nowhere"), "no other model 'nowhere'"),
        (put("typed_alone", "component", to="None"), "no term is of component 'None'"),
        (put("beside", to={"model": "small", "reason": "x"}), "no other model 'small' is beside"),
        (put("beside", to={"model": "t1d", "reason": "x"}), "no other model 't1d' is beside"),
        (put(*AGES, "table", to="X"), "no table of incidence is called 'X'; choose from: "),
        (put(*AGES, "mortality", to="X"), "no table of mortality is called 'X'"),
        (put(*AGES, "from_age", to=17.5), "RA_OLMSTED_SEX holds ages 18 to 100 only"),
        (put(*AGES, "to_age", to=100.5), "RA_OLMSTED_SEX holds ages 18 to 100 only"),
        (put("interactions", 1, "only_known", to="x"), "no exposure 'x'"),
        (put("interactions", 0, "parts", 0, "exposure", to="x"), "no exposure 'x'"),
        (put("interactions", 0, "parts", 0, "level", to="x"), "smoking has no level 'x'"),
        (put("interactions", 0, "parts", 1, "group", to="x"), "no group 'x'"),
        (put("interactions", 0, "parts", 2, "hla", to="A*x"), "A\\*x"),
        (put("groups", 0, "alleles", to=["DRB1*xx"]), r"DRB1\*xx"),
        (put("markers", 0, "variant", to="rs9"), "rs9 is not in the weights"),
        (put("markers", 0, "present", to="A"), "rs2 has no allele A"),
        (put("markers", 0, "hla", to="HLA-B*xx"), r"B\*xx"),
        (put("stand_in_population", to="AFR"), "rs2 has no frequency for AFR, which"),
        (put("stand_in_population", to=None), "rs2 has no frequency for AFR, which"),
    ],
)
def test_what_model_yaml_may_not_say(
    made_folder: MadeFolder, change: Callable[[Content], None], told: str
) -> None:
    with pytest.raises(RiskscoreError, match=told):
        read_folder(made_folder(change))


@pytest.mark.parametrize(
    ("path", "value"),
    [((*AGES, "from_age"), 18), ((*AGES, "to_age"), 100), (("markers", 0, "present"), "C"),
     (("reference_populations",), ["EUR"])],
)  # fmt: skip
def test_what_it_may_just_say(
    made_folder: MadeFolder, path: tuple[str, ...], value: object
) -> None:
    assert read_folder(made_folder(put(*path, to=value))).terms


def test_errors_have_the_line(made_folder: MadeFolder) -> None:
    folder = made_folder(put("interactions", 0, "parts", 1, "group", to="x"))
    lines = (folder / "model.yaml").read_text().splitlines()
    line = next(k for k, text in enumerate(lines, 1) if '"group": "x"' in text)
    with pytest.raises(ModelFormatError, match=rf"model.yaml, line {line - 1}\b"):
        read_folder(folder)  # of the part, which begins a line above


ROW = "DR3 a 2 rs7 chr6 700 690 A C C _ Paper_7 derived"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ROW.replace("DR3", "DR9"), "'DR9' is not in the weights"),
        (ROW.replace("DR3", "DR4"), "DR4 needs a rank of its own, and one row"),
        (ROW.replace(" 2 ", " 1 "), "DR3 needs a rank of its own, and one row"),
        (ROW.replace(" 2 ", " _ "), "DR3 needs a rank of its own, and one row"),
        (ROW.replace("derived", "guessed"), "status is 'guessed'; write found"),
        (ROW.replace("A C C", "A A C"), "the alleles 'A' and 'A' are not two sequences"),
        (ROW.replace("A C C", "A _ C"), "the alleles 'A' and '' are not two sequences"),
        (ROW.replace("A C C", "R C C"), "the alleles 'R' and 'C' are not two sequences"),
        (ROW.replace("700 690", "_ _"), "a tag needs a position"),
        (ROW.replace("700 690", "x _"), "position_grch38 is 'x'"),
        ("", "no tag for DR3"),
    ],
)
def test_what_the_table_of_haplotypes_may_not_say(
    made_folder: MadeFolder, row: str, told: str
) -> None:
    header = "name code rank tag_rsid chr_name position_grch38 position_grch37 tag_allele "
    header += "other_allele reference_allele tag_frequency_EUR source status"
    lines = [header, "DR4 b 1 _ _ _ _ _ _ _ _ _ _", *([row] if row else [])]
    with pytest.raises(ModelFormatError, match=told) as error:
        read_folder(made_folder(haplotypes="\n".join(lines) + "\n"))
    assert "haplotypes.tsv, line 3" in str(error.value) or not row


@pytest.mark.parametrize(
    ("places", "tag"), [("700 _", (700, None)), ("_ 690", (None, 690)), ("700 690", (700, 690))]
)
def test_a_tag_with_a_place_in_one_build(
    made_folder: MadeFolder, places: str, tag: tuple[int | None, int | None]
) -> None:
    folder = made_folder(haplotypes=HAPLOTYPES.replace("700 690", places))
    scheme = read_folder(folder).scheme
    assert scheme is not None
    found = scheme.haplotypes[1].tag
    assert found is not None
    assert (found.position_grch38, found.position_grch37) == tag


def test_a_tag_may_be_an_insertion(made_folder: MadeFolder) -> None:
    scheme = read_folder(made_folder(haplotypes=HAPLOTYPES.replace("A C C", "ACGT A A"))).scheme
    assert scheme is not None
    tag = scheme.haplotypes[1].tag
    assert tag is not None
    assert (tag.effect_allele, tag.other_allele) == ("ACGT", "A")


def test_two_parts_are_an_interaction(made_folder: MadeFolder) -> None:
    def change(content: Content) -> None:
        del content["interactions"][0]["parts"][2:]

    [both] = [term for term in read_folder(made_folder(change)).terms if term.id == "both"]
    assert (len(both.factors), both.component) == (2, "Gene-environment")


def test_haplotypes_of_different_genes(made_folder: MadeFolder) -> None:
    weights = WEIGHTS.replace("HLA-DRB1*04:01;HLA-DQB1*03:02", "HLA-DRB1*04:01;HLA-DQA1*03:01")
    with pytest.raises(ModelFormatError, match="the haplotypes span different genes"):
        read_folder(made_folder(weights=weights))


# A model beside ------------------------------------------------------------------------------


def beside(made_folder: MadeFolder, weights: str, **own: object) -> RiskModel:
    """The made model with one beside it, of these rows of weights."""

    def second(content: Content) -> None:
        for key in ("typed_alone", "markers", "interactions", "haplotypes", "examples"):
            del content[key]
        content |= {"id": "second", "exposures": [], **own}

    header = WEIGHTS_HEADER
    made_folder(second, weights=f"{header}\n{weights}\n", name="second")
    return read_folder(made_folder(put("beside", to={"model": "second", "reason": "another way"})))


WEIGHTS_HEADER = "rsID chr_name chr_position position_grch37 effect_allele other_allele "
WEIGHTS_HEADER += "effect_weight variant_type allelefrequency_effect_EUR source status"


def test_a_model_beside_another(made_folder: MadeFolder) -> None:
    model = beside(made_folder, "rs1 1 100 90 A G 0.75 _ 0.5 Paper_9 found")
    assert model.beside is not None
    assert (model.beside.model.id, model.beside.reason) == ("second", "another way")
    assert model.beside.model.terms[0].weight == 0.75


@pytest.mark.parametrize(
    ("weights", "own", "lacking"),
    [
        ("rs1 1 101 90 A G 0.75 _ 0.5 Paper_9 found", {}, "rs1"),
        (". 6 _ _ HLA-C*06:02 _ 0.75 HLA_allele _ Paper_9 found", {}, "HLA-C"),
        ("rs1 1 100 90 A G 0.75 _ 0.5 Paper_9 found", {"exposures": [{
            "id": "height", "label": "Height", "kind": "dose", "unit": "cm", "range": [50, 250],
            "mean": 170, "sd": 9, "source": "x", "status": "found", "frequency_source": "x",
            "frequency_status": "found",
        }]}, "height"),
    ],
)  # fmt: skip
def test_a_model_beside_needs_nothing_more(
    made_folder: MadeFolder, weights: str, own: Content, lacking: str
) -> None:
    with pytest.raises(ModelFormatError, match=f"second needs {lacking}, which this one does not"):
        beside(made_folder, weights, **own)
