"""Scoring files out: valid by the published description, and read back to the same scores."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ModelExportError
from riskscore.models.scoring_files.export import export_pgs
from riskscore.models.terms import Part, VariantFactor

DATA = Path(__file__).parents[2] / "data"
EXAMPLES = Path(__file__).parents[3] / "reference" / "examples"
Run = Callable[..., CompletedProcess[str]]
ScoringFile = Callable[..., Path]
# The columns of format 2.0, its harmonised columns, and the only free-form one, as published.
COLUMNS = set(
    "rsID chr_name chr_position effect_allele other_allele locus_name is_haplotype is_diplotype "
    "imputation_method variant_description inclusion_criteria effect_weight is_interaction "
    "is_dominant is_recessive dosage_0_weight dosage_1_weight dosage_2_weight OR HR "
    "allelefrequency_effect variant_type hm_source hm_rsID hm_chr hm_pos hm_inferOtherAllele "
    "hm_match_chr hm_match_pos".split()
)
VARIANT_TYPES = {"", "APOE_allele", "CYP_allele", "HLA_allele", "HLA_AA", "HLA_serotype"}


def problems(text: str) -> list[str]:
    """What is wrong with a scoring file, by the description of format 2.0."""
    found = []
    lines = text.splitlines()
    if not lines[0].startswith("###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org"):
        found.append("first line")
    if lines[1] != "#format_version=2.0":
        found.append("format_version comes before the first section")
    keys = dict(
        line[1:].split("=") for line in lines if line.startswith("#") and not line.startswith("##")
    )
    for key in ("pgs_id", "pgs_name", "trait_reported", "genome_build", "weight_type"):
        if not keys.get(key):
            found.append(f"no {key}")
    table = [line.split("\t") for line in lines if not line.startswith("#")]
    header = table[0]
    unknown = [
        c for c in header if c not in COLUMNS and not c.startswith("allelefrequency_effect_")
    ]
    found += [f"column {name}" for name in unknown]
    if int(keys["variants_number"]) != len(table) - 1:
        found.append("variants_number")
    for cells in table[1:]:
        row = dict(zip(header, cells, strict=True))
        dosage = [row.get(f"dosage_{n}_weight", "") for n in range(3)]
        if not row["effect_weight"] and not all(dosage):
            found.append("a row without a weight")
        if row.get("variant_type", "") not in VARIANT_TYPES:
            found.append(f"variant_type {row['variant_type']}")
        plain = not row.get("variant_type") and not row.get("is_interaction")
        if plain and not re.fullmatch("[ACGT]+", row["effect_allele"]):
            found.append(f"effect_allele {row['effect_allele']}")
        if plain and not (row["chr_name"] and row["chr_position"].isdigit()):
            found.append("a variant without a place")
        for flag in (c for c in header if c.startswith("is_")):
            if row[flag] not in {"", "True", "False"}:
                found.append(f"{flag} {row[flag]}")
    return found


@pytest.mark.parametrize("name", rs.list_models())
def test_files_are_valid(name: str) -> None:
    assert problems(export_pgs(rs.load_model(name), lossy=True).text) == []


@pytest.mark.parametrize(
    ("name", "losses"),
    [
        ("t1d", ["exposures", "ranking of haplotypes and the tag SNPs", "palindromes"]),
        ("ra", ["exposures", "gene-environment", "stand-ins where HLA is not typed (rs9268839)"]),
        ("ms", ["exposures", "HLA-DRB1*15:01_x_HLA-DQA1*01:01"]),
        ("ra-dumontcel", ["do not multiply copies"]),
    ],
)
def test_what_the_format_cannot_say_is_refused(name: str, losses: list[str]) -> None:
    with pytest.raises(ModelExportError) as error:
        export_pgs(rs.load_model(name))
    assert all(loss in str(error.value) for loss in losses)
    assert all(any(loss in one for one in export_pgs(rs.load_model(name), lossy=True).losses)
               for loss in losses)  # fmt: skip


def read_back(name: str, path: Path) -> tuple[rs.RiskModel, rs.RiskModel]:
    model = rs.load_model(name)
    path.write_text(export_pgs(model, lossy=True).text)
    return model, rs.load_model(path, force=True)


def counted(term: rs.Term) -> list[tuple[str, object]]:
    """What a term counts, in words, and how."""
    return [
        (getattr(factor, "alleles", None) or str(factor), getattr(factor, "coding", None))
        for factor in term.factors  # the format has no name for alleles that count alike
    ]


def sayable(model: rs.RiskModel) -> rs.RiskModel:
    """The part of a model that the format can say."""
    terms = [t for t in model.terms if t.part is Part.GENETIC and not t.fallback_for]
    plain = [t for t in terms if len(t.factors) == 1]
    return replace(model, terms=tuple(plain), exposures=(), baseline=(), markers=())


@pytest.mark.parametrize("name", ["t1d", "t1d-grs1", "ms", "ms-2013", "sle", "ra"])
def test_reads_back_to_the_same_terms(name: str, tmp_path: Path) -> None:
    """Every genetic term that the format can say: what it counts, and its weight."""
    model, again = read_back(name, tmp_path / "again.txt")
    ours = sayable(model).terms
    assert len(ours) == len(again.terms) > 30
    for mine, theirs in zip(ours, again.terms, strict=True):
        assert counted(mine) == counted(theirs)
        assert theirs.weight == pytest.approx(mine.weight, abs=1e-12)
    placed = {(v.name, v.position_grch38, v.position_grch37) for v in again.variants}
    assert placed <= {(v.name, v.position_grch38, v.position_grch37) for v in model.variants}


@pytest.mark.parametrize("name", ["t1d", "ms", "ra", "sle"])
def test_reads_back_to_the_same_scores_of_typed_people(name: str, tmp_path: Path) -> None:
    """2,504 real people with HLA types, of whom no tag and no stand-in is needed."""
    model, again = read_back(name, tmp_path / "again.txt")
    vcf = EXAMPLES / "1000G_MHC_HLA.GRCh38.vcf.gz"
    ours = rs.score(vcf, [replace(sayable(model), id="ours")]).of("ours").numbers
    theirs = rs.score(vcf, [again]).of(again.id).numbers
    assert np.ptp(ours["genetic_score"]) > 0.9
    np.testing.assert_allclose(theirs["genetic_score"], ours["genetic_score"], atol=1e-9)
    np.testing.assert_allclose(theirs["percentile"], ours["percentile"], atol=1e-6)


@pytest.mark.parametrize("name", ["t1d", "t1d-grs1", "t1d-grs2-sharp19"])
def test_snp_scores_of_a_cohort_are_the_same(name: str, tmp_path: Path) -> None:
    """The SNPs outside DR-DQ on 200 people, through the file and back; palindromes aside."""
    model, again = read_back(name, tmp_path / "again.txt")

    def snps(one: rs.RiskModel) -> rs.RiskModel:
        kept = [t for t in one.terms if isinstance(f := t.factors[0], VariantFactor)
                and not f.variant.palindromic]  # fmt: skip
        return replace(one, id="snps", terms=tuple(kept), exposures=(), baseline=(), scheme=None)

    vcf = DATA / "t1d_b38_clean.vcf.gz"
    ours, theirs = (rs.score(vcf, [snps(m)]).of("snps").numbers for m in (model, again))
    assert np.ptp(ours["genetic_score"]) > 0.9
    np.testing.assert_allclose(theirs["genetic_score"], ours["genetic_score"], atol=1e-9)


def test_an_exported_scoring_file_is_the_file_again(scoring_file: ScoringFile) -> None:
    columns = (
        "rsID chr_name chr_position effect_allele other_allele effect_weight is_dominant "
        "is_recessive dosage_0_weight dosage_1_weight dosage_2_weight is_interaction "
        "allelefrequency_effect"
    )
    rows = [
        "rs1 1 1000 A G 0.125 _ _ _ _ _ _ 0.25",
        "rs2 2 2000 C CT -0.5 True _ _ _ _ _ _",
        "rs3 3 3000 T _ 1.5 _ True _ _ _ _ _",
        "rs4 4 4000 T G _ _ _ 0.1 -0.2 0.3 _ _",
        "rs1_x_rs2 1_x_2 1000_x_2000 A_x_C G_x_CT 0.75 _ _ _ _ _ True _",
    ]
    model = rs.load_model(scoring_file(columns, rows))
    export = export_pgs(model)
    assert export.losses == ()
    assert problems(export.text) == []
    path = scoring_file("rsID", [], name="again.txt")
    path.write_text(export.text)
    again = rs.load_model(path)
    assert [t.factors for t in again.terms] == [t.factors for t in model.terms]
    assert [t.weight for t in again.terms] == pytest.approx([t.weight for t in model.terms])


def test_verbs(riskscore: Run, tmp_path: Path) -> None:
    refused = riskscore("models", "export-pgs", "ra", "-o", "ra.txt.gz")
    assert refused.returncode == ModelExportError.exit_code
    assert "exposures" in refused.stderr
    assert not (tmp_path / "ra.txt.gz").exists()
    done = riskscore("models", "export-pgs", "ra", "-o", "ra.txt.gz", "--lossy")
    assert done.returncode == 0, done.stderr
    assert "not in the file: 6 exposures" in done.stderr
    assert (tmp_path / "ra.txt.gz").read_bytes()[:2] == b"\x1f\x8b"
    made = riskscore("models", "import-pgs", "ra.txt.gz", "-o", "mine")
    assert made.returncode == 0, made.stderr
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"model.yaml", "weights.tsv"}
    assert riskscore("models", "check", "mine").returncode == 0
    folder, file = rs.load_model(tmp_path / "mine"), rs.load_model(tmp_path / "ra.txt.gz")
    assert [(t.factors, t.weight) for t in folder.terms] == [
        (t.factors, t.weight) for t in file.terms
    ]
    again = riskscore("models", "import-pgs", "ra.txt.gz", "-o", "mine")
    assert again.returncode != 0


def test_a_skeleton_keeps_haplotypes_and_pairs(riskscore: Run, tmp_path: Path) -> None:
    model, again = read_back("t1d", tmp_path / "t1d.txt")
    assert riskscore("models", "import-pgs", "t1d.txt", "-o", "mine").returncode == 0
    mine = rs.load_model(tmp_path / "mine")
    assert mine.scheme is not None
    assert mine.scheme.names == tuple(h.name for h in again.scheme.haplotypes)  # type: ignore[union-attr]
    drdq = {t.id: t.weight for t in model.terms if t.component == "HLA_DRDQ"}
    assert {t.id: t.weight for t in mine.terms if t.id in drdq} == pytest.approx(drdq)
