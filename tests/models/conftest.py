"""Scoring files written by hand, and a small model folder that has one of each thing."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

HEADER = {
    "format_version": "2.0",
    "pgs_id": "PGS999001",
    "trait_reported": "A trait",
    "genome_build": "GRCh38",
    "weight_type": "beta",
}
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
ScoringFile = Callable[..., Path]


@pytest.fixture
def scoring_file(tmp_path: Path) -> ScoringFile:
    """`scoring_file(columns, rows, name=..., **header)` writes a file and returns its path.

    ``columns`` and ``rows`` are words with spaces between; ``_`` alone is an empty cell.
    """

    def write(
        columns: str, rows: Sequence[str], *, name: str = "PGS999001.txt", **header: str
    ) -> Path:
        keys = {**HEADER, **header}
        lines = ["###PGS CATALOG SCORING FILE - see the catalog for additional information"]
        lines += [f"#{key}={value}" for key, value in keys.items() if value]
        lines += ["\t".join(columns.split())]
        lines += ["\t".join("" if c == "_" else c for c in row.split(" ")) for row in rows]
        text = ("\n".join(lines) + "\n").encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write


Content = dict[str, Any]
MadeFolder = Callable[..., Path]
FOUND = {"source": "Paper 1", "status": "found"}
TOLD = {"frequency_source": "Survey", "frequency_status": "recalled"}
CONTENT: Content = {
    "id": "small", "name": "A small model", "version": "1.2.3", "edition": "Paper 1",
    "disease": {"name": "a disease", "mondo": "MONDO:0000001", "icd10": "X1"},
    "outcome": "a disease, lifetime", "ancestry": "EUR", "weights": "weights.tsv",
    "haplotypes": "haplotypes.tsv", "excess_haplotypes": "homozygote_first", "missing": "refuse",
    "published_score": {"name": "GRS", "minimum_coverage": 0.9},
    "typed_alone": {"model": "t1d-hla", "component": "HLA"},
    "markers": [
        {"variant": "rs2", "hla": "HLA-B*27:05", "present": "T", "source": "Paper 3",
         "status": "derived"},
    ],
    "groups": [
        {"id": "epitope", "gene": "DRB1", "alleles": ["DRB1*04:01", "DRB1*01:01"], **FOUND},
    ],
    "exposures": [
        {"id": "smoking", "label": "Smoking", "kind": "ordinal", **FOUND, **TOLD,
         "levels": [
             {"value": "never", "frequency": 0.5},
             {"value": "past", "frequency": 0.25, "odds_ratio": 1.5, "ci": [1, 2.25],
              "aliases": ["former"]},
             {"value": "now", "frequency": 0.25, "odds_ratio": 1},
         ]},
        {"id": "packs", "label": "Packs a day", "kind": "dose", "unit": "packs",
         "other_units": {"cigarettes": 0.05}, "range": [0, 5], "per": 2, "mean": 1, "sd": 0.5,
         "odds_ratio": 1.25, "only_if": {"exposure": "smoking", "level": "past"},
         "source": "Paper 2", "status": "derived", **TOLD},
        {"id": "births", "label": "Births", "kind": "binary", "sex": "female", "weighted": False,
         "reason": "not known", **FOUND, **TOLD, "odds_ratio": 3,
         "levels": [{"value": "no", "frequency": 0.75}, {"value": "yes", "frequency": 0.25}]},
    ],
    "interactions": [
        {"id": "both", "label": "Both", "odds_ratio": 2, "ci": [1, 4], **FOUND, "parts": [
            {"exposure": "smoking", "level": "now"}, {"group": "epitope", "copies": 1},
            {"hla": "A*02:01", "coding": "dominant"}, {"exposure": "packs"},
        ]},
        {"id": "only", "odds_ratio": 0.5, **FOUND, "only_known": "births",
         "parts": [{"exposure": "births", "level": "yes"}]},
    ],
    "baseline": {
        "horizon": "lifetime",
        "prevalence": [
            {"sex": "female", "value": 0.02, "ci": [0.01, 0.03], **FOUND},
            {"sex": "male", "value": 0.01, "population": "AFR", "horizon": "by age 20",
             "source": "Paper 4", "status": "recalled"},
        ],
        "incidence": {"table": "RA_OLMSTED_SEX", "mortality": "US_SSA_2017", "from_age": 18,
                      "to_age": 100, "factor": 1.5, "source": "Paper 5", "status": "derived"},
        "heritability": {"value": 0.5, "fathers": 1.25, **FOUND},
    },
    "reference_populations": ["EUR", "AFR"], "stand_in_population": "EUR",
    "performance": [{"measure": "AUC", "value": "0.7", "source": "Paper 6", "status": "found"}],
    "citations": [{"key": "one", "text": "Paper 1", "doi": "10.1/x", "pmid": "7"}],
    "intended_use": " Teaching. ", "not_for": ["Diagnosis"], "limits": ["It is made up."],
    "examples": [
        {"name": "a case", "given": {"sex": "male", "hla": {"B": "27:05 07:02"}},
         "expect": {"sum": 0.5}, "working": "0.5"},
    ],
}  # fmt: skip
WEIGHTS = """\
rsID chr_name chr_position position_grch37 effect_allele other_allele locus_name effect_weight \
dosage_0_weight dosage_1_weight dosage_2_weight variant_type is_haplotype is_diplotype \
allelefrequency_effect_EUR allelefrequency_effect_AFR component standard_error source status
rs1 1 100 90 A G _ 0.25 _ _ _ _ _ _ 0.5 0.125 SNP 0.125 Paper_1 found
rs2 6 200 190 C T _ _ 0 -0.5 0.75 _ _ _ 0.25 _ SNP _ Paper_2 derived
. 6 _ _ HLA-B*27:05 _ _ 1.5 _ _ _ HLA_allele _ _ _ _ HLA _ Paper_2 recalled
. 6 _ _ HLA-DRB1*03:01;HLA-DQB1*02:01 _ DR3 1 _ _ _ HLA_allele True _ 0.2 _ DRDQ _ Paper_1 found
. 6 _ _ HLA-DRB1*04:01;HLA-DQB1*03:02 _ DR4 2 _ _ _ HLA_allele True _ _ 0.1 DRDQ _ Paper_1 found
. 6 _ _ DR3+DR4 _ _ 4 _ _ _ _ _ True _ _ DRDQ _ Paper_1 found
"""
HAPLOTYPES = """\
name code rank tag_rsid chr_name position_grch38 position_grch37 tag_allele other_allele \
reference_allele tag_frequency_EUR source status
DR3 a 2 rs7 chr6 700 690 A C C _ Paper_7 derived
DR4 b 1 _ _ _ _ _ _ _ _ _ _
"""


def tabbed(text: str) -> str:
    """Words with spaces between as cells; one that is ``_`` is empty."""
    lines = [line.split(" ") for line in text.splitlines()]
    return "".join("\t".join("" if c == "_" else c for c in cells) + "\n" for cells in lines)


@pytest.fixture
def made_folder(tmp_path: Path) -> MadeFolder:
    """`made_folder(change=..., weights=..., haplotypes=...)` writes the folder, and returns it.

    ``change`` is given a copy of the content of model.yaml to alter.
    """

    def write(
        change: Callable[[Content], object] = lambda content: None,
        weights: str = WEIGHTS,
        haplotypes: str = HAPLOTYPES,
        name: str = "small",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        content = copy.deepcopy(CONTENT)
        change(content)
        (folder / "model.yaml").write_text(json.dumps(content, indent=1))  # as YAML can be written
        (folder / "weights.tsv").write_text(tabbed(weights))
        (folder / "haplotypes.tsv").write_text(tabbed(haplotypes))
        return folder

    return write
