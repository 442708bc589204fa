"""Earlier scores, lupus and Hashimoto's thyroiditis against the published tables, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.reference.published_rows import (
    SNP,
    Row,
    compared_t1d_snps,
    interval_error,
    picked,
    six_digits,
    snps,
)

Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]

MODELS = ("t1d-grs2-sharp19", "t1d-grs2-sharp21", "t1d-grs1", "ra-dumontcel", "ms-2013", "sle",
          "hashimoto", "ra-smoking-epitope", "ms-smoking-hla")  # fmt: skip
# Loci that the published lists misname: rs3024505 is IL10 in the list of GRS1 (Oram 2016).
RELABELLED = {
    "rs3024505": ("PTPN22", "IL10"),
    "rs6476839": ("COBL", "GLIS3 (recalled)"),
    "rs9585056": ("IRF7", "GPR183 (recalled)"),
}
EDITIONS = pytest.mark.parametrize("edition", ["sharp19", "sharp21"])
PALINDROMES = ({"A", "T"}, {"C", "G"})
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def error(low: str, high: str) -> str:
    """The standard error that a 95% interval stands for, six digits; nothing without one."""
    return six_digits(interval_error(low, high)) if low and high else ""


# What holds for every file ----------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_every_row_has_its_source_and_label(weights: Read, name: str) -> None:
    rows = weights(name)
    keys = [(r["rsID"], r["effect_allele"], r["locus_name"], r.get("is_recessive")) for r in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert row["source"].strip()
        assert row["component"]
        assert ("recalled" in row["source"]) == (row["status"] == "recalled")
        if row["rsID"] == ".":
            continue
        assert row["effect_allele"] != row["other_allele"]
        assert 0 < float(row["allelefrequency_effect_EUR"]) < 1
        letters = {row["effect_allele"], row["other_allele"]}
        assert ("palindromic" in row["variant_description"]) == (letters in PALINDROMES)


@pytest.mark.parametrize("name", MODELS)
def test_header_and_card(weights: Read, model: Load, name: str) -> None:
    card = model(name)
    assert card["id"] == name
    assert card["intended_use"]
    assert card["not_for"]
    assert card["limits"]
    assert {"study_design", "genetic_data", "missing_data", "construction", "model_type"} <= set(
        card["reporting"]
    )
    for risk in card["baseline"]["prevalence"]:
        assert risk["source"]
        assert ("recalled" in risk["source"]) == (risk["status"] == "recalled")


# Type 1 diabetes --------------------------------------------------------------------------------


@EDITIONS
def test_grs2_snps(weights: Read, published: Read, edition: str) -> None:
    ours = snps(weights(f"t1d-grs2-{edition}"))
    theirs = [
        row
        for row in published("t1d/grs2_snps")
        if row["score"] == f"t1dgrs2-{edition}" and not row["dq_tag"]
    ]
    assert len(ours) == 53
    for row in theirs:
        label, right = RELABELLED.get(row["rsid"], (row["locus"], row["locus"]))
        assert row["locus"] == label
        row["locus"] = right
    for row, _ in compared_t1d_snps(ours, theirs):
        assert row["status"] == "found"


@EDITIONS
def test_grs2_haplotypes_and_pairs(weights: Read, published: Read, edition: str) -> None:
    rows = weights(f"t1d-grs2-{edition}")
    name = {row["dq_tag"]: row["short"] for row in published("t1d/grs2_drdq_tags")}
    ours = {row["locus_name"]: row["effect_weight"] for row in rows if row["is_haplotype"]}
    assert ours == {r["short"]: r["beta_haplotype"] for r in published("t1d/grs2_drdq_tags")}
    pairs = {row["effect_allele"]: row["effect_weight"] for row in rows if row["is_diplotype"]}
    assert pairs == {
        f"{name[r['dq1']]}+{name[r['dq2']]}": r["beta_total"]
        for r in published("t1d/grs2_interactions")
    }
    alleles = {r["locus_name"]: r["effect_allele"] for r in weights("t1d") if r["is_haplotype"]}
    assert alleles == {r["locus_name"]: r["effect_allele"] for r in rows if r["is_haplotype"]}


@EDITIONS
def test_grs2_tags(reference: Read, published: Read, edition: str) -> None:
    rank = {row["dq"]: row["rank"] for row in published("t1d/grs2_klitz_ranking")}
    columns = "code rank tag_rsid position_grch38 position_grch37 tag_allele other_allele"
    theirs = [
        row
        for row in published("t1d/grs2_snps")
        if row["score"] == f"t1dgrs2-{edition}" and row["dq_tag"]
    ]
    assert picked(reference(f"models/t1d-grs2-{edition}/haplotypes"), columns.split()) == sorted(
        (
            row["dq_tag"],
            rank[row["dq_tag"]],
            *(row[c] for c in "rsid pos_grch38 pos_grch37 effect_allele other_allele".split()),
        )
        for row in theirs
    )
    # The same tags, as the table of haplotypes has them.
    for row in published("t1d/grs2_drdq_tags"):
        (tag,) = [t for t in theirs if t["dq_tag"] == row["dq_tag"]]
        assert row[f"tag_t1dgrs2-{edition}"] == f"{tag['rsid']}:{tag['effect_allele']}"
        assert row[f"grch38_t1dgrs2-{edition}"] == f"6:{tag['pos_grch38']}"


def test_the_direction_of_rs9388489(weights: Read, published: Read) -> None:
    (table,) = [r for r in published("t1d/disagreements_t1d") if r["item"] == "rs9388489"]
    assert table["resolution"].startswith("Use G")
    for name in ("t1d", "t1d-grs1", "t1d-grs2-sharp19", "t1d-grs2-sharp21"):
        (row,) = [row for row in weights(name) if row["rsID"] == "rs9388489"]
        assert (row["effect_allele"], row["effect_weight"]) == ("G", "0.16")


def test_grs1(weights: Read, reference: Read, published: Read) -> None:
    rows = weights("t1d-grs1")
    extra = ["OR", "locus_name", "component", "reference_allele", "allelefrequency_effect_EUR"]
    ours = snps(rows)
    assert len(ours) == 28
    assert picked(ours, [*SNP, *extra]) == picked(
        published("t1d/grs1_snps"),
        "rsid chrom pos_grch38 pos_grch37 effect_allele other_allele beta or_published locus "
        "component ref eaf_eur".split(),
    )
    theirs = {row["diplotype"]: row for row in published("t1d/grs1_hla_diplotypes")}
    drdq = {row["locus_name"]: row for row in rows if row["rsID"] == "."}
    assert {
        "DR3": "DR3/X", "DR4-DQ8": "DR4-DQ8/X", "DR3+DR4-DQ8": "DR3/DR4-DQ8",
        "DR3+DR3": "DR3/DR3", "DR4-DQ8+DR4-DQ8": "DR4-DQ8/DR4-DQ8",
    }.keys() == drdq.keys()  # fmt: skip
    for name, row in drdq.items():
        table = theirs[name.replace("+", "/") if "+" in name else f"{name}/X"]
        assert (row["effect_weight"], row["OR"]) == (table["beta"], table["or_published"])
        assert table["rule"] in row["source"]
        assert table["source"] in row["source"]
    tags = {row["name"]: row for row in reference("models/t1d-grs1/haplotypes")}
    for name, row in tags.items():
        told = (
            f"{name}: {row['tag_rsid']} {row['tag_allele']} (6:{row['position_grch37']} b37 / "
            f"6:{row['position_grch38']} b38, {row['other_allele']}>{row['tag_allele']})"
        )
        assert all(told in table["tags"] for table in theirs.values())


# Rheumatoid arthritis ---------------------------------------------------------------------------


def test_dumontcel_genotypes(weights: Read, published: Read) -> None:
    theirs = {r["term"]: r for r in published("ra/ra_hla_other") if r["group"] == "tdm_genotype"}
    ours = {row["locus_name"]: row for row in weights("ra-dumontcel")}
    assert set(ours) == set(theirs) - {"L/L"}
    for name, row in ours.items():
        table = theirs[name]
        assert row["OR"] == table["value"]
        assert row["effect_weight"] == six_digits(math.log(float(table["value"])))
        assert row["standard_error"] == error(table["ci_low"], table["ci_high"])
        assert table["source"] in row["source"]


def test_dumontcel_classes_by_residues(weights: Read, published: Read) -> None:
    """The residues of the rows tell S2 and S3P apart from every other class, allele by allele."""
    rows = {row["locus_name"]: row for row in weights("ra-dumontcel")}
    rules = {name: rows[f"{name}/{name}"]["effect_allele"] for name in ("S2", "S3P")}
    assert rows["S2/S3P"]["effect_allele"] == f"{rules['S2']}_x_{rules['S3P']}"
    assert rows["S2/L"]["effect_allele"] == f"{rules['S2']}_x_{rules['S3P']}"
    assert rows["S3P/L"]["effect_allele"] == f"{rules['S3P']}_x_{rules['S2']}"
    assert {rows[n]["interaction_coding"] for n in ("S2/L", "S3P/L")} == {"one copy_x_absent"}
    assert rows["S2/S3P"]["interaction_coding"] == "one copy_x_one copy"
    seen = set()
    for allele in published("hla/drb1_aminoacids_all2field"):
        matched = [
            name
            for name, rule in rules.items()
            if all(
                allele[f"aa{part.removeprefix('HLA-DRB1:')[:2]}"] in part[len("HLA-DRB1:") + 2 :]
                for part in rule.split(";")
            )
        ]
        expected = [allele["tdm_class"]] if allele["tdm_class"] in rules else []
        assert matched == expected, allele["allele"]
        seen.add(allele["tdm_class"])
    assert {"S1", "S2", "S3P", "S3D", "X"} <= seen


# Multiple sclerosis -----------------------------------------------------------------------------


def test_ms_2013_snps(weights: Read, published: Read) -> None:
    ours = snps(weights("ms-2013"))
    theirs = {r["rsid"]: r for r in published("ms/ms_snps_imsgc2013") if float(r["p"]) < 5e-8}
    assert {row["rsID"] for row in ours} == set(theirs)
    assert len(ours) == 97
    letters = {
        r["rsid"]: (r["effect_allele"], r["other_allele"], float(r["eaf_eur"] or "nan"))
        for r in published("ms/ms_snps")
    }
    for row in ours:
        table = theirs[row["rsID"]]
        assert (row["chr_name"], row["chr_position"]) == (table["chr"], table["pos_grch38"])
        assert row["position_grch37"] == table["pos_grch37"]
        assert (row["OR"], row["locus_name"]) == (table["or"], table["gene"])
        assert row["effect_weight"] == six_digits(math.log(float(table["or"])))
        assert row["standard_error"] == error(table["ci_low"], table["ci_high"])
        assert row["allelefrequency_effect_EUR"] == table["eaf"]
        assert table["source"] in row["source"]
        if not row["other_allele"]:
            assert row["effect_allele"] == table["effect_allele"]
            continue
        effect, other, frequency = letters[row["rsID"]]
        assert {row["effect_allele"], row["other_allele"]} == {effect, other}
        either = {table["effect_allele"], table["effect_allele"].translate(COMPLEMENT)}
        assert row["effect_allele"] in either
        share = frequency if row["effect_allele"] == effect else 1 - frequency
        assert float(row["allelefrequency_effect_EUR"]) == pytest.approx(share, abs=0.05)


def test_ms_2013_hla(weights: Read, published: Read) -> None:
    theirs = [r for r in published("ms/ms_hla") if r["model"] == "IMSGC2011_conditional"]
    ours = [row for row in weights("ms-2013") if row["rsID"] == "."]
    assert picked(ours, ["effect_allele", "effect_weight", "OR", "source"]) == sorted(
        (f"HLA-{r['allele']}", r["beta"], r["or"], r["source"]) for r in theirs
    )
    assert len(ours) == 5


# Lupus, Hashimoto's thyroiditis -----------------------------------------------------------------

OTHER_FREQUENCY = {"rs3775291": "0.7", "rs763361": "0.47799"}  # of hashimoto; see the rows' sources


@pytest.mark.parametrize(("name", "count"), [("sle", 39), ("hashimoto", 36)])
def test_snps_of_the_extracts(weights: Read, published: Read, name: str, count: int) -> None:
    ours = snps(weights(name))
    theirs = {
        row["rsid"]: row
        for row in published(f"{name}/{name}_snps")
        if row["recommended"].startswith("core") or row["rsid"] == "rs1270942"
    }
    assert len(ours) == len(theirs) == count
    for row in ours:
        table = theirs[row["rsID"]]
        assert (row["chr_name"], row["chr_position"]) == (table["chrom"], table["pos_grch38"])
        assert row["position_grch37"] == table["pos_grch37"]
        names = ("effect_allele", "other_allele")
        assert [row[n] for n in names] == [table[n] for n in names]
        assert (row["effect_weight"], row["OR"]) == (table["beta"], table["or_value"])
        # The extract's weights and odds ratios were rounded apart from each other.
        assert float(row["effect_weight"]) == pytest.approx(math.log(float(row["OR"])), abs=5e-4)
        frequency = table["eaf_1000g_eur"] or OTHER_FREQUENCY[row["rsID"]]
        assert row["allelefrequency_effect_EUR"] == frequency
        assert table["weight_source"] in row["source"]
        assert row["status"] == ("recalled" if "recalled" in row["source"] else "found")
    assert [r["rsID"] for r in ours if r["fallback_for"]] == (
        ["rs1270942"] if name == "sle" else []
    )


def test_frequency_of_rs763361_is_that_of_grs1(weights: Read) -> None:
    (row,) = [row for row in weights("hashimoto") if row["rsID"] == "rs763361"]
    (grs1,) = [row for row in weights("t1d-grs1") if row["rsID"] == "rs763361"]
    assert row["effect_allele"] == grs1["effect_allele"]
    assert row["allelefrequency_effect_EUR"] == grs1["allelefrequency_effect_EUR"]


def test_sle_hla(weights: Read, published: Read) -> None:
    theirs = {row["term"].split()[0]: row for row in published("sle/sle_hla")}
    ours = [row for row in weights("sle") if row["rsID"] == "."]
    assert [row["effect_allele"] for row in ours] == [
        "HLA-DRB1*03:01",
        "HLA-DRB1*15:01/HLA-DRB1*15:03",
    ]
    for row, name in zip(ours, ("HLA-DR3", "HLA-DR15"), strict=True):
        table = theirs[name]
        assert row["is_dominant"] == "True"
        assert (row["OR"], row["source"]) == (table["value"], table["source"])
        assert row["effect_weight"] == six_digits(math.log(float(table["value"])))
        assert row["standard_error"] == error(table["ci_low"], table["ci_high"])


EXPOSURES = {
    ("sle", "smoking", "current"): ("smoking", "current vs non"),
    ("sle", "oral_contraceptives", "ever"): ("oral_contraceptives", "ever use"),
    ("sle", "postmenopausal_hormones", "ever"): ("postmenopausal_hormones", "use"),
    ("sle", "early_menarche", "10_or_earlier"): ("menarche", "<=10 y"),
    ("sle", "silica", "exposed"): ("silica", "occupational, case-control"),
    ("sle", "stress_ptsd", "diagnosed"): ("stress_ptsd", "PTSD"),
    ("hashimoto", "smoking", "current"): (
        "smoking", "current vs never (overt hypothyroidism)",
    ),
    ("hashimoto", "alcohol", "0_units"): ("alcohol", "0 units/week vs 1-10"),
    ("hashimoto", "alcohol", "11-20_units"): ("alcohol", "11-20 units/week vs 1-10"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["sle", "hashimoto"])
def test_exposures(model: Load, published: Read, name: str) -> None:
    table = {(r["factor"], r["level_or_unit"]): r for r in published(f"{name}/{name}_env")}
    ours = {}
    for exposure in model(name)["exposures"]:
        assert exposure["status"] == "found"
        for level in exposure["levels"]:
            if "ci" in level:
                key = (name, exposure["id"], level["value"])
                ours[key] = [float(x) for x in (level["odds_ratio"], *level["ci"])]
                row = table[EXPOSURES[key]]
                assert row["recommended"] == "yes"
                assert ("women" in row["coding"]) == (exposure.get("sex") == "female")
                author_and_year = " ".join(row["source"].split()[:2])
                assert author_and_year in exposure["source"]
    assert ours == {
        key: [float(table[row][c]) for c in ("value", "ci_low", "ci_high")]
        for key, row in EXPOSURES.items()
        if key[0] == name
    }


def test_hashimoto_separates_as_weakly_as_it_says(weights: Read, model: Load) -> None:
    """AUC of a normal score with variance v in cases and controls: Phi(sqrt(v / 2))."""
    variance = sum(
        2 * f * (1 - f) * w * w
        for f, w in (
            (float(r["allelefrequency_effect_EUR"]), float(r["effect_weight"]))
            for r in snps(weights("hashimoto"))
        )
    )
    auc = (1 + math.erf(math.sqrt(variance / 2) / math.sqrt(2))) / 2
    assert [p["value"] for p in model("hashimoto")["performance"]] == [f"{auc:.2f}"]
