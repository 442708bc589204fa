"""What the model.yaml files say around their numbers: performance, citations, sources, examples."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]
Text = Callable[[str], str]

MODELS = ("t1d", "ra", "ms")
every_model = pytest.mark.parametrize("name", MODELS)

# For each performance entry, in order: the row of the published table, by its name.
PERFORMANCE = {
    "t1d": [
        "GRS2 AUC (Sharp 2019)",
        "GRS2 AUC (Sharp 2019)",
        "GRS2x AUC in UKB",
        "UKB WGS EUR population GRS2x mean",
        "UKB T1D cases GRS2x mean",
        "T1D MAPS / GRS2 AUC",
    ],
    "ra": [
        "AUC wGRS 45 SNP + HLA aa + sex, validation",
        "AUC clinical -> clinical+22 alleles, NHS",
        "AUC clinical -> clinical+22 alleles, EIRA",
        "AUC HLA + smoking, men",
    ],
    "ms": [
        "PGS002726 in UKB",
        "PGS002726 in Kaiser Permanente",
        "theoretical EUR, 156 SNPs only / + HLA",
        "theoretical EUR, 156 SNPs only / + HLA",
    ],
}
PERFORMANCE_TABLES = {
    "t1d": ("t1d/baseline_t1d", "quantity"),
    "ra": ("ra/ra_env", "level_or_unit"),
    "ms": ("ms/ms_baseline_performance", "quantity"),
}


def decimals(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"\d+\.\d+", text)}


@every_model
def test_performance_stands_in_the_tables(model: Load, published: Read, name: str) -> None:
    table, column = PERFORMANCE_TABLES[name]
    rows = {row[column]: row for row in published(table)}
    for entry, key in zip(model(name)["performance"], PERFORMANCE[name], strict=True):
        row = rows[key]
        assert decimals(entry["value"])
        assert decimals(entry["value"] + entry["measure"]) <= decimals(" ".join(row.values()))
        derived = row["status"] in {"derived", "found(derived)"}
        assert entry["status"] == ("derived" if derived else "found")
        assert entry["source"]


@every_model
def test_identifiers_stand_in_the_tables(model: Load, published_text: Text, name: str) -> None:
    text = published_text(name)
    for citation in model(name)["citations"]:
        assert citation.get("doi", "") in text, citation
        assert citation.get("pmid", "") in text, citation
    found = re.findall(r"(?:PMC|PMID |doi )\S+", str(model(name)["exposures"]))
    for identifier in found:
        assert (
            re.split(r"[ ,;)']", identifier.removeprefix("PMID ").removeprefix("doi "))[0] in text
        ), identifier


@every_model
def test_every_number_has_a_source_and_a_status(model: Load, name: str) -> None:
    content = model(name)
    statuses = {"found", "derived", "recalled"}
    entries = [
        *content["exposures"],
        *content.get("interactions", []),
        *content.get("groups", []),
        *content["baseline"]["prevalence"],
        *content["performance"],
    ]
    for entry in entries:
        assert entry["source"]
        assert entry["status"] in statuses
    for exposure in content["exposures"]:
        assert exposure["frequency_source"]
        general = "general knowledge" in exposure["frequency_source"]
        assert exposure["frequency_status"] == ("recalled" if general else "derived")
        if "levels" in exposure:
            shares = [float(level["frequency"]) for level in exposure["levels"]]
            assert sum(shares) == pytest.approx(1)
            assert "ci" not in exposure["levels"][0]


@every_model
def test_examples_name_what_the_model_has(model: Load, weights: Read, name: str) -> None:
    content, rows = model(name), weights(name)
    rsids = {row["rsID"] for row in rows}
    tags = {"t1d": 14}.get(name, 0)
    # A haplotype goes by its name, everything else by its rsID or what it counts.
    terms = rsids | {row["effect_allele"] for row in rows} | {row["locus_name"] for row in rows}
    terms |= {entry["id"] for entry in content["exposures"]}
    terms |= {entry["id"] for entry in content.get("interactions", [])}
    for example in content["examples"]:
        assert set(example["expect"].get("terms", {})) <= terms
        given = example["given"]
        assert set(given.get("exposures", {})) <= {e["id"] for e in content["exposures"]}
        assert len(set(given.get("variants", {})) - rsids) in {0, tags}
        assert all(len(pair.split()) == 2 for pair in given.get("hla", {}).values())
        assert example["working"]
