"""Records of a BCF found by their blocks are the records pysam reads, field by field."""

import gzip
import random
import re
from pathlib import Path

import numpy as np
import pysam
import pytest

from riskscore.errors import VCFFormatError
from riskscore.samples.files.blocks.bcf_blocks import PackedRecord
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources.bcf import BCFFile
from tests.as_bcf import as_bcf
from tests.samples.files.blocks.bgzf_files import write_bgzf, write_vcf
from tests.samples.files.blocks.test_vcf import regions_of

FILES = 40


def lines_of(rng: random.Random, samples: int) -> list[str]:
    """Sorted records of every kind of genotype and number that BCF can hold."""
    lines = []
    for chrom in ("chr1", "chr6"):
        position = rng.choice([1, 16_380, 28_000_000])
        for _ in range(rng.randint(1, 40)):
            position += rng.choice([0, 1, 50, 1000, 20_000, 300_000])
            ref, alt = rng.choice([("A", "G"), ("AC", "A"), ("A", "G,T"), ("A", "*"), ("A", ".")])
            name = rng.choice([".", f"rs{position}", "HLA_A*01:01"])
            info = rng.choice(
                [".", "R2=0.91", "R2=.", "R2=0.123457;IMP", "AF=0.25,0.25", "AF=0.25,."]
            )
            odd = rng.random() < 0.3
            form = rng.choice(["GT", "GT:DS", "DS:GT", "GT:HDS:GP", "GT:GQ"])
            if alt == ".":
                form = "GT"
            several = alt.count(",") + 1
            info = info if several == 2 else info.replace("0.25,", "")
            cells = [cell_of(rng, form.split(":"), several, odd) for _ in range(samples)]
            filters = rng.choice(["PASS", ".", "low"])
            fixed = [chrom, str(position), name, ref, alt, ".", filters, info]
            lines.append("\t".join([*fixed, form.removeprefix("DS:"), *cells]) + "\n")
    return lines


def write_bcf(folder: Path, vcf: Path, rng: random.Random) -> Path:
    """The records of a VCF as an indexed BCF, cut into blocks of random lengths."""
    path = folder / "a.bcf"
    as_bcf(vcf, path, index=False)
    write_bgzf(path, gzip.decompress(path.read_bytes()), rng, rng.choice([40, 700, 65_280]))
    pysam.tabix_index(str(path), preset="bcf", csi=True)  # type: ignore[arg-type]
    return path


def cell_of(rng: random.Random, fields: list[str], alts: int, odd: bool) -> str:
    genotypes = ["0|1", "0/0", "1|1", "./."]
    if odd:
        genotypes += ["0", ".", "1|.", ".|1", "0|0|1"[: rng.choice([3, 5])]]
        genotypes += ["2|1"] if alts > 1 else []
    texts = {
        "GT": rng.choice(genotypes),
        "DS": ",".join(f"{rng.random():.3f}" for _ in range(alts)),
        "HDS": f"{rng.random():.2f},{rng.random():.2f}",
        "GP": ",".join(["0.25", "0.5", "0.25"] if alts == 1 else ["0.1"] * 5 + ["0.5"]),
        "GQ": str(rng.randint(0, 99)),
    }
    if odd:
        texts["DS"] = rng.choice([texts["DS"], ".", ",".join(["."] * alts), "1e-05"][: 4 - alts])
        texts["HDS"] = rng.choice([texts["HDS"], "0.5", ".", "0.123456789,1"])
    return ":".join(texts[name] for name in fields if fields[0] == "GT" or name == "GT")


def shown(record: Record) -> list[object]:
    """All that is read of a record, arrays as their bytes."""
    fixed: list[object] = [
        record.chromosome, record.position, record.id, record.ref, record.alts, record.filter,
        record.format, record.end, record.is_block,
        *(record.info_value(key) for key in ("R2", "AF", "IMP")),
    ]  # fmt: skip
    try:
        genotypes = record.genotypes()
    except Exception as error:
        return [*fixed, str(error)]
    phased = record.phased()
    numbers = [record.numbers(name) for name in ("DS", "HDS", "GP", "GQ")]
    return [
        *fixed,
        None if genotypes is None else genotypes.tolist(),
        phased.tolist(),
        *(n and (n.values.shape, np.nan_to_num(n.values, nan=-1).tobytes()) for n in numbers),
        *(n and n.counts.tolist() for n in numbers),
    ]


@pytest.mark.parametrize("seed", range(FILES))
def test_every_region_holds_what_pysam_finds(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    samples = rng.choice([1, 3, 30])
    lines = lines_of(rng, samples)
    vcf = write_vcf(tmp_path / "a.vcf.gz", samples, lines, rng, 65_280)
    path = write_bcf(tmp_path, vcf, rng)
    with BCFFile(path) as file, BCFFile(path, fast=False) as by_pysam:
        assert file._blocks is not None
        for region in regions_of(rng, lines):
            expected = list(map(shown, by_pysam.fetch(region)))
            assert list(map(shown, file.fetch(region))) == expected
            name = file.contigs.get(region.chromosome)
            if name:  # not by falling back
                assert len(list(file._blocks.fetch(name, region))) == len(expected)


def test_usual_fields_are_unpacked_without_pysam(tmp_path: Path) -> None:
    rng = random.Random(3)
    cells = "\t".join(["0|1:1.2", "./.:0.25", "1|1:."])
    line = f"chr6\t5\trs5\tA\tG\t.\tPASS\t.\tGT:DS\t{cells}\n"
    path = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 3, [line], rng, 65_280), rng)
    with BCFFile(path) as file:
        (record,) = file.fetch(Region("6", 5, 5))
        assert isinstance(record, PackedRecord)
        genotypes, numbers = record.genotypes(), record.numbers("DS")
        assert "_by_pysam" not in record.__dict__
    assert genotypes is not None
    assert genotypes.tolist() == [[0, 1], [-1, -1], [1, 1]]
    assert numbers is not None
    np.testing.assert_array_equal(
        numbers.values, np.array([[1.2], [0.25], [np.nan]], dtype=np.float32)
    )
    assert numbers.counts.tolist() == [1, 1, 0]


def test_a_record_ends_where_its_length_says(tmp_path: Path) -> None:
    """The length on the contig is in the record itself; END in INFO need not be, or may differ."""
    rng = random.Random(4)
    lines = [
        f"chr6\t{position}\t.\tA\t{alt}\t.\tPASS\t{info}\tGT\t0/1\n"
        for position, alt, info in ((5, "<NON_REF>", "."), (90, "<NON_REF>", "END=140"))
    ]
    vcf = write_vcf(tmp_path / "a.vcf.gz", 1, lines, rng, 65_280, end=True)
    path = write_bcf(tmp_path, vcf, rng)
    data = bytearray(gzip.decompress(path.read_bytes()))
    at = 9 + int.from_bytes(data[5:9], "little")  # the first record, behind the header
    data[at + 16 : at + 20] = (30).to_bytes(4, "little")
    write_bgzf(path, bytes(data), rng, 65_280)
    pysam.tabix_index(str(path), preset="bcf", csi=True, force=True)  # type: ignore[arg-type]
    with BCFFile(path) as file:
        regions = [Region("6", position, position) for position in (5, 90)]
        ends = [record.end for region in regions for record in file.fetch(region)]
    with BCFFile(path, fast=False) as file:
        by_pysam = [record.end for region in regions for record in file.fetch(region)]
    assert ends == by_pysam == [34, 140]


@pytest.mark.parametrize("number", [1, 3])
def test_a_damaged_record_is_an_error_of_the_file(tmp_path: Path, number: int) -> None:
    """Closing tells of it again, which must not hide what was said."""
    rng = random.Random(5)
    cells = "\t".join(["0|1"] * 30)
    lines = [f"chr6\t{p}\t.\tA\tG\t.\tPASS\t.\tGT\t{cells}\n" for p in range(10, 60_000, 10)]
    path = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 30, lines, rng, 65_280), rng)
    data = bytearray(path.read_bytes())
    offsets = [m.start() for m in re.finditer(b"\x1f\x8b\x08\x04", data)]
    data[(offsets[number] + offsets[number + 1]) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(VCFFormatError, match="cannot be read"), BCFFile(path) as file:
        list(file.fetch(Region("6", 1, 100_000)))


def test_a_nul_in_a_name_ends_it_as_for_pysam(tmp_path: Path) -> None:
    rng = random.Random(6)
    lines = ["chr6\t10\tHLA_A*01:01\tA\tG\t.\tPASS\t.\tGT\t0/1\n"]
    path = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 1, lines, rng, 65_280), rng)
    data = gzip.decompress(path.read_bytes()).replace(b"HLA_A*01:01", b"HLA_A*01\x0001")
    write_bgzf(path, data, rng, 65_280)
    pysam.tabix_index(str(path), preset="bcf", csi=True, force=True)  # type: ignore[arg-type]
    with BCFFile(path) as file:
        (record,) = file.fetch(Region("6", 10, 10))
        assert record.id == "HLA_A*01"
        assert record.phased().tolist() == [False]


def test_a_damaged_record_beside_an_odd_one_does_not_matter(tmp_path: Path) -> None:
    """One that pysam has to read is found by its name, as the region that was asked for is."""
    rng = random.Random(7)
    fixed = ".\tPASS\t.\tGT\t"
    lines = [
        f"chr6\t5\trs5\tA\tG\t{fixed}0/1\t0/1\n",
        f"chr6\t10\trs10\tA\tCTCTC\t{fixed}0/1\t0/1\n",
        f"chr6\t10\tHLA_A*01:01\tA\tT\t{fixed}1\t0|1\n",
    ]
    path = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 2, lines, rng, 65_280), rng)
    data = gzip.decompress(path.read_bytes()).replace(b"CTCTC", b"CT\xe9TC")
    write_bgzf(path, data, rng, 65_280)
    pysam.tabix_index(str(path), preset="bcf", csi=True, force=True)  # type: ignore[arg-type]
    with BCFFile(path) as file:
        (record,) = file.fetch(Region("6", 1, 100, ("HLA_",)))
        assert record.phased().tolist() == [False, True]
        with pytest.raises(VCFFormatError, match="cannot be read"):
            list(file.fetch(Region("6", 1, 100)))


def test_a_record_that_pysam_does_not_find_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(5)
    line = "chr6\t5\trs5\tA\tG\t.\tPASS\t.\tGT\t0|1\t2|0\n"
    path = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 2, [line], rng, 65_280), rng)
    with BCFFile(path) as file:
        assert file._blocks is not None
        monkeypatch.setattr(file._blocks, "_by_pysam", lambda _: iter(()))
        (met,) = file.fetch(Region("6", 5, 5))
        for record in (met, file.called("6", 5, "A", "G", bytes([2, 5, 6, 3]))):
            with pytest.raises(VCFFormatError, match="the record at position 5 cannot be read"):
                record.genotypes()
