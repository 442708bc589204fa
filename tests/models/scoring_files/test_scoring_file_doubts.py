"""Scoring files as they are found: scales not said, cut short, odd ids, HLA haplotypes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError, UsageError
from riskscore.models.catalog import load_model
from riskscore.models.model import is_model_id
from riskscore.models.scoring_files.pgs import read_scoring_file
from riskscore.models.scoring_files.plain_reader import LARGE
from riskscore.models.terms import AminoAcidFactor, DiplotypeFactor, HaplotypeFactor

ScoringFile = Callable[..., Path]
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"


def snps(weights: Sequence[object], extra: str = "") -> list[str]:
    return [f"rs{i} 1 {1000 + i} A G {weight}{extra}" for i, weight in enumerate(weights)]


def weights(model: rs.RiskModel) -> list[float]:
    if model.plain is not None:
        return [float(weight) for weight in model.plain.weight]
    return [term.weight for term in model.terms]


RATIOS = [1.3, 1.1, 0.8]


@pytest.mark.parametrize("copies", [1, LARGE])
@pytest.mark.parametrize("said", ["", "NR"])
@pytest.mark.parametrize("values", [RATIOS, [1.05, 1.2, 3.0], [0.6, 0.55, 0.9], [0.3, 0.9, 1.4]])
def test_ratios_under_no_name_are_refused(
    scoring_file: ScoringFile, copies: int, said: str, values: list[float]
) -> None:
    """They were summed as logarithms."""
    path = scoring_file(SNP, snps(values * copies), weight_type=said)
    with pytest.raises(ModelFormatError, match=r"--weight-type beta, OR or HR"):
        load_model(path)
    for kind in ("OR", "HR"):
        found = weights(load_model(path, weight_type=kind))
        assert found[:3] == pytest.approx([math.log(value) for value in values])
    assert weights(load_model(path, weight_type="beta"))[:3] == values
    assert weights(rs.RiskScorer(load_model(path, weight_type="beta")).model)[:3] == values
    with pytest.raises(UsageError, match="say beta, OR or HR"):
        load_model(path, weight_type="ratio")


@pytest.mark.parametrize("values", [[0.1, 0.2, 0.05], [-0.9, 1.2, 1.4], [0, 1.1, 1.2], [0.1, 0.9]])
def test_logarithms_under_no_name_are_read(scoring_file: ScoringFile, values: list[float]) -> None:
    assert weights(load_model(scoring_file(SNP, snps(values), weight_type=""))) == values


@pytest.mark.parametrize("copies", [1, LARGE])
@pytest.mark.parametrize(
    ("columns", "row", "refused"),
    [
        ("", "0.5 0 0.5 1.0", False),
        ("", "0.5 _ 0.5 _", False),
        ("", "0.5 0 0.5 1.5", True),
        ("", "0.5 0.1 0.5 1.0", True),
        (" is_dominant", "0.5 0 0.5 0.5 True", False),
        (" is_dominant", "0.5 0 0.5 1.0 True", True),
        (" is_recessive", "0.5 0 0 0.5 True", False),
        (" is_recessive", "0.5 0 0.5 0.5 True", True),
    ],
)
def test_two_weights_that_differ(
    scoring_file: ScoringFile, copies: int, columns: str, row: str, refused: bool
) -> None:
    """effect_weight beside dosage weights: they were passed over."""
    by_dosage = f"{SNP} dosage_0_weight dosage_1_weight dosage_2_weight{columns}"
    path = scoring_file(by_dosage, snps([row] * copies))
    if refused:
        with pytest.raises(ModelFormatError, match=r"not the same effect .*line 8"):
            read_scoring_file(path)
    else:
        assert set(weights(read_scoring_file(path))) == {0.5}


@pytest.mark.parametrize("rows", [3, LARGE + 2])
def test_a_file_cut_short_is_told(scoring_file: ScoringFile, rows: int) -> None:
    values = [0.1] * rows
    whole = read_scoring_file(scoring_file(SNP, snps(values), variants_number=str(rows)))
    assert whole.warnings == ()
    cut = read_scoring_file(scoring_file(SNP, snps(values), variants_number=str(rows + 4)))
    [told] = cut.warnings
    assert f"{rows} rows where its header says {rows + 4} variants" in told
    assert any(told in limit for limit in cut.card.limits)
    path = scoring_file(SNP, snps(values), variants_number=str(rows))
    path.write_text(path.read_text()[:-2])
    assert any("the last line has no end" in told for told in read_scoring_file(path).warnings)


def test_a_cohort_tells_what_its_models_warn_of(
    scoring_file: ScoringFile, make_vcf: Callable[..., Path]
) -> None:
    vcf = make_vcf(["p"], [("6", 1000, "rs0", "G", "A", "GT", ["0/1"])])
    rows = ["rs0 6 1000 A G 0.5 0.3"]
    path = scoring_file(f"{SNP} allelefrequency_effect", rows, variants_number="7")
    assert any("7 variants" in told for told in rs.score(vcf, path).cohort.warnings)


@pytest.mark.parametrize(
    "name", ["m/../../vic/scores/model=t1d", "..", "/etc/x", "a\tb", "<script>", "x" * 300, ".hid"]
)
def test_an_id_that_is_no_name(scoring_file: ScoringFile, name: str) -> None:
    """No folder is made of it: the score has the name of its file."""
    path = scoring_file(SNP, snps([0.1]), pgs_id=name, name="my-scores.txt.gz")
    model = read_scoring_file(path)
    assert model.id == "my-scores"
    assert any("its pgs_id is no id" in told for told in model.warnings)
    assert not is_model_id(name)


def test_no_model_has_an_id_that_is_no_name(scoring_file: ScoringFile) -> None:
    from dataclasses import replace

    model = read_scoring_file(scoring_file(SNP, snps([0.1])))
    for name in ("a/b", "", "\u202ea", "a b"):
        with pytest.raises(ModelFormatError, match="cannot be called"):
            replace(model, id=name)


@pytest.mark.parametrize(
    ("columns", "row", "says"),
    [
        ('"rsID" "effect_allele" "effect_weight"', '"rs1" "A" 0.5', "the cells are in quotes"),
        ("rsID,effect_allele,effect_weight", "rs1,A,0.5", "separated by commas"),
        ("rsID;effect_allele;effect_weight", "rs1;A;0.5", "separated by semicolons"),
        ("SNP A1 BETA", "rs1 A 0.5", "no column effect_allele "),
    ],
)
def test_what_is_unusual_of_a_header(
    scoring_file: ScoringFile, columns: str, row: str, says: str
) -> None:
    with pytest.raises(ModelFormatError, match=says):
        read_scoring_file(scoring_file(columns, [row]))


def test_columns_in_another_case(scoring_file: ScoringFile) -> None:
    columns = SNP.replace("rsID", "rsid").replace("effect_weight", "Effect_Weight")
    assert weights(read_scoring_file(scoring_file(columns, snps([0.1])))) == [0.1]


def test_rows_without_name_and_place(scoring_file: ScoringFile) -> None:
    rows = [". _ _ T C 0.1", ". _ _ T C 0.2", "rs1 1 100 A G 0.1"]
    with pytest.raises(ModelFormatError, match="neither an rsID nor a position"):
        read_scoring_file(scoring_file(SNP, rows))


HLA = f"{SNP} is_haplotype is_diplotype locus_name variant_type"


def test_a_haplotype_of_one_allele_is_that_allele(scoring_file: ScoringFile) -> None:
    """As PGS004239 (Addison's disease) writes them, several under one locus_name."""
    rows = [
        "_ 6 _ HLA-DQB1*02:01 _ 1.194 TRUE _ HLA-DQB1 HLA_allele",
        "_ 6 _ HLA-DQB1*03:02 _ 0.8286 TRUE _ HLA-DQB1 HLA_allele",
        "_ 6 _ HLA-A*03:01 _ 0.4947 TRUE _ HLA-A HLA_allele",
        "_ 6 _ HLA-DQB1_30_Y _ 1.054 FALSE _ HLA-DQB1 HLA_AA",
        "_ 6 _ HLA-B_116_S _ -0.9163 FALSE _ HLA-B HLA_AA",
        "rs1 1 100 A G 0.5365 FALSE _ _ _",
    ]
    model = read_scoring_file(scoring_file(HLA, rows))
    assert [term.weight for term in model.terms] == [1.194, 0.8286, 0.4947, 1.054, -0.9163, 0.5365]
    assert [str(term.factors[0]) for term in model.terms[:3]] == [
        "HLA-DQB1*02:01", "HLA-DQB1*03:02", "HLA-A*03:01",
    ]  # fmt: skip
    residue = model.terms[3].factors[0]
    assert isinstance(residue, AminoAcidFactor)
    assert (residue.gene, residue.residues) == ("DQB1", ((30, "Y"),))
    assert model.scheme is None


SEROTYPES = f"{SNP}|is_haplotype|is_diplotype|variant_type".replace(" ", "|")
# Rows of PGS000021 (Oram 2016): its genotypes of DR3 and DR4-DQ8, each a category of its own.
DR3_DR4 = [
    "||||HLA-DR3/HLA-DR4; HLA-DQ8||3.87|FALSE|TRUE|HLA_serotype",
    "||||HLA-DR3/HLA-DR3||3.05|FALSE|TRUE|HLA_serotype",
    "||||HLA-DR4; HLA-DQ8/HLA-DR4; HLA-DQ8||3.09|FALSE|TRUE|HLA_serotype",
    "||||HLA-DR4; HLA-DQ8/X||1.95|FALSE|TRUE|HLA_serotype",
    "||||HLA-DR3/X||1.51|FALSE|TRUE|HLA_serotype",
]


def _piped(path: Path, rows: Sequence[str]) -> Path:
    header = "#pgs_id=PGS999001\n#genome_build=GRCh38\n#weight_type=beta\n"
    cells = [row.replace("||||", "||6|") if row[0] == "|" else row for row in rows]
    cells = [row.replace("||6|", "|6||", 1) if row.startswith("||6|") else row for row in cells]
    path.write_text(header + "\n".join([SEROTYPES, *cells]).replace("|", "\t") + "\n")
    return path


def test_pairs_of_haplotypes_by_serotype(tmp_path: Path) -> None:
    """Every pair's score is the row's weight, by typed HLA alleles; X/X is the ground."""
    model = load_model(_piped(tmp_path / "grs1.txt", DR3_DR4), force=True)
    kinds = [type(term.factors[0]) for term in model.terms]
    assert kinds == [DiplotypeFactor] * 3 + [HaplotypeFactor] * 2
    types = {
        "DR3": ("03:01", "02:01"), "DR4-DQ8": ("04:01", "03:02"), "DR4-DQ7": ("04:01", "03:01"),
        "DR15": ("15:01", "06:02"),
    }  # fmt: skip
    expected = {
        ("DR3", "DR4-DQ8"): 3.87, ("DR3", "DR3"): 3.05, ("DR4-DQ8", "DR4-DQ8"): 3.09,
        ("DR4-DQ8", "DR15"): 1.95, ("DR3", "DR15"): 1.51, ("DR3", "DR4-DQ7"): 1.51,
        ("DR15", "DR4-DQ7"): 0.0,
    }  # fmt: skip
    for (first, second), weight in expected.items():
        one, two = types[first], types[second]
        person = rs.person(
            [model], hla={"DRB1": f"{one[0]} {two[0]}", "DQB1": f"{one[1]} {two[1]}"}
        )
        [score] = rs.score(person).tables[0].numbers["published_score"]
        assert float(score) == pytest.approx(weight, abs=0.02), (first, second)


def test_a_pair_that_no_row_has_is_not_made_up(tmp_path: Path) -> None:
    """The message names the pair, also of a haplotype with itself, and the file."""
    for lost, pair in ((0, "HLA-DR3/HLA-DR4; HLA-DQ8"), (1, "HLA-DR3/HLA-DR3")):
        rows = [row for place, row in enumerate(DR3_DR4) if place != lost]
        with pytest.raises(ModelFormatError, match=rf"leaves {pair} open \(x.txt\)"):
            load_model(_piped(tmp_path / "x.txt", rows), force=True)
