"""Each kind of row a scoring file can have, its count worked by hand for people written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError

ScoringFile = Callable[..., Path]
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
FLAGS = f"{SNP} is_dominant is_recessive"
DOSAGE = f"{SNP} dosage_0_weight dosage_1_weight dosage_2_weight"
HLA = f"{SNP} variant_type"
JOINED = f"{SNP} locus_name is_haplotype is_diplotype is_interaction variant_type"


def total(model: rs.RiskModel, **given: Mapping[str, object]) -> float:
    """The plain sum of a person's score: there is nobody to centre it on."""
    scores = rs.score(rs.person([model], **given)).of(model.id)  # type: ignore[arg-type]
    assert "not_centred" in scores.flags[0] or not model.variants
    return float(scores.numbers["published_score"][0])


@pytest.mark.parametrize(
    ("columns", "row", "by_copies"),
    [
        (SNP, "rs1 1 100 A G 0.5", (0.0, 0.5, 1.0)),
        (FLAGS, "rs1 1 100 A G 0.5 True _", (0.0, 0.5, 0.5)),
        (FLAGS, "rs1 1 100 A G 0.5 _ True", (0.0, 0.0, 0.5)),
        (DOSAGE, "rs1 1 100 A G _ 0.1 -0.2 0.7", (0.1, -0.2, 0.7)),
        (DOSAGE, "rs1 1 100 A G 0.5 0 0.5 1.0", (0.0, 0.5, 1.0)),  # the same said twice
    ],
)
def test_snp_rows(
    scoring_file: ScoringFile, columns: str, row: str, by_copies: tuple[float, ...]
) -> None:
    model = rs.load_model(scoring_file(columns, [row]))
    for copies, expected in enumerate(by_copies):
        assert total(model, variants={"rs1": copies}) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("half", [0.25, 0.5, 1.3, 1.75])
def test_uncertain_copies_lie_between(scoring_file: ScoringFile, half: float) -> None:
    dominant = rs.load_model(scoring_file(FLAGS, ["rs1 1 100 A G 1 True _"]))
    recessive = rs.load_model(scoring_file(FLAGS, ["rs1 1 100 A G 1 _ True"]))
    assert total(dominant, variants={"rs1": half}) == pytest.approx(min(half, 1), abs=1e-6)
    assert total(recessive, variants={"rs1": half}) == pytest.approx(max(half - 1, 0), abs=1e-6)


def test_dosage_weights_are_all_or_none(scoring_file: ScoringFile) -> None:
    with pytest.raises(ModelFormatError, match="all three dosage weights"):
        rs.load_model(scoring_file(DOSAGE, ["rs1 1 100 A G _ 0.1 _ 0.7"]))


ALLELES = {"0": "01:01 02:01", "1": "01:02 02:01", "2": "01:02 01:02"}


@pytest.mark.parametrize(
    ("row", "weight"),
    [
        ("HLA-DQA1*0102 6 _ HLA-DQA1*0102 _ 0.5 HLA_allele", 0.5),
        (". 6 _ HLA-DQA1*01:02 _ 0.5 HLA_allele", 0.5),
        (". 6 _ HLA_DQA1_0102 _ 0.5 _", 0.5),
        ("HLA_DQA1_0102 6 32605000 P A 0.5 HLA_allele", 0.5),
        ("HLA_DQA1*01:02 6 32605000 T A 0.5 _", 0.5),
    ],
)
def test_hla_alleles(scoring_file: ScoringFile, row: str, weight: float) -> None:
    model = rs.load_model(scoring_file(HLA, [row]))
    for copies, names in ALLELES.items():
        assert total(model, hla={"DQA1": names}) == pytest.approx(weight * int(copies))


def test_absence_of_an_hla_allele(scoring_file: ScoringFile) -> None:
    row = "HLA_DQA1*01:02 6 32605000 A T 0.5 HLA_allele"
    model = rs.load_model(scoring_file(HLA, [row]))
    for copies, names in ALLELES.items():
        assert total(model, hla={"DQA1": names}) == pytest.approx(0.5 * (2 - int(copies)))


@pytest.mark.parametrize(
    "row",
    [
        ". 6 _ HLA-B:9D _ 0.5 HLA_AA", ". 6 _ HLA-B_Asp9 _ 0.5 HLA_AA",
        "AA_B_9_31324201_D 6 31324201 P A 0.5 HLA_AA", ". 6 _ AA_B_9_31324201_D _ 0.5 HLA_AA",
    ],
)  # fmt: skip
def test_amino_acids(scoring_file: ScoringFile, row: str) -> None:
    """B*08:01 and B*39:12 have aspartic acid at position 9, B*08:26 and the others have not.

    B*08 alone is B*08:01, which is all that the population has of it.
    """
    model = rs.load_model(scoring_file(HLA, [row]))
    cases = {"07:02 35:01": 0, "08:01 35:01": 1, "08:01 08:01": 2, "08 35": 1, "39:12 08:26": 1}
    for names, copies in cases.items():
        assert total(model, hla={"B": names}) == pytest.approx(0.5 * copies)


def test_one_of_several_amino_acids(scoring_file: ScoringFile) -> None:
    """Serine or leucine at position 11 of DRB1: *03:01 and *01:01, not *04:01 (valine)."""
    model = rs.load_model(scoring_file(HLA, [". 6 _ AA_DRB1_11_32552132_SL _ 0.5 HLA_AA"]))
    for names, copies in (("04:01 04:01", 0), ("03:01 04:01", 1), ("03:01 01:01", 2)):
        assert total(model, hla={"DRB1": names}) == pytest.approx(0.5 * copies)


@pytest.mark.parametrize(
    ("serotype", "gene", "names", "copies"),
    [
        ("DR4", "DRB1", "04:01 03:01", 1), ("HLA-DR4", "DRB1", "04:01 04:05", 2),
        ("DR2", "DRB1", "15:01 16:01", 2), ("DQ8", "DQB1", "03:02 03:01", 1),
        ("DQ2", "DQB1", "02:02 05:01", 1), ("B27", "B", "27:05 08:01", 1),
        ("Cw6", "C", "06:02 07:01", 1), ("A2", "A", "02:01 02:06", 2),
        ("B61", "B", "40:06 40:01", 1), ("B15", "B", "15:03 15:01", 1),
        ("B70", "B", "15:03 15:01", 1), ("DQ7", "DQB1", "03:04 03:02", 1),
    ],
)  # fmt: skip
def test_serotypes(
    scoring_file: ScoringFile, serotype: str, gene: str, names: str, copies: int
) -> None:
    model = rs.load_model(scoring_file(HLA, [f". 6 _ {serotype} _ 0.5 HLA_serotype"]))
    assert total(model, hla={gene: names}) == pytest.approx(0.5 * copies)


def test_an_unknown_serotype_is_refused(scoring_file: ScoringFile) -> None:
    with pytest.raises(ModelFormatError, match=r"DR99.*line 8"):
        rs.load_model(scoring_file(HLA, [". 6 _ DR99 _ 0.5 HLA_serotype"]))


def test_apoe(scoring_file: ScoringFile, make_vcf: Callable[..., Path]) -> None:
    """rs429358-C makes e4, rs7412-T makes e2, neither makes e3; genotypes by name."""
    columns = f"{SNP} locus_name variant_type is_diplotype"
    rows = [
        "rs1 1 1000 A G 0.001 _ _ _",
        ". 19 _ e2 _ -0.5 APOE APOE_allele _",
        "APOE_e4 19 _ e4 _ 1.2 _ APOE_allele _",
        ". 19 _ e3 _ 0.01 APOE _ _",
        ". 19 _ e2/e4 _ 10 APOE APOE_allele True",
        ". 19 _ e3/e3 _ 20 APOE APOE_allele True",
        ". 19 _ e4/e4 _ 40 APOE APOE_allele True",
    ]
    model = rs.load_model(scoring_file(columns, rows))
    genotypes = ["22", "23", "24", "33", "34", "44"]
    cells = ("0/0", "0/1", "1/1")
    c_of_rs429358 = [cells[g.count("4")] for g in genotypes]
    t_of_rs7412 = [cells[g.count("2")] for g in genotypes]
    vcf = make_vcf(
        [f"e{g}" for g in genotypes],
        [
            ("1", 1000, "rs1", "G", "A", "GT", ["0/0"] * 6),
            ("19", 44908684, "rs429358", "T", "C", "GT", c_of_rs429358),
            ("19", 44908822, "rs7412", "C", "T", "GT", t_of_rs7412),
        ],
        header=["##reference=GRCh38", "##contig=<ID=1>", "##contig=<ID=19>"],
    )
    by_allele = {"2": -0.5, "3": 0.01, "4": 1.2}
    pairs = {"24": 10.0, "33": 20.0, "44": 40.0}
    found = rs.score(vcf, [model]).of(model.id).numbers["published_score"]
    expected = [sum(by_allele[a] for a in g) + pairs.get(g, 0.0) for g in genotypes]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_e3_is_counted_copy_by_copy_only(scoring_file: ScoringFile) -> None:
    row = ". 19 _ e3 _ 1 APOE APOE_allele True"
    with pytest.raises(ModelFormatError, match="copy by copy"):
        rs.load_model(scoring_file(f"{SNP} locus_name variant_type is_dominant", [row]))


PAIRS = [
    "{r} HLA-DRB1*03:01;HLA-DQB1*02:01 _ 1.0 DR3 True _ _ HLA_allele",
    "{r} HLA-DRB1*04;HLA-DQB1*03:02 _ 2.0 DR4 True _ _ HLA_allele",
    "{r} DR3+DR4 _ 0.5 _ _ True _ HLA_allele",
    "{r} HLA-DRB1*04;HLA-DQB1*03:02+HLA-DRB1*04;HLA-DQB1*03:02 _ -1 _ _ True _ HLA_allele",
]


@pytest.mark.parametrize(
    ("drb1", "dqb1", "expected"),
    [
        ("03:01 03:01", "02:01 05:01", 1.0),  # one of the two, whatever the phase
        ("03:01 03:01", "02:01 02:01", 2.0),
        ("04:01 07:01", "03:02 02:02", 2.0),
        ("03:01 04:01", "02:01 03:02", 1.0 + 2.0 + 0.5),  # rows of the format add up
        ("04:01 04:04", "03:02 03:02", 2 * 2.0 - 1.0),
        ("07:01 07:01", "02:02 02:02", 0.0),
    ],
)
def test_haplotypes_and_their_pairs(
    scoring_file: ScoringFile, drb1: str, dqb1: str, expected: float
) -> None:
    rows = [row.format(r=". 6 _") for row in PAIRS]
    model = rs.load_model(scoring_file(JOINED, rows))
    assert total(model, hla={"DRB1": drb1, "DQB1": dqb1}) == pytest.approx(expected, abs=1e-4)


def test_haplotypes_need_types(scoring_file: ScoringFile) -> None:
    model = rs.load_model(scoring_file(JOINED, [row.format(r=". 6 _") for row in PAIRS]))
    assert rs.score(rs.person([model])).of(model.id).unscored == 1
    # DQA1 and DQB1 are told by their neighbour as far as they go with it
    part = rs.score(rs.person([model], hla={"DRB1": "03:01 04:01"})).of(model.id)
    whole = rs.score(
        rs.person(
            [model], hla={"DRB1": "03:01 04:01", "DQA1": "05:01 03:01", "DQB1": "02:01 03:02"}
        )
    ).of(model.id)
    assert (part.unscored, whole.unscored) == (0, 0)
    assert part.numbers["coverage"][0] < whole.numbers["coverage"][0]


@pytest.mark.parametrize(
    ("names", "expected"), [("27:05 27:05", 3.0), ("27:05 07:02", 0.7), ("07:02 07:02", 0.0)]
)
def test_pairs_of_alleles_of_one_gene(
    scoring_file: ScoringFile, names: str, expected: float
) -> None:
    rows = [
        ". 6 _ HLA-B*27:05/HLA-B*27:05 _ 3 _ _ True _ HLA_allele",
        ". 6 _ HLA-B*27:05+HLA-B*07:02 _ 0.7 _ _ True _ HLA_allele",
    ]
    model = rs.load_model(scoring_file(JOINED, rows))
    assert total(model, hla={"B": names}) == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b"), [(0, 2), (1, 1), (2, 1), (2, 2)])
def test_interactions_multiply_copies(scoring_file: ScoringFile, a: int, b: int) -> None:
    rows = [
        "rs1 1 100 A G 0.1 _ _ _ _ _",
        "rs2 2 200 C T 0.2 _ _ _ _ _",
        "rs1_x_rs2 1_x_2 100_x_200 A_x_C G_x_T 0.5 _ _ _ True _",
    ]
    model = rs.load_model(scoring_file(JOINED, rows))
    assert len(model.variants) == 2
    expected = 0.1 * a + 0.2 * b + 0.5 * a * b
    assert total(model, variants={"rs1": a, "rs2": b}) == pytest.approx(expected, abs=1e-6)


def test_an_interaction_of_a_snp_with_an_hla_allele(scoring_file: ScoringFile) -> None:
    row = "rs1_x_HLA-B*27:05 1_x_6 100_x_ A_x_HLA-B*27:05 G_x_ 0.5 _ _ _ True _"
    model = rs.load_model(scoring_file(JOINED, [row]))
    found = total(model, variants={"rs1": 2}, hla={"B": "27:05 07:02"})
    assert found == pytest.approx(0.5 * 2 * 1)


def test_overlapping_haplotypes_are_refused(scoring_file: ScoringFile) -> None:
    rows = [
        ". 6 _ HLA-DRB1*04;HLA-DQB1*03:02 _ 1 _ True _ _ HLA_allele",
        ". 6 _ HLA-DRB1*04:01;HLA-DQB1*03:02 _ 2 _ True _ _ HLA_allele",
    ]
    with pytest.raises(ModelFormatError, match="not two different haplotypes"):
        rs.load_model(scoring_file(JOINED, rows))
