"""Bgzipped VCF files as they are written, read back by other tools."""

import gzip
import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.errors import OutputError
from riskscore.genetics.build import Build
from riskscore.samples.files.vcf_write import (
    GT_FORMAT,
    BGZFWriter,
    OutRecord,
    VCFWriter,
    dosage_cells,
    genotype_cells,
)


def packed(*pieces: bytes) -> bytes:
    stream = io.BytesIO()
    writer = BGZFWriter(stream)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return stream.getvalue()


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 40_000))
def test_what_is_written_comes_back(pieces: list[bytes], times: int) -> None:
    pieces = [*pieces, b"0|1\t" * times]
    assert gzip.decompress(packed(*pieces)) == b"".join(pieces)


def test_blocks_hold_to_the_format_even_where_nothing_can_be_packed() -> None:
    noise = np.random.default_rng(1).bytes(1_000_000)
    data, sizes = packed(noise), []
    assert gzip.decompress(data) == noise
    at = 0
    while at < len(data):
        # Every block is a gzip member whose extra field BC gives its length less one.
        assert data[at : at + 4] == b"\x1f\x8b\x08\x04"
        assert data[at + 12 : at + 14] == b"BC"
        sizes.append(struct.unpack_from("<H", data, at + 16)[0] + 1)
        at += sizes[-1]
    assert at == len(data)
    assert len(sizes) == 1_000_000 // 65_280 + 2
    # The end marker of the SAM specification, section 4.1.2.
    assert data[-28:].hex() == "1f8b08040000000000ff0600424302001b0003000000000000000000"


def record(position: int, cells: bytes, layout: str = "GT") -> OutRecord:
    return OutRecord("6", position, f"rs{position}", "A", "G", "AF=0.5", layout, cells)


def test_bcftools_reads_it_without_a_word(oracle: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "a.vcf.gz"
    codes = np.array([0, 1, 2, 3], dtype=np.uint8)
    info = '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT">'
    with VCFWriter(
        path, "abcd", build=Build.GRCh37, chromosomes=["6"], header=[info, GT_FORMAT]
    ) as out:
        for position in range(100, 5000):
            out.write(record(position, genotype_cells(codes)))
    query = [oracle("bcftools"), "query", "-r", "6:2000-2001", "-f", "%CHROM %POS[ %GT]\n"]
    shown = subprocess.run([*query, str(path)], check=True, capture_output=True, text=True)
    assert shown.stderr == ""
    assert shown.stdout == "6 2000 0|0 0|1 1|0 1|1\n6 2001 0|0 0|1 1|0 1|1\n"


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=20))
def test_dosage_cells_say_one_thing_four_ways(pairs: list[tuple[int, int]]) -> None:
    text = dosage_cells(np.array(pairs, dtype=np.uint8)).decode()
    cells = text.split("\t")
    assert cells[0] == ""
    assert len(cells) == len(pairs) + 1
    for (i, j), cell in zip(pairs, cells[1:], strict=True):
        gt, ds, hds, gp = cell.split(":")
        assert gt == f"{int(i > 50)}|{int(j > 50)}"
        assert round(float(ds) * 100) == i + j
        assert [round(float(h) * 100) for h in hds.split(",")] == [i, j]
        expected = [(100 - i) * (100 - j), i * (100 - j) + j * (100 - i), i * j]
        assert [round(float(p) * 10_000) for p in gp.split(",")] == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a.vcf.gz").symlink_to("/dev/full")
    writer = VCFWriter(
        tmp_path / "a.vcf.gz", "ab", build=Build.GRCh38, chromosomes=["6"], header=[]
    )

    def fill() -> None:
        with writer as out:
            for position in range(1, 3000):
                out.write(record(position, b"\t0|0\t0|1"))

    with pytest.raises(OutputError, match="No space left"):
        fill()


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.vcf.gz"
    with (
        pytest.raises(OutputError) as caught,
        VCFWriter(path, "ab", build=Build.GRCh38, chromosomes=["6"], header=[]),
    ):
        pass
    assert str(tmp_path) not in str(caught.value)
