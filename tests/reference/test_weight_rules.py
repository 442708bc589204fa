"""What holds for every weights file: sources, statuses, alleles, positions, frequencies, header."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("t1d", "ra", "ms")
FREQUENCY = "allelefrequency_effect_"
COLUMNS = (
    "rsID chr_name chr_position effect_allele other_allele locus_name is_haplotype is_diplotype "
    "is_interaction is_dominant is_recessive effect_weight {dosages}OR {frequencies} variant_type "
    "variant_description position_grch37 reference_allele interaction_coding fallback_for "
    "component standard_error {derived}source status"
)
POPULATIONS = ("EUR", "AFR", "AMR", "EAS", "SAS")
PARTLY = ("t1d", "t1d-grs2-sharp19", "t1d-grs2-sharp21", "ra", "hashimoto", "ms-2013")
COUNTED = ("rs9268500",)  # not those that mark an HLA allele, which have the allele's frequency
PALINDROMES = ({"A", "T"}, {"C", "G"})

every_model = pytest.mark.parametrize("name", MODELS)


@every_model
def test_columns_are_the_documented_ones(weights: Read, name: str) -> None:
    frequencies = " ".join(FREQUENCY + code for code in POPULATIONS)
    dosages = " ".join(f"dosage_{n}_weight" for n in range(3)) + " " if name == "ra" else ""
    derived = "standard_error_source " if name == "t1d" else ""
    for row in weights(name):
        columns = COLUMNS.format(frequencies=frequencies, dosages=dosages, derived=derived)
        assert list(row) == columns.split()


@every_model
def test_header_is_a_pgs_catalog_header(weights: Read, name: str) -> None:
    path = ROOT / "reference" / "models" / name / "weights.tsv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] == "#"]
    assert lines[0].startswith("###PGS CATALOG SCORING FILE")
    assert lines[1:3] == ["#format_version=2.0", "##POLYGENIC SCORE (PGS) INFORMATION"]
    fields = [line.strip("#").split("=") for line in lines if line[1] != "#"]
    assert all(len(field) == 2 and field[1] for field in fields)
    header = dict(fields)
    assert header["pgs_id"] == header["pgs_name"] == name
    assert header["genome_build"] == "GRCh38"
    assert header["weight_type"] == "beta"
    assert int(header["variants_number"]) == len(weights(name))


@every_model
def test_every_row_says_where_it_came_from(weights: Read, name: str) -> None:
    for row in weights(name):
        assert row["source"].strip()
        assert row["status"] in {"found", "derived", "recalled"}
        assert row["component"]
        by_dosage = [row.get(f"dosage_{copies}_weight") for copies in range(3)]
        cells = by_dosage if any(by_dosage) else [row["effect_weight"]]
        assert all(math.isfinite(float(cell or "nan")) for cell in cells)
        assert not (any(by_dosage) and row["effect_weight"])


@every_model
def test_no_recalled_number_without_its_label(weights: Read, name: str) -> None:
    for row in weights(name):
        assert ("recalled" in row["source"]) == (row["status"] == "recalled")


@every_model
def test_rows_are_told_apart(weights: Read, name: str) -> None:
    keys = [
        (row["rsID"], row["effect_allele"], row["is_recessive"], row["is_dominant"])
        for row in weights(name)
    ]
    assert len(set(keys)) == len(keys)
    ids = [row["rsID"] for row in weights(name) if row["rsID"] != "."]
    assert len(set(ids)) == len(ids)


@every_model
def test_flags_say_what_the_effect_allele_shows(weights: Read, name: str) -> None:
    for row in weights(name):
        effect = row["effect_allele"]
        kind = ""
        if row["rsID"] == ".":
            kind = "HLA_AA" if effect[-1].isalpha() else "HLA_allele"
        assert row["variant_type"] == kind
        assert row["is_haplotype"] == ("True" if ";" in effect else "")
        assert row["is_diplotype"] == ("True" if "+" in effect else "")
        assert row["is_interaction"] == ("True" if "_x_" in effect else "")
        assert row["interaction_coding"].count("_x_") == effect.count("_x_")
        assert bool(row["interaction_coding"]) == bool(row["is_interaction"])
        if row["is_diplotype"]:
            assert row["locus_name"] == effect
        if row["rsID"] != ".":
            assert row["is_dominant"] == row["is_recessive"] == ""
        assert bool(row["reference_allele"]) == (name == "t1d" and row["rsID"] != ".")
        assert bool(row["fallback_for"]) == (row["rsID"] == "rs9268839")


@every_model
def test_snp_alleles_and_positions(weights: Read, name: str) -> None:
    for row in weights(name):
        if row["rsID"] == ".":
            assert row["chr_position"] == row["position_grch37"] == row["other_allele"] == ""
            continue
        effect, other = row["effect_allele"], row["other_allele"]
        assert effect != other
        assert set(effect + other) <= set("ACGT")
        assert row["reference_allele"] in {"", effect, other}
        assert int(row["chr_position"]) > 0
        assert int(row["position_grch37"]) > 0
        assert row["chr_name"] in {str(number) for number in range(1, 23)}
        assert ("palindromic" in row["variant_description"]) == ({effect, other} in PALINDROMES)


@every_model
def test_every_snp_has_its_frequencies(weights: Read, name: str) -> None:
    for row in weights(name):
        if row["rsID"] != ".":
            assert 0 < float(row[FREQUENCY + "EUR"]) < 1
            if name == "ms":
                assert all(0 < float(row[FREQUENCY + code]) < 1 for code in POPULATIONS)


@pytest.mark.parametrize("name", PARTLY)
def test_frequencies_beside_eur_are_those_of_1000_genomes(
    weights: Read, published: Read, name: str
) -> None:
    """Those that the tables of MS have, or that the genotypes of the example have when counted."""
    known = {row["rsid"]: row for row in published("ms/ms_snps") if row["eaf_afr"]}
    example = _counted()
    found = {row["rsID"]: row for row in weights(name) if row[FREQUENCY + "AFR"]}
    shared = [row for row in weights(name) if row["rsID"] in {*known, *example} - {"."}]
    assert found
    assert sorted(found) == sorted(row["rsID"] for row in shared)
    for rsid, row in found.items():
        effect = row["effect_allele"]
        for code in POPULATIONS[1:]:
            if rsid in known:
                share = float(known[rsid][f"eaf_{code.lower()}"])
                expected = share if known[rsid]["effect_allele"] == effect else 1 - share
            else:
                alternate, shares = example[rsid]
                expected = shares[code] if alternate == effect else 1 - shares[code]
            assert float(row[FREQUENCY + code]) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize("name", PARTLY)
def test_snps_that_mark_an_allele_have_its_frequency_beside_eur(
    weights: Read, model: Callable[[str], dict[str, Any]], name: str
) -> None:
    """Percentiles of people of whom HLA is typed would be off, where a tag does not hold."""
    marks = {marker["variant"] for marker in model(name).get("markers", [])}
    for row in weights(name):
        assert row["rsID"] not in marks or not row[FREQUENCY + "AFR"]


@cache
def _counted() -> dict[str, tuple[str, dict[str, float]]]:
    """By rsID of the scores' SNPs in the example: the alternate letter and its frequencies."""
    folder = ROOT / "reference" / "examples"
    people = (folder / "1000G_samples.tsv").read_text(encoding="utf-8").splitlines()
    group = dict(line.split("\t")[0:3:2] for line in people[1:])
    found = {}
    with gzip.open(folder / "1000G_MHC_HLA.GRCh38.vcf.gz", "rt") as lines:
        for line in lines:
            if line.startswith("#CHROM"):
                codes = [group[name] for name in line.split()[9:]]
            elif not line.startswith("#") and line.split("\t", 3)[2] in COUNTED:
                cells = line.split()
                copies = dict.fromkeys(POPULATIONS, 0)
                for code, cell in zip(codes, cells[9:], strict=True):
                    copies[code] += cell[:3].count("1")
                shares = {code: copies[code] / codes.count(code) / 2 for code in POPULATIONS}
                found[cells[2]] = (cells[4], shares)
    return found


def test_t1d_frequencies_agree_with_1000_genomes(weights: Read, published: Read) -> None:
    known = {
        row["rsid"]: float(row["eaf_1kg_eur"])
        for row in published("t1d/grs2_snps")
        if row["score"] == "t1dgrs2-luckett25" and row["eaf_1kg_eur"] and not row["replaces"]
    }
    rows = [row for row in weights("t1d") if row["rsID"] in known]
    assert len(rows) > 30
    for row in rows:
        assert float(row[FREQUENCY + "EUR"]) == pytest.approx(known[row["rsID"]], abs=0.03)


def test_ra_frequencies_agree_with_1000_genomes(weights: Read, published: Read) -> None:
    known = {row["rsid"]: row["eaf_1000g_eur"] for row in published("ra/ra_snps")}
    for row in weights("ra"):
        if row["rsID"] != ".":
            expected = float(known[row["rsID"]])
            assert float(row[FREQUENCY + "EUR"]) == pytest.approx(expected, abs=0.05)


def test_t1d_haplotype_frequencies_leave_room_for_others(reference: Read) -> None:
    total = sum(float(row["tag_frequency_EUR"]) for row in reference("models/t1d/haplotypes"))
    assert 0.9 < total < 1
