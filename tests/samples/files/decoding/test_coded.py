"""Cells as places in a table: the copies that reading each cell by itself gives, or None."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.samples.files.decoding.coded import coded_numbers, coded_text

ALLELES = st.sampled_from("01")
CALLS = st.builds("".join, st.tuples(ALLELES, st.sampled_from("|/"), ALLELES))
DOSAGES = st.integers(0, 2000).map(lambda n: f"{n / 1000:.3f}") | st.sampled_from(
    ["0", "1", "2", "0.5", "1.25", "2.0", "0.00", "1.000", "0.", "2.005", "2.010"]
)
# What a cell may hold that is not as usual: the record is then read cell by cell.
ODD = (
    "./. . 0/2 0 0|1: 0|1:. 0|1:3 0|1:2.011 0|1:0.1234 0|1:0,5 0|1:.5 0|1:1e0 0|1:-0 0|1:nan "
    "0|1:00.5 0|1:0.1:9 0|10:1 00|1:1 0\\1:1"
)
UNUSUAL = st.sampled_from([*ODD.split(), "", "0|1:0.5 "])


@given(st.lists(CALLS, min_size=1, max_size=60))
def test_calls_are_counted_allele_by_allele(cells: list[str]) -> None:
    found = coded_text("\t".join(cells).encode(), len(cells), ("GT",))
    assert found is not None
    assert found.values.tolist() == [float(int(c[0]) + int(c[2])) for c in cells]
    assert found.any_without == any(c[0] == c[2] == "0" for c in cells)


@given(st.lists(st.tuples(CALLS, DOSAGES), min_size=1, max_size=60))
def test_dosages_are_the_floats_of_their_text(cells: list[tuple[str, str]]) -> None:
    body = "\t".join(f"{gt}:{ds}" for gt, ds in cells).encode()
    found = coded_text(body, len(cells), ("GT", "DS"))
    assert found is not None
    copies = [np.float32(min(2.0, float(np.float32(float(ds))))) for _, ds in cells]
    assert found.values.tolist() == copies
    reach = {
        0: 1.01,
        1: 0.51,
        2: 1.01,
    }  # a best guess is within one copy, a heterozygote within half
    called = [int(gt[0]) + int(gt[2]) for gt, _ in cells]
    apart = [
        abs(np.float32(g) - d) > np.float64(reach[g]) for g, d in zip(called, copies, strict=True)
    ]
    assert found.conflicts == sum(map(bool, apart))
    assert found.through(lambda table: 2 - table).tolist() == [float(2 - d) for d in copies]


@given(st.lists(st.tuples(CALLS, DOSAGES), max_size=9), UNUSUAL, st.integers(0, 9))
def test_one_unusual_cell_leaves_the_record_to_others(
    cells: list[tuple[str, str]], odd: str, place: int
) -> None:
    texts = [f"{gt}:{ds}" for gt, ds in cells]
    texts.insert(min(place, len(texts)), odd)
    assert coded_text("\t".join(texts).encode(), len(texts), ("GT", "DS")) is None


@pytest.mark.parametrize("samples", [0, 1, 2, 4])
def test_as_many_cells_as_samples(samples: int) -> None:
    assert coded_text(b"0|0:0\t0|1:1\t1|1:2", samples, ("GT", "DS")) is None
    assert coded_text(b"0|0\t0|1\t1|1", samples, ("GT",)) is None


def test_long_records_are_read_in_stretches() -> None:
    dice = np.random.default_rng(5)
    called, thousandths = dice.integers(0, 2, (30_000, 2)), dice.integers(0, 2001, 30_000)
    texts = [f"{n / 1000:.3f}".rstrip("0").rstrip(".") for n in thousandths]
    body = "\t".join(f"{a}|{b}:{t}" for (a, b), t in zip(called, texts, strict=True)).encode()
    found = coded_text(body, len(texts), ("GT", "DS"))
    assert found is not None
    assert found.values.tolist() == [np.float32(float(t)) for t in texts]


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), st.booleans()), min_size=1, max_size=30
    ),
    st.data(),
)
def test_numbers_of_a_bcf(calls: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    packed = np.array([[(a + 1) << 1, (b + 1) << 1 | p] for a, b, p in calls], dtype=np.uint8)
    found = coded_numbers(packed, None)
    assert found is not None
    assert found.values.tolist() == [float(a + b) for a, b, _ in calls]
    thousandths = data.draw(
        st.lists(st.integers(0, 2000), min_size=len(calls), max_size=len(calls))
    )
    dosages = np.array([n / 1000 for n in thousandths], dtype=np.float32)
    found = coded_numbers(packed, dosages)
    assert found is not None
    assert found.values.tolist() == dosages.tolist()
    for odd in (np.nan, 2.5, -0.1, 0.12345):
        assert coded_numbers(packed, np.append(dosages[:-1], np.float32(odd))) is None
    for code in (0, 1, 6, 0x81):  # no call, a third allele, the end of a haploid call
        assert coded_numbers(np.where(packed == packed[0, 0], np.uint8(code), packed), None) is None
