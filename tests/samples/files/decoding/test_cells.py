"""Cells read as arrays are the cells read one by one, to the bit, or are not read at all."""

import gc
import weakref
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.errors import VCFFormatError
from riskscore.samples.files.decoding.cells import Cells
from riskscore.samples.files.record import Record

GT = st.sampled_from("0|0 0/1 1|1 1/0 ./. .|. 2|1 0/9 .|1 1 . 10/1 0|0|1 /0/1 0 a/b 0:1 0|".split())
USUAL_GT = st.sampled_from("0|0 0/1 1|1 1/0 ./. 0/. 1 .".split())
PLAIN = st.one_of(
    st.integers(0, 2000).map(lambda n: f"{n / 1000:g}"),
    st.decimals(0, 9, allow_nan=False, places=7).map(lambda d: f"{d:f}"),
    st.decimals(0, 9, allow_nan=False, places=13).map(lambda d: f"{d:f}"),
    st.sampled_from("0 1 2 0.5 1. 0.000 1.9999999 0.0000001 9.999 0.1234567890123".split()),
)
ODD = st.sampled_from([*". .5 1e-3 -0.1 12 nan inf 0.12345678 1,2 0.1, +1 0.5.1 x".split(), ""])
DOT = st.just(".")
PAIR = st.tuples(PLAIN, st.one_of(PLAIN, DOT)).map(",".join)


def test_a_record_that_was_read_is_let_go_at_once() -> None:
    """Its text is megabytes in a biobank, so that it must not wait for the garbage collector."""
    body = b"0|1:1.00:0.00,1.00\t1:0.5:."
    record = Record("6", 9, ".", "A", ("G",), ".", ".", ("GT", "DS", "HDS"), body, 2, "a.vcf")
    record.genotypes(), record.phased(), record.numbers("DS"), record.numbers("HDS")
    seen = weakref.ref(record)
    gc.disable()
    try:
        del record
        assert seen() is None
    finally:
        gc.enable()


def read(record: Record, name: str) -> object:
    """What a reading gives, an error included."""
    try:
        if name == "GT":
            found = record.genotypes()
            return None if found is None else found.tolist()
        numbers = record.numbers(name)
    except VCFFormatError as error:
        return str(error)
    if numbers is None:
        return None
    return numbers.values.shape, numbers.values.tobytes(), numbers.counts.tolist()


def records(cells: list[str], form: str, alts: int) -> tuple[Record, Record]:
    """The same record twice, the second one without its arrays."""
    body = "\t".join(cells).encode()
    quick, complete = (
        Record(
            "1", 5, ".", "A", ("G", "T", "C")[:alts], ".", ".", tuple(form.split(":")), body,
            len(cells), "a.vcf", fast,
        )
        for fast in (True, False)
    )  # fmt: skip
    return quick, complete


def cells_of(form: str, usual: bool) -> st.SearchStrategy[list[str]]:
    kinds = {
        "GT": USUAL_GT if usual else GT,
        "DS": PLAIN if usual else st.one_of(PLAIN, ODD),
        "HDS": st.one_of(PAIR, PLAIN, DOT) if usual else st.one_of(PAIR, PLAIN, ODD),
    }
    cell = st.tuples(*(kinds[name] for name in form.split(":"))).map(":".join)
    if not usual:
        cell = st.one_of(cell, GT, cell.map(lambda text: text + ":0"))
    return st.lists(cell, min_size=1, max_size=6)


@given(st.data())
def test_both_ways_of_reading_give_the_same_bits(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from("GT DS GT:DS DS:GT GT:HDS GT:DS:HDS HDS:DS:GT".split()))
    usual = data.draw(st.booleans())
    quick, complete = records(data.draw(cells_of(form, usual)), form, data.draw(st.integers(0, 3)))
    for name in ("GT", "DS", "HDS", "GP"):
        assert read(quick, name) == read(complete, name)


@pytest.mark.parametrize("form", ["GT", "GT:DS", "GT:HDS", "GT:DS:HDS"])
@given(st.data())
def test_usual_cells_are_read_as_arrays(form: str, data: st.DataObject) -> None:
    """Else the property above would compare the complete path with itself."""
    quick, _ = records(data.draw(cells_of(form, usual=True)), form, 1)
    with mock.patch.object(Cells, "_distinct", side_effect=AssertionError("one by one")):
        for name in form.split(":"):
            assert isinstance(read(quick, name), list | tuple)


def test_one_odd_cell_is_read_by_itself_and_the_others_as_arrays() -> None:
    cells = ["0|1:0.5", "1/1:1e-1", "10|0:1", "0|0", ".|.:.", "0:0.123456789012345678", "1|1:2"]
    quick, _ = records(cells, "GT:DS", 3)
    seen: list[int] = []
    distinct = Cells._distinct

    def counted(self: Cells, begins: object, ends: object, rows: np.ndarray) -> object:
        seen.extend(rows.tolist())
        return distinct(self, begins, ends, rows)  # type: ignore[arg-type]

    with mock.patch.object(Cells, "_distinct", counted):
        numbers = quick.numbers("DS")
        assert quick.phased().tolist() == [True, False, True, True, True, False, True]
    assert numbers is not None
    assert sorted(seen) == [1, 2, 5]  # two odd numbers, one odd genotype
    assert numbers.counts.tolist() == [1, 1, 1, 0, 0, 1, 1]
    expected = [0.5, 0.1, 1, np.nan, np.nan, 0.123456789012345678, 2]
    np.testing.assert_array_equal(numbers.values[:, 0], np.array(expected, dtype=np.float32))
    with pytest.raises(VCFFormatError, match=r"'10\|0' names an allele beyond ALT"):
        quick.genotypes()


def test_an_allele_beyond_16_bits_is_an_error() -> None:
    alts = tuple(f"<{i}>" for i in range(40_000))
    record = Record("1", 5, ".", "A", alts, ".", ".", ("GT",), b"0|32767\t0|32768", 2, "a.vcf")
    with pytest.raises(VCFFormatError, match=r"'0\|32768' names an allele beyond the 32,767th"):
        record.genotypes()


@given(st.lists(PLAIN, min_size=1, max_size=20))
def test_decimals_are_what_python_makes_of_the_text(texts: list[str]) -> None:
    quick, _ = records(texts, "DS", 1)
    numbers = quick.numbers("DS")
    assert numbers is not None
    expected = np.array([float(text) for text in texts]).astype(np.float32)
    assert numbers.values[:, 0].tobytes() == expected.tobytes()


@pytest.mark.parametrize("cells", [["0|1", "0|1"], ["0|1", "1|1", "0|0", "0|0"], []])
def test_a_wrong_number_of_cells_stays_an_error(cells: list[str]) -> None:
    record = Record(
        "1", 5, ".", "A", ("G",), ".", ".", ("GT",), "\t".join(cells).encode(), 3, "a.vcf"
    )
    with pytest.raises(VCFFormatError, match="columns"):
        record.genotypes()
