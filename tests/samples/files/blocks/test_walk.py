"""Walks along a VCF and a BCF: the records pysam finds, position by position, block by block."""

import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pysam
import pytest

from riskscore.samples.files.blocks import walk
from riskscore.samples.files.blocks.bgzf import Fallback
from riskscore.samples.files.blocks.index import read_index
from riskscore.samples.files.blocks.walk import Group
from riskscore.samples.files.sources.bcf import BCFFile
from riskscore.samples.files.sources.vcf import VCFFile, header_of
from riskscore.samples.genome_wide.call_rows import BinaryRows, CallRows, TextRows
from riskscore.samples.genome_wide.exact_sums import ExactSums
from tests.as_bcf import as_bcf
from tests.samples.files.blocks.bgzf_files import write_vcf
from tests.samples.files.blocks.test_bcf import lines_of, write_bcf


def positions_of(path: Path, contig: str) -> list[int]:
    """The position of every record of a contig, as pysam reads it."""
    with pysam.VariantFile(str(path)) as file:
        return [record.pos for record in file if record.chrom == contig]


def met(groups: list[list[Group]]) -> dict[int, list[bytes]]:
    """The bytes of the records of each position."""
    return {
        position: [bytes(spot[0][spot[1] : spot[-1]]) for spot in spots]
        for several in groups
        for position, spots in several
    }


@pytest.mark.parametrize("seed", range(30))
def test_a_walk_meets_what_pysam_reads(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    samples = rng.choice([1, 30])
    lines = [line for line in lines_of(rng, samples) if line.split("\t")[4] != "."]
    vcf = write_vcf(tmp_path / "a.vcf.gz", samples, lines, rng, rng.choice([40, 700, 65_280]))
    bcf = write_bcf(tmp_path, vcf, rng)
    by_place = defaultdict(list)
    for line in lines:
        chrom, position, *_ = line.split("\t", 2)
        by_place[chrom, int(position)].append(line.rstrip("\n").encode())
    header, _ = header_of(vcf)
    for contig in ("chr1", "chr6"):
        there = positions_of(bcf, contig)
        wanted = sorted({*rng.sample(there, len(there) // 2), *rng.sample(range(1, 9999), 20)})
        expected = [position for position in wanted if position in there]
        with BCFFile(bcf) as binary:
            found = met(list(binary.walk(contig[3:], wanted)))
        assert list(found) == expected
        assert [len(several) for several in found.values()] == [there.count(p) for p in expected]
        with VCFFile(vcf, header) as text:
            found = met(list(text.walk(contig[3:], wanted)))
        assert found == {position: by_place[contig, position] for position in expected}


def test_a_block_of_a_gvcf_over_a_position_ends_the_walk(tmp_path: Path) -> None:
    rng = random.Random(2)
    fixed = [
        (50, "A", "G", "."),
        (60, "A", "<NON_REF>", "END=90"),
        (95, "AC", "A", "."),
        (96, "C", "T", "."),
    ]
    lines = [
        f"chr6\t{position}\t.\t{ref}\t{alt}\t.\tPASS\t{info}\tGT\t0/1\n"
        for position, ref, alt, info in fixed
    ]
    bcf = write_bcf(tmp_path, write_vcf(tmp_path / "a.vcf.gz", 1, lines, rng, 99, end=True), rng)
    with BCFFile(bcf) as file:
        assert list(met(list(file.walk("6", [50, 95, 96])))) == [50, 95, 96]
        assert file._blocks is not None
        with pytest.raises(Fallback):
            list(file._blocks.walk("chr6", [50, 70]))
        assert list(file.walk("6", [50, 70])) == [[(50, []), (70, [])]]  # to be fetched


def test_stretches_of_a_bcf_without_a_position_are_not_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_WORTH_A_SEARCH", 1 << 18)
    rng = random.Random(3)
    calls = [rng.choice("01") for _ in range(4000)]
    lines = []
    for position in range(1_000, 90_000_000, 60_000):
        rng.shuffle(calls)
        cells = "\t".join(f"{a}|{b}" for a, b in zip(calls[::2], calls[1::2], strict=True))
        lines.append(f"chr6\t{position}\t.\tA\tG\t.\tPASS\t.\tGT\t{cells}\n")
    bcf = tmp_path / "a.bcf"
    vcf = write_vcf(tmp_path / "a.vcf.gz", 2000, lines, rng, 65_280)
    as_bcf(vcf, bcf)
    wanted = [1_000, 61_000, 1_000 + 60_000 * 1400]
    with BCFFile(bcf) as file:
        assert list(met(list(file.walk("6", wanted)))) == wanted
        assert file._blocks is not None
        blocks = file._blocks._blocks
        assert blocks.size > 3 << 18  # what is left out is more than a search is worth
        assert blocks.inflated < 20


def rows_of(kind: type[CallRows], calls: list[list[str]], exact: ExactSums) -> CallRows:
    """Rows of calls as text has them, or packed as the BCF specification says."""
    rows = kind(exact)
    for row in calls:
        text = "\t".join(row).encode()
        if kind is BinaryRows:
            text = b"".join(
                bytes([int(c[0]) + 1 << 1, (int(c[2]) + 1 << 1) | (c[1] == "|")])
                if "." not in c
                else b"\0\0"
                for c in row
            )
        rows.put(b"..." + text, 3, 3 + len(text))
    return rows


@pytest.mark.parametrize("kind", [TextRows, BinaryRows])
@pytest.mark.parametrize("seed", range(20))
def test_rows_are_summed_to_the_last_bit(kind: type[CallRows], seed: int) -> None:
    """Against whole numbers of Python, with digits of weights as large as there are."""
    rng = random.Random(seed)
    samples, several = rng.choice([1, 7, 300]), rng.randint(1, 40)
    weights = np.array(
        [rng.choice([-1, 1]) * rng.choice([1, 1e-3, 1 - 2**-40]) for _ in range(several)]
    )
    exact = ExactSums(weights, samples, kinds=2)
    calls = [
        [f"{rng.choice('01')}{rng.choice('|/')}{rng.choice('01')}" for _ in range(samples)]
        for _ in range(several)
    ]
    odd = rng.randrange(several)
    calls[odd][rng.randrange(samples)] = rng.choice(["./.", "2|0", "0|2"])
    kinds = [rng.randint(0, 1) for _ in range(several)]
    turned = [rng.random() < 0.4 for _ in range(several)]
    rows = rows_of(kind, calls, exact)
    usual, counts = rows.flush(np.array(kinds), np.arange(several), np.array(turned))
    rows.settle()
    assert usual.tolist() == [i != odd for i in range(several)]
    expected = [[0] * samples, [0] * samples]
    for i, row in enumerate(calls):
        if i != odd:
            copies = [cell.count("1") for cell in row]
            assert counts[i] == sum(copies)
            for j, one in enumerate(copies):
                expected[kinds[i]][j] += (-1 if turned[i] else 1) * one * int(exact.weights[i])
    assert exact.sums.tolist() == expected
    if kind is TextRows:
        assert rows.unusual(odd) == "\t".join(calls[odd]).encode()


@pytest.mark.parametrize("csi", [True, False])
def test_the_stretch_of_a_contig_begins_with_its_first_line(csi: bool, tmp_path: Path) -> None:
    rng = random.Random(6)
    lines = [line for line in lines_of(rng, 3) if line.startswith("chr6")]
    lines = [line.replace("chr6", chrom) for chrom in ("chr1", "chr6") for line in lines]
    path = write_vcf(tmp_path / "a.vcf.gz", 3, lines, rng, 700, csi=csi)
    index = read_index(next(tmp_path.glob("a.vcf.gz.*")))
    assert index.names == ("chr1", "chr6")
    with pysam.BGZFile(str(path)) as file:
        for number, name in enumerate(index.names):
            stretch = index.rest(number, 1)
            assert stretch is not None
            (begin, within), (end, behind) = stretch
            file.seek(begin << 16 | within)
            own = [line for line in lines if line.startswith(name)]
            read = b"".join(file.readline() + b"\n" for _ in own)
            assert read == "".join(own).encode()
            assert file.tell() == end << 16 | behind or number == 1
    assert index.rest(2, 1) is None
