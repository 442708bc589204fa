"""Scoring files of the PGS Catalog: formats, builds, weight types, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import BuildMismatchError, ModelFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant, match_alleles
from riskscore.models.plain import PLAIN_CODINGS
from riskscore.models.scoring_files.origin import catalog_origin
from riskscore.models.scoring_files.pgs import read_scoring_file
from riskscore.models.scoring_files.plain_reader import LARGE
from riskscore.models.scoring_files.rows import read_table
from riskscore.models.scoring_files.weights import read_terms
from riskscore.models.terms import VariantFactor

SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
ROWS = ["rs1 1 1000 A G 0.1", "rs2 chr2 2000 C CT -0.25", "rs3 X 3000 T A 1e-3"]
ScoringFile = Callable[..., Path]


def variants(model: rs.RiskModel) -> list[Variant]:
    return [f.variant for t in model.terms for f in t.factors if isinstance(f, VariantFactor)]


def test_a_plain_file(scoring_file: ScoringFile) -> None:
    model = rs.load_model(scoring_file(SNP, ROWS))
    assert [(t.id, t.weight) for t in model.terms] == [("rs1", 0.1), ("rs2", -0.25), ("rs3", 0.001)]
    assert variants(model)[1] == Variant("rs2", "2", 2000, None, "C", "CT")
    assert (model.id, model.reference_populations, model.baseline) == ("PGS999001", (), ())
    assert model.terms[1].source == "PGS999001, line 9"
    assert model.card.ancestry == "not stated in the file"


def test_gzip_and_plain_are_the_same(scoring_file: ScoringFile) -> None:
    plain = rs.load_model(scoring_file(SNP, ROWS))
    packed = rs.load_model(scoring_file(SNP, ROWS, name="PGS999001.txt.gz"))
    assert packed.terms == plain.terms


def test_format_1(scoring_file: ScoringFile, tmp_path: Path) -> None:
    rows = "\n".join(row.replace(" ", "\t") + "\tlog(OR)" for row in ROWS)
    path = tmp_path / "old.txt"
    path.write_text(
        "### PGS CATALOG SCORING FILE - see the catalog\n"
        "## POLYGENIC SCORE (PGS) INFORMATION\n# PGS ID = PGS999001\n# Reported Trait = A trait\n"
        "# Original Genome Build = GRCh38\n# Number of Variants = 3\n"
        "rsID\tchr_name\tchr_position\teffect_allele\treference_allele\teffect_weight\tweight_type\n"
        f"{rows}\n"
    )
    old, new = rs.load_model(path), rs.load_model(scoring_file(SNP, ROWS))
    assert old.id == new.id
    assert variants(old) == variants(new)
    assert [t.weight for t in old.terms] == [t.weight for t in new.terms]


@pytest.mark.parametrize(
    ("genome_build", "place"),
    [
        ("GRCh37", (None, 1000)), ("hg19", (None, 1000)), ("GRCh38", (1000, None)),
        ("hg38", (1000, None)),
    ],
)  # fmt: skip
def test_build_from_the_header(
    scoring_file: ScoringFile, genome_build: str, place: tuple[int | None, int | None]
) -> None:
    model = rs.load_model(scoring_file(SNP, ROWS[:1], genome_build=genome_build))
    (variant,) = variants(model)
    assert (variant.position_grch38, variant.position_grch37) == place
    other = Build.GRCh37 if place[1] is None else Build.GRCh38
    with pytest.raises(BuildMismatchError, match=f"does not say where rs1 lies in {other}"):
        variant.position(other)
    with pytest.raises(BuildMismatchError, match="has no position"):
        model.require_build(other)


@pytest.mark.parametrize("genome_build", ["NR", "", "NCBI36"])
def test_a_file_without_a_usable_build_is_refused(
    scoring_file: ScoringFile, genome_build: str
) -> None:
    with pytest.raises(ModelFormatError, match="harmonised"):
        rs.load_model(scoring_file(SNP, ROWS, genome_build=genome_build))


def test_a_harmonised_file_knows_both_builds(scoring_file: ScoringFile) -> None:
    columns = f"{SNP} hm_source hm_rsID hm_chr hm_pos hm_inferOtherAllele"
    rows = [
        "rs1 1 1000 A G 0.1 ENSEMBL rs1 1 1111 _",
        "rs2 2 2000 C _ 0.2 liftover rs2 2 2222 T",
        "rs3 3 3000 C _ 0.3 ENSEMBL rs3 3 3333 T/G",
        "rs4 6 4000 C T 0.4 ENSEMBL rs4 HSCHR6_MHC_COX 4444 _",
        "rs5 7 5000 C T 0.5 Unknown _ _ _ _",
        ". _ _ C T 0.6 ENSEMBL rs66 8 6666 _",
    ]
    path = scoring_file(columns, rows, genome_build="GRCh37", HmPOS_build="GRCh38")
    model = rs.load_model(path)
    found = [
        (v.name, v.position_grch37, v.position_grch38, v.other_allele) for v in variants(model)
    ]
    assert found == [
        ("rs1", 1000, 1111, "G"),
        ("rs2", 2000, 2222, "T"),  # one inferred letter is the other allele
        ("rs3", 3000, 3333, ""),  # several are not
        ("rs4", 4000, None, "T"),  # an alternate contig is no place in the assembly
        ("rs5", 5000, None, "T"),
        ("rs66", None, 6666, "T"),
    ]
    model.require_build(Build.GRCh37)
    model.require_build(Build.GRCh38)
    assert any("1 row(s) name no other allele" in limit for limit in model.card.limits)


def test_the_effect_letter_alone() -> None:
    one = Variant("rs1", "1", 1, None, "A", "")

    def seen(ref: str, *alts: str) -> tuple[int, bool, bool] | None:
        match = match_alleles(one, ref, alts)
        return match and (match.effect_index, match.flipped, match.ambiguous)

    assert seen("G", "A") == (1, False, False)
    assert seen("A", "C") == (0, False, False)
    assert seen("C", "T") == (1, True, False)  # the other strand: T is A
    assert seen("A", "T") == (0, False, True)  # either strand
    assert seen("G", "C") is None
    assert seen("G", "T", "A") == (2, False, True)  # T could be A on the other strand


LOGS = [math.log(1.2), math.log(0.8), math.log(1.5)]


@pytest.mark.parametrize(
    ("column", "cells", "weight_type", "expected", "note"),
    [
        ("effect_weight", "0.1 -0.2 0.3", "beta", [0.1, -0.2, 0.3], ""),
        ("effect_weight", "0.1 -0.2 0.3", "log(OR)", [0.1, -0.2, 0.3], ""),
        ("effect_weight", "0.1 -0.2 0.3", "NR", [0.1, -0.2, 0.3], ""),
        ("effect_weight", "0.1 -0.2 0.3", "z score", [0.1, -0.2, 0.3], "as they stand"),
        ("effect_weight", "0.1 -0.2 0.3", "OR", [0.1, -0.2, 0.3], "are logarithms"),
        ("effect_weight", "1.2 0.8 1.5", "OR", LOGS, "natural logarithm"),
        ("effect_weight", "1.2 0.8 1.5", "HR", LOGS, "natural logarithm"),
        ("effect_weight", "1.2 0.8 1.5", "OR/HR", LOGS, "natural logarithm"),
        ("OR", "1.2 0.8 1.5", "NR", LOGS, ""),
        ("HR", "1.2 0.8 1.5", "NR", LOGS, ""),
    ],
)
def test_weight_types(
    scoring_file: ScoringFile,
    column: str,
    cells: str,
    weight_type: str,
    expected: list[float],
    note: str,
) -> None:
    rows = [f"rs{i} 1 {i}00 A G {cell}" for i, cell in enumerate(cells.split(), start=1)]
    columns = SNP.replace("effect_weight", column)
    model = rs.load_model(scoring_file(columns, rows, weight_type=weight_type))
    assert [term.weight for term in model.terms] == pytest.approx(expected, abs=1e-15)
    reading = [limit for limit in model.card.limits if limit.startswith("On reading")]
    assert [note in limit for limit in reading] == ([True] if note else [])


def test_ratios_repeated_as_weights_are_ratios(scoring_file: ScoringFile) -> None:
    rows = ["rs1 1 100 A G 1.2 1.2", "rs2 1 200 A G 0.8 0.8"]
    model = rs.load_model(scoring_file(f"{SNP} OR", rows, weight_type="NR"))
    assert [term.weight for term in model.terms] == pytest.approx(LOGS[:2])


def test_weights_win_over_ratios(scoring_file: ScoringFile) -> None:
    model = rs.load_model(scoring_file(f"{SNP} OR", ["rs1 1 100 A G 0.18 1.2"]))
    assert model.terms[0].weight == 0.18


def test_a_ratio_that_is_not_the_weights_is_said(scoring_file: ScoringFile) -> None:
    rows = ["rs1 1 100 A G 0.1823 1.2", "rs2 1 200 A G 0.34 1.4", "rs3 1 300 A G 0.1823 0.83"]
    model = rs.load_model(scoring_file(f"{SNP} OR", rows))
    assert [term.weight for term in model.terms] == [0.1823, 0.34, 0.1823]
    assert any("1 row(s) have a ratio that is not the weight's" in x for x in model.card.limits)


def test_a_scale_that_cannot_be_told_is_refused(scoring_file: ScoringFile) -> None:
    rows = ["rs1 1 100 A G 0.2", "rs2 1 200 A G 1.1"]
    with pytest.raises(ModelFormatError, match="ratios or logarithms"):
        rs.load_model(scoring_file(SNP, rows, weight_type="OR"))


def test_unknown_columns(scoring_file: ScoringFile) -> None:
    empty = scoring_file(f"{SNP} my_notes", [f"{row} _" for row in ROWS])
    assert len(rs.load_model(empty).terms) == 3
    rows = [f"{ROWS[0]} _", f"{ROWS[1]} 0.7"]
    with pytest.raises(ModelFormatError, match=r"'my_notes' is not known .*line 9"):
        rs.load_model(scoring_file(f"{SNP} my_notes", rows))


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        (SNP, "rs9 1 9 A G nan", "effect_weight is 'nan'|effect_weight is empty"),
        (SNP, "rs9 1 9 A G inf", "not a finite number"),
        (SNP, "rs9 1 9 A G -1e200", "too large a number"),
        (SNP, "rs9 1 9 A G 0,1", "effect_weight is '0,1'"),
        (SNP, "rs9 1 9 A G _", "effect_weight is empty"),
        (SNP, "rs9 1 9.0 A G 1", "chr_position is '9.0'"),
        (SNP, "rs9 1 -9 A G 1", "chr_position is '-9'"),
        (SNP, "rs9 1 9 A A 1", "not two sequences"),
        (SNP, "rs9 1 9 R G 1", "not an HLA allele name"),
        (SNP, "rs9 1 9 A G 1 2", "7 columns where the header has 6"),
        (SNP, "rs1 1 1000 A G 0.1", "occurs twice"),
        (f"{SNP} is_dominant", "rs9 1 9 A G 1 yes", "is_dominant is 'yes'"),
        (f"{SNP} is_dominant is_recessive", "rs9 1 9 A G 1 True True", "both dominant and recess"),
        (f"{SNP} allelefrequency_effect", "rs9 1 9 A G 1 1.5", "not a share"),
        (f"{SNP} OR", "rs9 1 9 A G _ 0", "has no logarithm"),
        (f"{SNP} variant_type", "rs9 1 9 A G 1 CYP_allele", "variant_type 'CYP_allele'"),
        (f"{SNP} is_haplotype", "rs9 1 9 A G 1 True", "several SNPs"),
        (f"{SNP} is_haplotype", "rs9;rs8 1 9;9 A;G G;A 1 True", "several SNPs"),
        (f"{SNP} is_haplotype", "rs9;rs8 1;2 9;8 A;G G;A 1 True", "on one chromosome"),
        (f"{SNP} is_haplotype", "rs9;rs8 1 9;8;7 A;G G;A 1 True", "3 parts"),
        (f"{SNP} is_haplotype", "rs9;rs8 1 9;8 A;R G;A 1 True", "not two sequences"),
        (f"{SNP} is_diplotype", "rs9;rs8 1 9;8 A;G G;A 1 True", "not two of the haplotypes"),
        (f"{SNP} is_interaction", "rs9 1 9 A G 1 True", "joins its parts by _x_"),
        (f"{SNP} is_interaction", "rs9_x_rs9 1_x_1 9_x_9 A_x_A G_x_G 1 True", "with itself"),
        (f"{SNP} is_interaction", "rs9_x_rs8 1 1_x_2_x_3 A_x_C G_x_T 1 True", "3 parts"),
    ],
)
def test_errors_name_the_line(
    scoring_file: ScoringFile, columns: str, row: str, message: str
) -> None:
    extra = " _" * (len(columns.split()) - len(SNP.split()))
    path = scoring_file(columns, [f"{ROWS[0]}{extra}", row])
    with pytest.raises(ModelFormatError, match=message) as error:
        rs.load_model(path)
    assert "PGS999001.txt, line 9" in str(error.value)
    assert str(path.parent) not in str(error.value)


def test_words_that_are_not_applied_are_said(scoring_file: ScoringFile) -> None:
    path = scoring_file(f"{SNP} inclusion_criteria", [f"{ROWS[0]} only_if_rs2", f"{ROWS[1]} _"])
    limits = " ".join(rs.load_model(path).card.limits)
    assert "1 row(s) have inclusion_criteria in words, which are not applied" in limits


def test_disease_ids_are_read_as_mondo(scoring_file: ScoringFile) -> None:
    path = scoring_file(SNP, ROWS, trait_efo="HP_0001234|EFO_0003885", trait_mapped="x|MS")
    assert rs.load_model(path).card.disease["mondo"] == "MONDO:0005301"


# Genome-wide files ---------------------------------------------------------------------------


def large_rows(count: int) -> list[str]:
    generator = np.random.default_rng(3)
    rows = []
    for i in range(count):
        effect, other = generator.permutation(list("ACGT"))[:2]
        kind = generator.choice(["_ _", "True _", "_ True"], p=[0.8, 0.1, 0.1])
        weight, ratio = f"{generator.normal():.4f}", "_"
        if i % 50 == 7:
            weight, ratio = "_", f"{generator.uniform(0.5, 2):.3f}"
        letters = [effect, "_" if i % 40 == 3 else other]
        frequency = "_" if i % 9 == 0 else f"{generator.uniform():.3f}"
        hm = f"{i % 22 + 1} {5000 + i}" if i % 30 else "_ _"
        name = f"rs{i}" if i % 20 else "."
        rows.append(
            f"{name} chr{i % 22 + 1} {1000 + i} {' '.join(letters)} {weight} {ratio} {kind} "
            f"{frequency} {hm} _"
        )
    rows[10] = "HLA-A*02:01 6 _ P A 0.5 _ _ _ _ _ _ HLA_allele"
    rows[11] = "rs11 9 77 G GA 0.25 _ _ _ _ 9 88 _"
    return rows


COLUMNS = f"{SNP} OR is_dominant is_recessive allelefrequency_effect hm_chr hm_pos variant_type"


def test_arrays_say_the_same_as_terms(scoring_file: ScoringFile) -> None:
    """A file above the limit, read as arrays, against the same rows read one by one."""
    path = scoring_file(
        COLUMNS, large_rows(LARGE + 200), genome_build="GRCh37", HmPOS_build="GRCh38"
    )
    model = read_scoring_file(path)
    plain = model.plain
    assert plain is not None
    assert [term.id for term in model.terms] == ["HLA-A*02:01"]
    table = read_table(path, allow_empty_columns=True)
    terms = read_terms(table.rows, catalog_origin(table)).terms
    singles = [(t, t.factors[0]) for t in terms if isinstance(t.factors[0], VariantFactor)]
    assert len(plain) == len(singles) == LARGE + 199
    for i, (term, factor) in enumerate(singles):
        assert isinstance(factor, VariantFactor)
        variant = factor.variant
        if plain.name[i]:
            assert plain.name[i] == variant.name
        letters = (plain.effect_allele[i], plain.other_allele[i])
        assert letters == (variant.effect_allele, variant.other_allele)
        places = (plain.position_grch38[i] or None, plain.position_grch37[i] or None)
        assert places == (variant.position_grch38, variant.position_grch37)
        assert plain.chromosome[i] == variant.chromosome
        assert plain.weight[i] == term.weight
        assert PLAIN_CODINGS[plain.coding[i]] == factor.coding.name
        frequency = plain.frequency["file"][i]
        assert factor.frequency.get("file", math.nan) == pytest.approx(frequency, nan_ok=True)
        assert f"line {plain.line[i]}" in term.source
    assert any("name no other allele" in note for note in plain.notes)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("rs9 chr1 9 A G x _ _ _ _ _ _ _", "effect_weight is 'x'"),
        ("rs9 chr1 9 A G inf _ _ _ _ _ _ _", "not a finite number"),
        ("rs9 chr1 9 A G -1e200 _ _ _ _ _ _ _", "too large a number"),
        ("rs9 chr1 9.5 A G 1 _ _ _ _ _ _ _", "chr_position is '9.5'"),
        ("rs9 chr1 9 A A 1 _ _ _ _ _ _ _", "are not two"),
        ("rs9 chr1 9 A G _ _ _ _ _ _ _ _", "effect_weight is empty"),
        ("rs9 chr1 9 A G 1 _ maybe _ _ _ _ _", "is_dominant is 'maybe'"),
        ("rs9 chr1 9 A G 1 _ True True _ _ _ _", "both dominant and recessive"),
        ("rs9 chr1 9 A G 1", "13 columns"),
        ("rs9 chr1 9 A G 1 _ _ _ _ _ _ HLA_AA", "not a residue"),
        ("rs0x chr6 1005 {} 0.7 _ _ _ _ _ _ _", "occurs twice"),
    ],
)
def test_arrays_are_as_strict_as_rows(scoring_file: ScoringFile, bad: str, message: str) -> None:
    rows = large_rows(LARGE + 10)
    rows[5] = "rs5 chr6 1005 A G 0.5 _ _ _ _ _ _ _"
    rows[1500] = bad.format("A G")
    with pytest.raises(ModelFormatError, match=message) as error:
        read_scoring_file(scoring_file(COLUMNS, rows, genome_build="GRCh37"))
    assert "line 1508" in str(error.value)


def test_lines_are_counted_past_blank_ones_and_ends_of_windows(scoring_file: ScoringFile) -> None:
    path = scoring_file(COLUMNS, large_rows(LARGE + 10), genome_build="GRCh37")
    lines = path.read_text().split("\n")
    lines[1500:1500] = ["", " "]
    path.write_text("\r\n".join(lines))
    plain = read_scoring_file(path).plain
    assert plain is not None
    for name, effect, line in zip(plain.name, plain.effect_allele, plain.line, strict=True):
        cells = lines[line - 1].split("\t")
        assert cells[3] == effect
        assert not name or cells[0] == name
    lines[1600] += "\tmore"
    path.write_text("\r\n".join(lines))
    with pytest.raises(ModelFormatError, match="13 columns") as error:
        read_scoring_file(path)
    assert "line 1601" in str(error.value)


def test_no_weight_is_lost_between_the_forms(scoring_file: ScoringFile) -> None:
    rows = large_rows(LARGE + 200)
    model = read_scoring_file(scoring_file(COLUMNS, rows, genome_build="GRCh37"))
    assert model.plain is not None
    assert len(model.plain) + len(model.terms) == len(rows)
    assert replace(model, plain=None).terms == model.terms
