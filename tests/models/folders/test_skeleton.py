"""A model folder begun from a scoring file: what of the file it holds, and what is to be written.

What is expected is written by hand from the scoring file and reference/models/README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from riskscore.errors import UsageError
from riskscore.models.catalog import load_model
from riskscore.models.folders.folder import read_folder
from riskscore.models.folders.skeleton import folder_files

ScoringFile = Callable[..., Path]
COLUMNS = (
    "rsID chr_name chr_position effect_allele other_allele locus_name is_haplotype is_diplotype "
    "is_dominant is_recessive effect_weight OR variant_type allelefrequency_effect_European "
    "position_grch37 hm_source"
)
ROWS = [
    "rs1 1 100 A G _ _ _ _ _ 0.25 _ _ 0.5 90 ENSEMBL",
    "rs2 2 200 C CT GENE _ _ True _ _ 2 _ 0.25 190 _",
    ". 6 _ HLA-DRB1*03:01;HLA-DQB1*02:01 _ DR3 True _ _ _ 1 _ HLA_allele _ _ _",
    ". 6 _ HLA-DRB1*04:01;HLA-DQB1*03:02 _ DR4 True _ _ _ 2 _ HLA_allele _ _ _",
    ". 6 _ DR3+DR4 _ _ _ True _ _ 0.5 _ HLA_allele _ _ _",
]
LONG = "A. Author and many more (2020), " + "x" * 300
HEADER = {
    "pgs_name": "GRS of a trait", "trait_mapped": "a trait", "trait_efo": "MONDO_0005301",
    "citation": f"{LONG} doi:10.1000/xyz.", "pgp_id": "PGP000001",
}  # fmt: skip


def test_the_files(scoring_file: ScoringFile) -> None:
    files = folder_files(load_model(scoring_file(COLUMNS, ROWS, **HEADER), force=True))
    assert list(files) == ["model.yaml", "weights.tsv", "haplotypes.tsv"]
    head, *lines = files["weights.tsv"].splitlines()
    assert head.startswith("###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org")
    assert lines[:6] == [
        "#format_version=2.0", "##POLYGENIC SCORE (PGS) INFORMATION", "#pgs_id=PGS999001",
        "#genome_build=GRCh38", "#variants_number=5", "#weight_type=beta",
    ]  # fmt: skip
    table = [line.split("\t") for line in lines[6:]]
    source = "PGS999001, " + " ".join(HEADER["citation"].split())
    rows = [dict(zip(table[0], cells, strict=True)) for cells in table[1:]]
    assert table[0] == [
        "rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "locus_name",
        "is_haplotype", "is_diplotype", "is_dominant", "effect_weight",
        "allelefrequency_effect_EUR", "variant_type", "variant_description", "position_grch37",
        "component", "source", "status",
    ]  # fmt: skip
    kept = ["rsID", "chr_name", "chr_position", "effect_allele", "is_dominant", "effect_weight",
            "allelefrequency_effect_EUR", "position_grch37", "component"]  # fmt: skip
    assert [[row[column] for column in kept] for row in rows] == [
        ["rs1", "1", "100", "A", "", "0.25", "0.5", "90", "Non_HLA"],
        ["rs2", "2", "200", "C", "True", "0.6931471805599453", "0.25", "190", "Non_HLA"],
        [".", "6", "", "HLA-DRB1*03:01;HLA-DQB1*02:01", "", "1.0", "", "", "HLA"],
        [".", "6", "", "HLA-DRB1*04:01;HLA-DQB1*03:02", "", "2.0", "", "", "HLA"],
        [".", "6", "", "DR3+DR4", "", "3.5", "", "", "HLA"],  # in place of the two: 0.5 + 1 + 2
    ]
    assert [row["source"] for row in rows[:4]] == [f"{source}, line {k}" for k in range(13, 17)]
    assert {row["status"] for row in rows} == {"found"}
    assert files["haplotypes.tsv"].splitlines()[1:] == [
        "\t".join(["DR3", "DR3", "1", *[""] * 10]), "\t".join(["DR4", "DR4", "2", *[""] * 10]),
    ]  # fmt: skip


def test_what_model_yaml_says_and_what_is_to_be_written(scoring_file: ScoringFile) -> None:
    text = folder_files(load_model(scoring_file(COLUMNS, ROWS, **HEADER), force=True))["model.yaml"]
    assert text.startswith("# Written from a scoring file. To complete: disease, ancestry,")
    assert yaml.safe_load(text) == {
        "id": "PGS999001", "name": "GRS of a trait", "version": "1.0.0", "edition": LONG[:200],
        "disease": {"name": "a trait", "mondo": "MONDO:0005301"}, "outcome": "A trait",
        "ancestry": "not stated in the file", "weights": "weights.tsv",
        "haplotypes": "haplotypes.tsv",
        "published_score": {"name": "PGS999001 sum", "minimum_coverage": 0.95},
        "reference_populations": ["EUR"],
        "citations": [{"key": "PGP000001", "text": LONG[:200], "doi": "10.1000/xyz"}],
        "intended_use": "To be written.",
        "not_for": ["Diagnosis, screening decisions or treatment of a person."],
        "limits": [
            "The file gives no baseline risk, so there is no probability.",
            "Weights are read as log odds ratios; those of a linear or Cox model are not that.",
        ],
        "reporting": {"study_design": "To be written.", "construction": "To be written."},
    }  # fmt: skip
    assert list(yaml.safe_load(text))[:4] == ["id", "name", "version", "edition"]
    assert max(map(len, text.splitlines())) < 210


def test_without_haplotypes_disease_or_citation(scoring_file: ScoringFile, tmp_path: Path) -> None:
    path = scoring_file(COLUMNS, ROWS[:1], citation="No doi here")
    files = folder_files(load_model(path, force=True))
    assert list(files) == ["model.yaml", "weights.tsv"]
    content = yaml.safe_load(files["model.yaml"])
    assert "haplotypes" not in content
    assert content["disease"] == {"name": "A trait", "mondo": "MONDO:0000001"}  # any disease
    assert content["citations"] == [{"key": "source", "text": "No doi here"}]
    folder = tmp_path / "begun"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    [term] = read_folder(folder).terms
    assert (term.id, term.weight) == ("rs1", 0.25)


def test_accents_stay_as_they_are(scoring_file: ScoringFile) -> None:
    path = scoring_file(COLUMNS, ROWS[:1], trait_mapped="Sj\u00f6gren's disease")
    assert "Sj\u00f6gren" in folder_files(load_model(path, force=True))["model.yaml"]


def test_a_genome_wide_score_is_no_folder(scoring_file: ScoringFile) -> None:
    columns = "rsID chr_name chr_position effect_allele other_allele effect_weight"
    rows = [f"rs{i} 1 {i} A G -0.5" for i in range(1, 2101)]
    with pytest.raises(UsageError, match="PGS999001 has 2100 plain variants, too many"):
        folder_files(load_model(scoring_file(columns, rows), force=True))
