"""What the header of a scoring file says, and what a model makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from riskscore.errors import ModelFormatError
from riskscore.genetics.build import Build
from riskscore.models.scoring_files.origin import Origin, catalog_origin, origin_of
from riskscore.models.scoring_files.pgs import MONDO, read_scoring_file
from riskscore.models.scoring_files.plain_reader import LARGE, parse_plain
from riskscore.models.scoring_files.rows import is_known, parse_table, read_key, standard_columns
from riskscore.models.scoring_files.weight_type import WeightType, as_weight_type
from riskscore.models.terms import Status

ScoringFile = Callable[..., Path]
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"


# The scale of the weights ---------------------------------------------------------------------

BETA, RATIO, REFUSED = False, True, None


def scale(
    named: str, weights: Sequence[float], *, reported: bool = False, repeats: bool = False,
    asked: WeightType | None = None,
) -> Origin | None:  # fmt: skip
    try:
        return origin_of({}, "f.txt", named, weights, repeats, reported, asked)
    except ModelFormatError:
        return None


@pytest.mark.parametrize(
    ("named", "weights", "ratios", "note"),
    [
        ("", [-0.1, 1.5], BETA, ""), ("", [0.2, 0.3], BETA, ""), ("", [0.0, 3.0], BETA, ""),
        ("", [0.5, 0.6], REFUSED, ""),  # all from 0.5 on
        ("", [0.49, 0.5], BETA, ""), ("", [0.1, 0.7, 0.8], REFUSED, ""),  # a median of 0.7
        ("", [0.1, 0.69, 0.8], BETA, ""), ("nr", [0.6, 2.0], REFUSED, ""), ("", [], BETA, ""),
        ("NR", [0.6, -2.0], BETA, ""), ("Beta", [0.6, 2.0], BETA, ""),
        ("log(OR)", [0.6, 2.0], BETA, ""), ("log(HR)", [0.6, 2.0], BETA, ""),
        ("log(OR/HR)", [0.6, 2.0], BETA, ""), ("log(OR)/log(HR)", [0.6, 2.0], BETA, ""),
        ("OR", [0.5, 2.0], RATIO, "the natural logarithm"), ("or", [1.5], RATIO, "is or; the"),
        ("HR", [1.5], RATIO, "natural"), ("OR/HR", [1.5], RATIO, "natural"),
        ("Odds ratio", [1.5], RATIO, "natural"), ("hazard ratio", [1.5], RATIO, "natural"),
        ("odds ratio/hazard ratio", [1.5], RATIO, "natural"),
        ("OR", [0.0, 2.0], BETA, "but the weights are logarithms"),
        ("OR", [-0.1, 0.2], BETA, "but the weights are logarithms"),
        ("OR", [0.1, 0.49], BETA, "but the weights are logarithms"),
        ("OR", [0.1, 0.5], REFUSED, ""), ("OR", [0.49, 3.0], REFUSED, ""), ("OR", [], BETA, ""),
        ("z", [0.6, 2.0], BETA, "weight_type is 'z'; the weights are used as they stand"),
    ],
)  # fmt: skip
def test_the_scale_of_weights(
    named: str, weights: list[float], ratios: bool | None, note: str
) -> None:
    origin = scale(named, weights)
    assert (origin.ratios if origin else None) == ratios
    assert [note in told for told in (origin.notes if origin else ())] == ([True] if note else [])


@pytest.mark.parametrize("named", ["", "OR", "beta", "z"])
def test_ratios_beside_the_weights_say_what_these_are(named: str) -> None:
    """Repeated, the weights are ratios; else they are logarithms, whatever they are called."""
    twice = scale(named, [1.2, 0.3], reported=True, repeats=True)
    assert twice is not None
    assert twice.ratios
    assert twice.notes == ("effect_weight repeats the ratios; their natural logarithm is used",)
    beside = scale(named, [1.2, 0.6], reported=True)
    assert beside is not None
    assert not beside.ratios
    for asked, ratios in ((WeightType.BETA, False), (WeightType.OR, True), (WeightType.HR, True)):
        origin = scale(named, [1.2, 0.3], reported=True, repeats=True, asked=asked)
        assert origin is not None
        assert (origin.ratios, origin.notes) == (ratios, (f"weight_type was said to be {asked}",))


@pytest.mark.parametrize(
    ("rows", "ratios"),
    [
        (["1.2 1.2 _", "0.8 _ 0.8"], True), (["1.2 1.2 _", "0.8 _ _"], True),
        (["1.2 1.2 _", "0.8 0.9 _"], False), (["1.2 1.3 1.2", "0.8 0.8 _"], False),
        (["0 0 _", "1.2 1.2 _"], False), (["-0.1 -0.1 _", "1.2 1.2 _"], False),
        (["_ 1.2 _", "0.8 0.8 _"], True), (["_ 1.2 _", "_ 0.8 _"], False),
    ],
)  # fmt: skip
def test_weights_that_repeat_the_ratios(rows: list[str], ratios: bool) -> None:
    """Every weight that has a ratio beside it is that ratio, and positive; by both readers."""
    lines = [f"{SNP} OR HR", *(f"rs{i} 1 {i + 1} A G {row}" for i, row in enumerate(rows))]
    cells = [["" if c == "_" else c for c in line.split(" ")] for line in lines]
    text = "\n".join(map("\t".join, cells)) + "\n"
    table = parse_table(text, "f.txt", allow_empty_columns=True)
    assert catalog_origin(table).ratios == ratios
    assert parse_plain(text, "f.txt", None)[2].ratios == ratios


def test_what_else_an_origin_has() -> None:
    header = {"pgs_id": "PGS1", "citation": "A", "genome_build": "hg19", "hmpos_build": "GRCh38"}
    origin = origin_of(header, "f.txt", "beta", [], False, False, None)
    assert (origin.build, origin.harmonised) == (Build.GRCh37, Build.GRCh38)
    assert (origin.source, origin.status, origin.strict) == ("PGS1, A", Status.FOUND, False)
    assert origin_of({}, "f.txt", "beta", [], False, False, None).source == "f.txt"


def test_weight_types_by_name() -> None:
    assert [as_weight_type(name) for name in ("beta", "OR", "HR", "", None)] == [
        WeightType.BETA, WeightType.OR, WeightType.HR, None, None,
    ]  # fmt: skip


# Keys and columns -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("#pgs_id=PGS1", "pgs_id", "PGS1"), ("# PGS ID = PGS1", "pgs_id", "PGS1"),
        ("#HmPOS_build=GRCh38", "hmpos_build", "GRCh38"), ("#a=b=c", "a", "b=c"),
        ("# Reported Trait = x y ", "trait_reported", "x y"),
        ("# Original Genome Build = hg19", "genome_build", "hg19"),
        ("# Number of Variants = 7", "variants_number", "7"), ("# PGP ID = P", "pgp_id", "P"),
        ("# PGS Name = n", "pgs_name", "n"), ("##license=CC0", "license", "CC0"),
        ("# Citation = c", "citation", "c"), ("## A SECTION", "", ""),
    ],
)  # fmt: skip
def test_keys_of_both_formats(line: str, key: str, value: str) -> None:
    header: dict[str, str] = {}
    read_key(line, header)
    assert header == ({key: value} if key else {})


def test_columns_in_the_words_of_the_format() -> None:
    assert standard_columns(["RSID", "Effect_Allele", "mine"], "f") == (
        "rsID",
        "effect_allele",
        "mine",
    )
    renamed = standard_columns(["effect_allele", "reference_allele"], "f")
    assert renamed == ("effect_allele", "other_allele")  # format 1.0
    both = ["effect_allele", "reference_allele", "other_allele"]
    assert standard_columns(both, "f") == tuple(both)
    with pytest.raises(ModelFormatError, match="'rsID' occurs twice"):
        standard_columns(["rsid", "effect_allele", "rsID"], "f")
    for column, known in (
        ("rsID", True), ("hm_pos", True), ("weight_type", True), ("status", True),
        ("allelefrequency_effect_x", True), ("allelefrequency_effects", False), ("beta", False),
    ):  # fmt: skip
        assert is_known(column) == known


@pytest.mark.parametrize("rows", [1, LARGE + 1])
@pytest.mark.parametrize(("cell", "good"), [("_", True), ("x", False), ("NA", None)])
def test_columns_nobody_knows(
    scoring_file: ScoringFile, rows: int, cell: str, good: bool | None
) -> None:
    lines = [f"rs{i} 1 {i + 1} A G -0.1 _" for i in range(rows - 1)]
    path = scoring_file(f"{SNP} mine", [*lines, f"rs9999 2 9 A G -0.1 {cell}"])
    if good or (good is None and rows > 1):
        assert read_scoring_file(path).id == "PGS999001"
    else:
        with pytest.raises(ModelFormatError, match=rf"'mine' is not known .*line {rows + 7}\b"):
            read_scoring_file(path)


# The model of a file --------------------------------------------------------------------------

ROW = ["rs1 1 100 A G -0.1"]


def test_the_card_of_a_file(scoring_file: ScoringFile) -> None:
    path = scoring_file(
        SNP, ROW, pgs_name="GRS", citation="A. Author (2020). DOI: 10.1000/abc.1. Journal",
        pgp_id="PGP1", trait_mapped="mapped", trait_efo="EFO_0001060", license="CC0",
    )  # fmt: skip
    model = read_scoring_file(path)
    assert (model.name, model.version, model.edition[:9]) == ("GRS", "1.0.0", "A. Author")
    assert model.card.disease == {
        "name": "mapped", "mondo": "MONDO:0005130", "efo": "EFO_0001060", "icd10": "",
    }  # fmt: skip
    assert model.card.outcome == "A trait"
    [citation] = model.card.citations
    assert (citation.key, citation.doi) == ("PGP1", "10.1000/abc.1")
    assert model.card.limits[-1] == "License: CC0"
    assert (model.published_score, model.published_minimum_coverage) == ("PGS999001 sum", 0)
    assert (model.scheme, model.plain, model.warnings) == (None, None, ())


def test_a_file_that_says_little(scoring_file: ScoringFile) -> None:
    model = read_scoring_file(scoring_file(SNP, ROW, trait_reported="", pgs_id=""))
    assert (model.id, model.name, model.edition) == ("PGS999001", "PGS999001", "PGS999001.txt")
    assert model.card.disease["name"] == model.card.outcome == "not stated"
    assert model.card.citations == ()
    assert not any("License" in limit for limit in model.card.limits)
    trait = read_scoring_file(scoring_file(SNP, ROW)).card
    assert (trait.disease["name"], trait.outcome) == ("A trait", "A trait")


@pytest.mark.parametrize(
    ("efo", "mondo"),
    [("MONDO_0005147", "MONDO:0005147"), ("EFO_1|MONDO_0000002|MONDO_0000003", "MONDO:0000002"),
     ("EFO_1|EFO_0002690", "MONDO:0007915"), ("EFO_1", ""), ("", "")],
)  # fmt: skip
def test_diseases_by_their_mondo_id(scoring_file: ScoringFile, efo: str, mondo: str) -> None:
    assert read_scoring_file(scoring_file(SNP, ROW, trait_efo=efo)).card.disease["mondo"] == mondo
    assert len(MONDO) == 6


@pytest.mark.parametrize(
    ("said", "told"),
    [("0", False), ("1", False), ("2", True), ("x", False), ("-2", False), ("2.0", False),
     ("9" * 11, True), ("9" * 12, False)],
)  # fmt: skip
def test_fewer_rows_than_the_header_says(scoring_file: ScoringFile, said: str, told: bool) -> None:
    model = read_scoring_file(scoring_file(SNP, ROW, variants_number=said))
    assert len(model.warnings) == told


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.txt", "a"), ("a.tsv", "a"), ("a.txt.gz", "a"), ("a.b.txt", "a.b"), ("a b.txt", "a_b"),
        ("\u00e9.txt", "scoring-file"), ("_.a.txt", "a"), ("x" * 90 + ".txt", "x" * 80),
        ("my.gz", "my"), ("PGS1_hmPOS_GRCh38.txt.gz", "PGS1_hmPOS_GRCh38"),
    ],
)  # fmt: skip
def test_a_score_without_id_has_the_name_of_its_file(
    scoring_file: ScoringFile, name: str, stem: str
) -> None:
    path = scoring_file(SNP, ROW, pgs_id="", name=name)
    assert read_scoring_file(path).id == stem


@pytest.mark.parametrize(
    ("cells", "populations"),
    [(["0.5 0.5", "0.5 0.5"], ("AFR", "EUR")), (["0.5 _", "0.5 0.5"], ("EUR",)),
     (["0.5 _", "_ 0.5"], ()), (["_ _", "0.5 0.5"], ())],
)  # fmt: skip
def test_populations_are_those_of_every_variant(
    scoring_file: ScoringFile, cells: list[str], populations: tuple[str, ...]
) -> None:
    columns = f"{SNP} allelefrequency_effect allelefrequency_effect_EUR allelefrequency_effect_AFR"
    rows = [f"rs{i} 1 {i + 1} A G -0.1 0.3 {cell}" for i, cell in enumerate(cells)]
    assert read_scoring_file(scoring_file(columns, rows)).reference_populations == populations


@pytest.mark.parametrize("rows", [2, LARGE + 1])
@pytest.mark.parametrize("placed", [0, 1])
def test_some_variant_needs_a_place(scoring_file: ScoringFile, rows: int, placed: int) -> None:
    lines = [f"rs{i} 1 {i + 1 if i < placed else '_'} A G -0.1" for i in range(rows)]
    path = scoring_file(SNP, lines)
    if placed:
        read_scoring_file(path)
    else:
        with pytest.raises(
            ModelFormatError, match=r"in GRCh37 or GRCh38 \(genome_build is GRCh38\)"
        ):
            read_scoring_file(path)
        path = scoring_file(SNP, lines, genome_build="")
        with pytest.raises(ModelFormatError, match="genome_build is not stated"):
            read_scoring_file(path)


def test_from_how_many_lines_on_a_file_is_read_by_columns(scoring_file: ScoringFile) -> None:
    rows = [f"rs{i} 1 {i + 1} A G -0.1" for i in range(LARGE - 6)]  # below seven lines of header
    path = scoring_file(SNP, rows[:-1])
    assert path.read_text().count("\n") == LARGE
    assert read_scoring_file(path).plain is None
    assert read_scoring_file(scoring_file(SNP, rows)).plain is not None


def test_alleles_alone_need_no_place(scoring_file: ScoringFile) -> None:
    path = scoring_file(
        f"{SNP} variant_type", [". 6 _ HLA-B*27:05 _ 0.5 HLA_allele"], genome_build=""
    )
    assert len(read_scoring_file(path).terms) == 1


HAPLOTYPES = f"{SNP} locus_name is_haplotype variant_type"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("HLA-DRB1*04:01;HLA-DQB1*03:02", ""),
        ("HLA-DRB1*03:01;HLA-DQB1*03:02", ""),
        ("HLA-DRB1*03;HLA-DQB1*02", "a and b are not two different haplotypes"),
        ("HLA-DRB1*03:01:01;HLA-DQB1*02:01", "a and b are not two different haplotypes"),
        ("HLA-DRB1*04:01;HLA-DQA1*03:01", "a and b are of different genes"),
        ("HLA-DRB1*04:01;HLA-DQB1*03:02;HLA-DQA1*03:01", "a and b are of different genes"),
    ],
)
def test_haplotypes_told_apart_by_their_alleles(
    scoring_file: ScoringFile, second: str, told: str
) -> None:
    rows = [f". 6 _ {text} _ 0.5 {name} True HLA_allele"
            for name, text in (("a", "HLA-DRB1*03:01;HLA-DQB1*02:01"), ("b", second))]  # fmt: skip
    path = scoring_file(HAPLOTYPES, rows)
    if told:
        with pytest.raises(ModelFormatError, match=told):
            read_scoring_file(path)
        return
    scheme = read_scoring_file(path).scheme
    assert scheme is not None
    assert [(h.name, h.rank, h.tag) for h in scheme.haplotypes] == [("a", 1, None), ("b", 2, None)]


def test_logarithms_are_natural(scoring_file: ScoringFile) -> None:
    model = read_scoring_file(scoring_file(SNP, ROW), WeightType.BETA)
    assert model.terms[0].weight == -0.1
    model = read_scoring_file(scoring_file(SNP, ["rs1 1 1 A G 10"]), WeightType.HR)
    assert model.terms[0].weight == pytest.approx(math.log(10))
