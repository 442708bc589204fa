"""Every variant of a region, as the file writes it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import NothingMatchedError, UsageError

SAMPLES = ["a", "b", "c"]
ROWS = [
    ("6", 1000, "rs1", "A", "T", "GT", ["0/0", "0/1", "1/1"]),  # a palindrome, as it is written
    ("6", 1100, "rs2", "G", "A,C", "GT", ["0/1", "1/2", "2/2"]),
    ("6", 1200, "rs3", "C", "CTT", "GT", ["0/1", "./.", "0/0"]),
    ("6", 1300, ".", "G", "A", "DS", ["0.25", "1.5", "."]),
    ("6", 1400, "dup", "C", "T", "GT", ["0/1", "0/1", "0/0"]),
    ("6", 1500, "dup", "C", "T", "GT", ["0/0", "0/1", "1/1"]),
    ("6", 1600, "HLA_B*08:01", "A", "T", "GT", ["0/1", "0/1", "0/1"]),  # a marker of a panel
    ("6", 1700, "rs9", "G", "A", "GT", ["0/1", "0/1", "0/1"]),  # beyond the region
]


@pytest.mark.parametrize("index", [True, False])
def test_every_alt_of_the_region_is_a_row(make_vcf: Callable[..., Path], index: bool) -> None:
    vcf = make_vcf(SAMPLES, ROWS, index=index)
    cohort = rs.read_cohort(vcf, (), regions=["chr6:1,000-1,600"], build="GRCh38")
    nan = np.nan
    expected = {
        "rs1": [0, 1, 2],
        "6:1100:G:A": [1, 1, 0],
        "6:1100:G:C": [0, 1, 2],
        "rs3": [1, nan, 0],
        "6:1300:G:A": [0.25, 1.5, nan],
        "6:1400:C:T": [1, 1, 0],
        "6:1500:C:T": [0, 1, 2],
    }
    names = [match.variant.name for match in cohort.dosages.matches]
    assert names == list(expected)
    np.testing.assert_array_equal(cohort.dosages.values, list(expected.values()))


def test_a_variant_of_a_model_is_there_once(make_vcf: Callable[..., Path]) -> None:
    snp = next(v for v in rs.load_model("ra").variants if v.name == "rs9268839")
    place, cells = snp.position_grch38, ["0/0", "0/1", "1/1"]
    row = ("6", place, "x", snp.other_allele, snp.effect_allele, "GT", cells)
    vcf = make_vcf(SAMPLES, [row])
    cohort = rs.read_cohort(vcf, "ra", regions=f"6:{place}-{place}", build="GRCh38")
    seen = [match for match in cohort.dosages.matches if not match.missing]
    assert [match.variant for match in seen] == [snp]


def test_what_cannot_be_read_says_why(make_vcf: Callable[..., Path]) -> None:
    vcf = make_vcf(SAMPLES, ROWS)
    for text in ("6", "6:5", "6:9-1", "6:0-9", "6:a-b", "6:,-9"):
        with pytest.raises(UsageError, match="is not a region"):
            rs.read_cohort(vcf, (), regions=text, build="GRCh38")
    for text in ("6:1-2", "7:1000-2000"):
        with pytest.raises(NothingMatchedError, match="no variant lies in"):
            rs.read_cohort(vcf, (), regions=text, build="GRCh38")
    with pytest.raises(UsageError, match="is no HLA gene"):
        rs.read_cohort(vcf, (), genes=["DRB9"], build="GRCh38")
    plain = make_vcf(SAMPLES, ROWS[:1], name="plain.vcf.gz")
    with pytest.raises(NothingMatchedError, match="no HLA gene can be read"):
        rs.read_cohort(plain, (), genes="all", build="GRCh38")
    with pytest.raises(UsageError, match="no model was named"):
        rs.read_cohort(plain, ())


def test_genes_that_no_model_needs_are_read(make_vcf: Callable[..., Path]) -> None:
    cells = ["0/1", "1/1", "0/0"], ["0/1", "0/0", "1/1"]
    rows = [
        ("6", 31_236_000 + i, f"HLA_C*{name}", "A", "T", "GT", own)
        for i, (name, own) in enumerate(zip(("07:01", "04:01"), cells, strict=True))
    ]
    cohort = rs.read_cohort(make_vcf(SAMPLES, rows), (), genes="all", build="GRCh38")
    assert list(cohort.hla.genes) == ["C"]
    found = rs.read_cohort(make_vcf(SAMPLES, rows), "ms", genes=["C"], build="GRCh38")
    assert str(found.hla.genes["C"].best(1)[0]) == "C*07:01"
