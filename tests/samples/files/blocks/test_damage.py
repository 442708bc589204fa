"""What the fuzz target found in damaged and in odd files: the blocks answer as pysam does."""

import gzip
import random
from pathlib import Path

import numpy as np
import pysam
import pytest

from riskscore.errors import IndexMissingError, VCFFormatError
from riskscore.samples.files.blocks.bcf_blocks import BCFBlocks
from riskscore.samples.files.blocks.bgzf import Blocks, Fallback
from riskscore.samples.files.blocks.binary import FLOAT, Cursor, floats
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources.bcf import BCFFile
from tests.samples.files.blocks.bgzf_files import write_bgzf, write_vcf
from tests.samples.files.blocks.test_bcf import write_bcf


def test_a_block_shorter_than_its_own_header(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    write_bgzf(path, b"some text", random.Random(1), 100)
    data = bytearray(path.read_bytes())
    data[16:18] = (2).to_bytes(2, "little")
    path.write_bytes(data)
    blocks = Blocks(path)
    with pytest.raises(Fallback):
        blocks.block(0)
    blocks.close()


def test_a_block_that_hides_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    write_bgzf(path, b"some text", random.Random(1), 100)
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[16:18], "little") + 1
    data[first - 4 : first] = bytes(4)
    path.write_bytes(data)
    blocks = Blocks(path)
    with pytest.raises(Fallback):
        blocks.block(0)
    assert blocks.block(len(data) - 28) == b""  # the end block is as empty as it says
    blocks.close()


def test_a_number_behind_the_end_of_its_vector() -> None:
    end = np.uint32(0x7F800002).view(np.float32)
    sound = np.array([0.5, end, 0.25, 0.75], dtype=np.float32)
    assert floats(sound.tobytes(), FLOAT, 2, 2, 0).counts.tolist() == [1, 2]
    with pytest.raises(Fallback):
        floats(sound[[1, 0, 2, 3]].tobytes(), FLOAT, 2, 2, 0)


def test_a_vector_that_ends_before_its_first_value() -> None:
    sound = np.array([0.5], dtype="<f4").tobytes()
    assert Cursor(bytes([1 << 4 | FLOAT]) + sound, 0).info() == "0.5"
    with pytest.raises(Fallback):
        Cursor(bytes([1 << 4 | FLOAT]) + (0x7F800002).to_bytes(4, "little"), 0).info()
    ended = b"".join(bits.to_bytes(4, "little") for bits in (0x7F800001, 0x7F800002))
    with pytest.raises(Fallback):  # which pysam writes as .,.
        Cursor(bytes([2 << 4 | FLOAT]) + ended, 0).info()


def test_a_site_without_a_variant_reaches_over_the_next_lines(tmp_path: Path) -> None:
    sites = ((90, "A", "G"), (100, "ACGT", "."), (101, "C", "T"), (200, "A", "G"))
    lines = [
        f"chr6\t{position}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t0|0\t0|1\n"
        for position, ref, alt in sites
    ]
    path = write_vcf(tmp_path / "a.vcf.gz", 2, lines, random.Random(2), 60)
    found = []
    for fast in (True, False):
        with open_source([path], fast=fast) as source:
            found.append([record.position for record in source.fetch(Region("6", 103, 103))])
    assert found == [[100], [100]]


@pytest.fixture
def bcf(tmp_path: Path) -> Path:
    """Haploid calls, which the blocks leave to pysam, at three places."""
    lines = [f"chr6\t{position}\t.\tA\tG\t.\t.\t.\tGT\t0\t0|1\n" for position in (100, 200, 300)]
    rng = random.Random(3)
    return write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 2, lines, rng, 500), rng)


def test_a_record_is_read_while_others_are_still_to_come(
    bcf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = BCFBlocks.fetch

    def one(self: BCFBlocks, contig: str, region: Region) -> object:
        yield next(iter(original(self, contig, region)))
        raise Fallback("the rest is for pysam")

    monkeypatch.setattr(BCFBlocks, "fetch", one)
    with BCFFile(bcf) as source:
        seen = []
        kept = None
        for record in source.fetch(Region("6", 1, 1000)):
            kept = kept or record
            calls = kept.genotypes()
            assert calls is not None
            seen.append((record.position, calls.tolist()))
    assert seen == [(position, [[0, -2], [0, 1]]) for position in (100, 200, 300)]


def test_a_position_behind_any_chromosome_does_not_hide_what_follows(bcf: Path) -> None:
    data = bytearray(gzip.decompress(bcf.read_bytes()))
    at = data.index((199).to_bytes(4, "little"), 9 + int.from_bytes(data[5:9], "little"))

    def write() -> None:  # in one block that is not compressed, so that an index holds for both
        with pysam.BGZFile(str(bcf), "wb0", None) as stream:
            stream.write(bytes(data))

    write()
    pysam.tabix_index(str(bcf), preset="bcf", csi=True, force=True)  # type: ignore[arg-type]
    data[at : at + 4] = (2_139_095_041).to_bytes(4, "little")
    write()
    with BCFFile(bcf) as source:
        assert source._blocks is not None
        assert [record.position for record in source.fetch(Region("6", 100, 100))] == [100]
        with pytest.raises(Fallback):
            list(source._blocks.fetch("chr6", Region("6", 300, 300)))


def test_an_index_whose_names_are_no_text(tmp_path: Path) -> None:
    lines = ["chr6\t100\t.\tA\tG\t.\t.\t.\tGT\t0|1\n"]
    path = write_vcf(tmp_path / "a.vcf.gz", 1, lines, random.Random(1), 500)
    index = Path(f"{path}.tbi")
    data = gzip.decompress(index.read_bytes())
    assert b"chr6" in data
    index.write_bytes(gzip.compress(data.replace(b"chr6", b"chr\x9c")))
    with pytest.raises(IndexMissingError, match="cannot be read"):
        open_source([path])


def test_a_text_with_a_tab_is_refused(tmp_path: Path) -> None:
    """Of pysam we have the cells as a line, in which the tab would begin another sample's."""
    header = pysam.VariantHeader()
    header.add_line("##contig=<ID=chr6,length=170805979>")
    header.add_line('##FORMAT=<ID=GT,Number=1,Type=String,Description="G">')
    header.add_line('##FORMAT=<ID=XX,Number=1,Type=String,Description="X">')
    for name in ("a", "b"):
        header.add_sample(name)
    path = tmp_path / "a.bcf"
    with pysam.VariantFile(str(path), "wb", header=header) as out:
        record = out.new_record(contig="chr6", start=99, alleles=("A", "G"))
        for name in ("a", "b"):
            record.samples[name]["GT"], record.samples[name]["XX"] = (0, 1), "x\tx"
        out.write(record)
    pysam.tabix_index(str(path), preset="bcf", csi=True)  # type: ignore[arg-type]
    with BCFFile(path, fast=False) as source:
        (found,) = source.fetch(Region("6", 100, 100))
        with pytest.raises(VCFFormatError, match="cannot be told apart"):
            found.genotypes()


def test_text_where_the_header_promises_numbers(tmp_path: Path) -> None:
    header = pysam.VariantHeader()
    header.add_line("##contig=<ID=chr6,length=170805979>")
    header.add_line('##FORMAT=<ID=GT,Number=1,Type=String,Description="G">')
    header.add_line('##FORMAT=<ID=DS,Number=1,Type=String,Description="xx">')
    header.add_sample("a")
    path = tmp_path / "a.bcf"
    with pysam.VariantFile(str(path), "wb", header=header) as out:
        record = out.new_record(contig="chr6", start=99, alleles=("A", "G"))
        record.samples[0]["GT"], record.samples[0]["DS"] = (0, 1), "%"
        out.write(record)
    data = gzip.decompress(path.read_bytes())
    promised = b'Number=1,Type=Float,Description="xxx"'
    data = data.replace(b'Number=1,Type=String,Description="xx"', promised)
    write_bgzf(path, data, random.Random(4), 5000)
    pysam.tabix_index(str(path), preset="bcf", csi=True)  # type: ignore[arg-type]
    with BCFFile(path) as source:
        (found,) = source.fetch(Region("6", 100, 100))
        with pytest.raises(VCFFormatError, match="DS"):
            found.numbers("DS")
