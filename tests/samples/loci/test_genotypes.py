"""Cells to copies: each field, each gap, and an error with record and field for what is wrong."""

import math

import numpy as np
import pytest

from riskscore.errors import UsageError, VCFFormatError
from riskscore.samples.files.reading import GenotypeField, Reading
from riskscore.samples.files.record import Record
from riskscore.samples.loci.dosages import NOT_TOLD
from riskscore.samples.loci.genotypes import read_copies

nan = math.nan


def record(keys: str, *cells: str, alt: str = "G", chromosome: str = "6") -> Record:
    return Record(
        chromosome=chromosome,
        position=100,
        id="rs1",
        ref="A",
        alts=tuple(alt.split(",")),
        filter="PASS",
        info=".",
        format=tuple(keys.split(":")),
        body="\t".join(cells).encode(),
        samples=len(cells),
        file="test.vcf",
    )


def copies(keys: str, *cells: str, field: str = "auto", **fixed: str) -> list[float]:
    values = read_copies(record(keys, *cells, **fixed), GenotypeField(field)).values
    assert values.dtype == np.float32
    assert values.shape == (len(fixed.get("alt", "G").split(",")), len(cells))
    return [round(value, 6) for value in values[0].tolist()]


def same(found: list[float], expected: list[float]) -> bool:
    return np.array_equal(found, expected, equal_nan=True)


def test_gt() -> None:
    cells = ["0/0", "0|1", "1/0", "1|1", "./.", ".", ".|.", "./1", "0|."]
    assert same(copies("GT", *cells), [0, 1, 1, 2, nan, nan, nan, nan, nan])
    assert read_copies(record("GT", *cells)).notes == {"half_call": 2}


def test_gt_of_several_alts() -> None:
    values = read_copies(record("GT", "0/1", "1/2", "2|2", "0/0", alt="G,T")).values
    assert values.tolist() == [[1, 1, 0, 0], [0, 1, 2, 0]]


def test_gt_where_it_stands_second() -> None:
    assert copies("DP:GT", "9:0/1", "9:1/1") == [1, 2]


def test_gt_with_the_phase_before_it() -> None:
    assert copies("GT", "|0|1", "/1/1") == [1, 2]


def test_haploid_calls() -> None:
    assert same(copies("GT", "1", "0", "0/1"), [nan, nan, 1])
    assert read_copies(record("GT", "1", "0", "0/1")).notes == {"haploid": 2}
    # plink2 counts a haploid call on X twice, in GT as in DS.
    assert copies("GT", "1", "0", "0/1", chromosome="X") == [2, 0, 1]
    assert copies("GT:DS", "0:0.1", "1:0.9", "0/1:1.1", chromosome="X") == [0.2, 1.8, 1.1]
    assert copies("HDS", "0.9", "0.2,0.5", chromosome="X") == [1.8, 0.7]
    assert copies("GP", "0.2,0.8", "0,1,0", chromosome="X") == [1.6, 1]


@pytest.mark.parametrize(
    ("keys", "cell", "expected"),
    [
        ("GT:DS", "0/1:0.87", 0.87),
        ("GT:DS", "0/1", 1.0),
        ("GT:DS", "0/1:.", 1.0),
        ("GT:HDS", "0|1:0.1,0.8", 0.9),
        ("HDS", "0.1,0.8", 0.9),
        ("GP", "0.1,0.7,0.2", 1.1),
        ("GT:GP", "0/1:0.1,0.7,0.2", 1.1),
        ("GT:DS:HDS:GP", "0|1:1.1:0.3,0.8:0.1,0.7,0.2", 1.1),
        ("DS", "2.005", 2.0),
        ("DS", "-0.004", 0.0),
        ("DS", "1e-2", 0.01),
    ],
)
def test_auto_takes_the_best_field(keys: str, cell: str, expected: float) -> None:
    assert copies(keys, cell) == [expected]


def test_auto_counts_cells_that_lack_the_field() -> None:
    found = read_copies(record("GT:DS", "0/1:0.9", "1/1", "./.:."))
    assert same(found.values[0].round(6).tolist(), [np.float32(0.9).round(6), 2, nan])
    assert found.notes == {"other_field": 1}


@pytest.mark.parametrize(
    ("field", "expected"), [("GT", 1.0), ("DS", 0.9), ("HDS", 0.8), ("GP", 0.7)]
)
def test_a_field_asked_for(field: str, expected: float) -> None:
    assert copies("GT:DS:HDS:GP", "0|1:0.9:0.1,0.7:0.3,0.7,0", field=field) == [expected]


def test_gp_of_several_alts() -> None:
    # The order of VCF: 0/0, 0/1, 1/1, 0/2, 1/2, 2/2.
    values = read_copies(record("GP", "0.1,0.2,0.1,0.3,0.2,0.1", alt="G,T")).values
    assert values[:, 0].tolist() == pytest.approx([0.2 + 2 * 0.1 + 0.2, 0.3 + 0.2 + 2 * 0.1])


@pytest.mark.parametrize(
    ("gt", "ds", "conflict"),
    [
        ("0/0", 0.9, False),
        ("0/0", 1.2, True),
        ("0/1", 0.55, False),
        ("0/1", 0.4, True),
        ("1/1", 1.01, False),
        ("1/1", 0.0, True),
        ("./.", 1.0, False),
    ],
)
def test_a_dosage_that_no_best_guess_can_have(gt: str, ds: float, conflict: bool) -> None:
    found = read_copies(record("GT:DS", f"{gt}:{ds}"))
    assert found.notes == ({"ds_gt_conflict": 1} if conflict else {})
    assert found.values[0, 0] == np.float32(ds)  # the dosage is used all the same


def test_dosages_that_contradict_each_other() -> None:
    agreed = record("DS:HDS:GP", "1.1:0.3,0.8:0.1,0.7,0.2", "1.09:0.3,0.8:0.1,0.7,0.2")
    assert read_copies(agreed).notes == {}
    assert read_copies(record("DS:HDS", "1.1:0.3,0.6")).notes == {"dosage_conflict": 1}
    assert read_copies(record("DS:GP", "1.1:0.7,0.2,0.1")).notes == {"dosage_conflict": 1}


@pytest.mark.parametrize(
    ("keys", "cell", "words"),
    [
        ("GT", "0/2", "GT of the record at 6:100 A>G: '0/2' names an allele beyond ALT"),
        ("GT", "0/1/1", "3 alleles"),
        ("GT", "A/G", "not a genotype"),
        ("GT", "0/-1", "not a genotype"),
        ("GT", "0/99999999", "beyond ALT"),
        ("DS", "2.7", "DS of the record at 6:100 A>G: 2.7 is not between 0 and 2"),
        ("DS", "-0.5", "not between"),
        ("DS", "nan", "not a finite number"),
        ("DS", "inf", "not a finite number"),
        ("DS", "0,97", "2 values for 1 ALT"),
        ("DS", "abc", "not a number"),
        ("HDS", "0.5,0.5,0.5", "3 values"),
        ("HDS", "0.5,1.5", "not between 0 and 1"),
        ("GP", "0,1,0,0", "4 values"),
        ("GP", "0,30,99", "not between 0 and 1"),
        ("GP", "0.5,0.1,0.1", "do not sum to 1"),
        ("GT:DS", "0/1:1:9", "more fields than FORMAT"),
        ("DS:DS", "1:1", "names a field twice"),
        ("DP", "9", "DP has no DS or HDS or GP or GT"),
    ],
)
def test_what_is_wrong_is_an_error(keys: str, cell: str, words: str) -> None:
    with pytest.raises(VCFFormatError) as error:
        read_copies(record(keys, cell, cell))
    assert words in str(error.value)
    assert "test.vcf" in str(error.value)


def test_dosages_of_several_alts() -> None:
    values = read_copies(record("DS", "0.5,1.2", ".,1", alt="G,T")).values
    assert same(values[:, 0].tolist(), [0.5, float(np.float32(1.2))])
    assert np.isnan(values[:, 1]).all()  # one of two is not enough
    with pytest.raises(VCFFormatError, match="sum to more than"):
        read_copies(record("DS", "1.5,1.5", alt="G,T"))


def test_a_field_that_is_not_there() -> None:
    with pytest.raises(VCFFormatError, match="GT:DS has no HDS"):
        read_copies(record("GT:DS", "0/1:1"), GenotypeField.HDS)


def test_too_many_and_too_few_cells() -> None:
    for cells in ("0/1", "0/1\t0/0\t0/0"):
        wrong = record("GT", "0/1", "0/0")
        object.__setattr__(wrong, "body", cells.encode())
        with pytest.raises(VCFFormatError, match=r"columns, the header 11"):
            wrong.genotypes()


def test_no_sample_id_is_ever_in_an_error() -> None:
    with pytest.raises(VCFFormatError) as error:
        read_copies(record("GT", "0/7"))
    assert "S0" not in str(error.value)


@pytest.mark.parametrize("choice", [{"field": "PL"}, {"absent": "zero"}, {"min_r2": 1.5}])
def test_choices_that_cannot_be_meant(choice: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Reading(**choice)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "cell", "expected"),
    [
        ("GT:DS:HDS", "0|1:1:0,1", 0.0),  # surely one copy
        ("GT:DS:HDS", "0|1:1:0.5,0.5", 0.5),
        ("GT:DS:HDS", "0|0:0.5:0.2,0.3", 0.2 * 0.8 + 0.3 * 0.7),
        ("GT:DS:GP", "0/1:1:0.25,0.5,0.25", 0.5),
        ("GT:DS:GP", "0/1:1:0.5,0,0.5", 1.0),  # 0 or 2 copies, never one
        ("DS:HDS:GP", "1:0.5,0.5:0,1,0", 0.0),  # GP is of the genotype itself
        ("GP", "0.1,0.7,0.2", 0.7 + 4 * 0.2 - 1.1**2),
        ("GT:DS:HDS", "0|1:1:0.9,0.9", nan),  # contradicts the dosage
        ("GT:DS:HDS", "0|1:1:.", nan),
        ("GT:DS:GP:HDS", "0/1:1:.:0.5,0.5", nan),
    ],
)
def test_variance_of_the_copies(keys: str, cell: str, expected: float) -> None:
    """By the definition E[g^2] - E[g]^2, its square root to half a 254th."""
    found = read_copies(record(keys, cell)).variance
    assert found is not None
    assert (found[0] == NOT_TOLD) == math.isnan(expected)
    if not math.isnan(expected):
        assert found[0] / 254 == pytest.approx(math.sqrt(expected), abs=0.5001 / 254)


def test_no_variance_where_the_file_tells_none() -> None:
    assert read_copies(record("GT:DS", "0/1:1.2")).variance is None
    assert read_copies(record("GT:DS:HDS", "0|1:1:0.5,0.5"), GenotypeField.GT).variance is None
    assert read_copies(record("GT:DS:GP", "0/1:1:0,1,0"), GenotypeField.DS).variance is None
    two = record("GT:GP", "0/1:0,1,0,0,0,0", alt="G,T")
    assert read_copies(two).variance is None
