"""Panels: made from a VCF and a table, written, read back; damaged ones are refused."""

import csv
import gzip
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from riskscore.errors import PanelFormatError
from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.panel import UNKNOWN
from riskscore.samples.hla.imputation.panel_build import build_panel
from riskscore.samples.hla.imputation.panel_file import read_panel, shipped_panel, write_panel

ROOT = Path(__file__).resolve().parents[4]
GENES = ("A", "DRB1")
PEOPLE = [f"p{i}" for i in range(7)]
TYPES = [("01:01", "15:01"), ("02:01:01:01", "03:01"), ("A*02:01", ""), ("68:01", "DRB1*15:01")]


def made(folder: Path, seed: int = 1, sep: str = "|") -> tuple[Path, Path, np.ndarray]:
    """A VCF of 30 SNPs and of what is to be left out, its table, and the SNPs' letters."""
    rng = np.random.default_rng(seed)
    letters = rng.integers(0, 2, (2 * len(PEOPLE), 30)).astype(np.uint8)
    letters[0], letters[1] = 0, 1  # every SNP varies
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=chr6,length=170805979>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split() + PEOPLE),
    ]
    for k in range(30):
        cells = [f"{a}{sep}{b}" for a, b in zip(letters[0::2, k], letters[1::2, k], strict=True)]
        position = 29_900_000 + 1000 * k
        lines.append("\t".join(["chr6", str(position), ".", "A", "G", ".", ".", ".", "GT", *cells]))
        if k < 4:  # a palindrome, an indel, a marker, and a SNP that does not vary
            ref, alt = [("A", "T"), ("A", "AG"), ("A", "G"), ("C", "T")][k]
            name = "HLA_A_01" if k == 2 else "."
            own = ["0|0"] * len(PEOPLE) if k == 3 else cells
            lines.append(
                "\t".join(["chr6", str(position + 1), name, ref, alt, ".", ".", ".", "GT", *own])
            )
    vcf = folder / "phased.vcf"
    vcf.write_text("\n".join(lines) + "\n")
    rows = ["sample\tsuperpopulation\tchromosome\tA\tDRB1"]
    for i, name in enumerate(PEOPLE):
        for side in (1, 2):
            cells_of = "\t".join(TYPES[(i + side) % 4])
            rows.append(f"{name}\t{'EUR' if i % 2 else 'AFR'}\t{side}\t{cells_of}")
    types = folder / "types.tsv"
    types.write_text("\n".join(rows) + "\n")
    return vcf, types, letters


def test_a_panel_holds_what_the_files_say_and_is_read_back_the_same(tmp_path: Path) -> None:
    vcf, types, letters = made(tmp_path)
    write_panel(build_panel(vcf, types), tmp_path / "a.panel")
    panel = read_panel(tmp_path / "a.panel")
    assert panel.build is Build.GRCh38
    assert panel.positions.tolist() == list(range(29_900_000, 29_930_000, 1000))
    assert np.array_equal(panel.haplotypes, letters)
    assert set(panel.reference) == {"A"}
    assert set(panel.alternate) == {"G"}
    assert panel.populations == ("AFR", "EUR")
    assert panel.population.tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert panel.genes == GENES
    assert panel.alleles == (("01:01", "02:01", "68:01"), ("03:01", "15:01"))
    for i in range(len(PEOPLE)):
        for side in (1, 2):
            told = [cell.rpartition("*")[2][:5] for cell in TYPES[(i + side) % 4]]
            codes = panel.codes[2 * i + side - 1].tolist()
            names = [
                "" if c == UNKNOWN else a[c] for a, c in zip(panel.alleles, codes, strict=True)
            ]
            assert names == told


def test_unphased_genotypes_are_refused(tmp_path: Path) -> None:
    vcf, types, _ = made(tmp_path, sep="/")
    with pytest.raises(PanelFormatError, match="not phased"):
        build_panel(vcf, types)


def test_a_person_with_one_row_is_refused(tmp_path: Path) -> None:
    vcf, types, _ = made(tmp_path)
    types.write_text("\n".join(types.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(PanelFormatError, match="one row"):
        build_panel(vcf, types)


def _damages(content: bytes) -> list[tuple[str, bytes]]:
    body = content[18:]
    inside = bytearray(zlib.decompress(body))
    inside[2:7] = b"xxxxx"
    other = zlib.compress(bytes(inside))
    head = struct.pack("<8sHII", b"HLAPANEL", 1, zlib.crc32(other), 300)
    longer = zlib.compress(zlib.decompress(body) + b"\0")
    length = struct.unpack_from("<I", content, 14)[0]
    more = struct.pack("<8sHII", b"HLAPANEL", 1, zlib.crc32(longer), length)
    return [
        ("no haplotype panel", b""),
        ("no haplotype panel", b"##fileformat=VCFv4.2\n"),
        ("cut short", content[:-5]),
        ("damaged", content[:60] + bytes([content[60] ^ 1]) + content[61:]),
        ("version 9", content[:8] + b"\x09\x00" + content[10:]),
        ("contradicts itself", head + other),
        ("sizes", more + longer),
    ]


@pytest.mark.parametrize("case", range(7))
def test_damaged_panels_are_typed_errors(tmp_path: Path, case: int) -> None:
    vcf, types, _ = made(tmp_path)
    good = tmp_path / "good.panel"
    write_panel(build_panel(vcf, types), good)
    words, content = _damages(good.read_bytes())[case]
    bad = tmp_path / "bad.panel"
    bad.write_bytes(content)
    with pytest.raises(PanelFormatError, match=words):
        read_panel(bad)


def test_the_shipped_panel_has_the_published_haplotypes() -> None:
    """Counted anew, its chromosomes are those of haplotypes.tsv in every superpopulation."""
    panel = shipped_panel()
    assert (ROOT / "reference/hla/1000G_mhc.panel").stat().st_size < 1_000_000
    with open(ROOT / "reference/hla/haplotypes.tsv", newline="") as table:
        rows = list(csv.DictReader((x for x in table if x[0] != "#"), delimiter="\t"))
    counted = Counter(
        (*(names[c] for names, c in zip(panel.alleles, codes, strict=True)), place)
        for codes, place in zip(
            panel.codes.tolist(), np.repeat(panel.population, 2).tolist(), strict=True
        )
    )
    for row in rows:
        for place, population in enumerate(panel.populations):
            key = (*(row[gene] for gene in panel.genes), place)
            assert counted.get(key, 0) == int(row[population])
    assert sum(counted.values()) == 5008


def test_a_gzip_table_will_do(tmp_path: Path) -> None:
    vcf, types, letters = made(tmp_path)
    packed = tmp_path / "types.tsv.gz"
    packed.write_bytes(gzip.compress(types.read_bytes()))
    assert np.array_equal(build_panel(vcf, packed).haplotypes, letters)
