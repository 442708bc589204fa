"""At least 200 small generated files, each read as plink2 or bcftools reads it.

Weights are multiples of 1/4, so that plink2's six printed digits hold the whole sum: hard calls are
equal to the last digit. plink2 stores dosages in steps of 1/16384: those are equal to 1e-4.
"""

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.oracles.generated_files import (
    SAMPLES,
    Locus,
    flip,
    generate,
    is_male,
    settle,
    sums,
    write,
)

Tool = Callable[[str], str]


def plink2(oracle: Tool, path: Path, loci: list[Locus], *options: str) -> np.ndarray:
    """The sums of plink2 --score."""
    table = path.with_suffix(".weights")
    rows = [f"{x.variant.name}\t{x.variant.effect_allele}\t{x.weight}" for x in loci]
    table.write_text("\n".join(rows) + "\n")
    command = [
        oracle("plink2"), "--vcf", str(path), *options, "--vcf-half-call", "missing",
        "--score", str(table), "no-mean-imputation", "cols=+scoresums", "--threads", "1",
        "--out", str(path.with_suffix("")), "--silent",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    with path.with_suffix(".sscore").open() as stream:
        return np.array(
            [float(row["SCORE1_SUM"]) for row in csv.DictReader(stream, delimiter="\t")]
        )


@pytest.mark.parametrize("block", range(4))
def test_hard_calls_equal_plink2(oracle: Tool, tmp_path: Path, block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        loci = generate(seed, ["snp", "snp", "indel", "multi", "star"])
        path = write(loci, tmp_path / f"f{seed}.vcf")
        assert sums(path, loci).tolist() == plink2(oracle, path, loci).tolist(), seed


@pytest.mark.parametrize("field", ["DS", "HDS", "GP"])
def test_dosages_equal_plink2(oracle: Tool, tmp_path: Path, field: str) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp"], field)
        path = write(loci, tmp_path / f"f{seed}.vcf")
        forced = "GP-force" if field == "GP" else field  # the header speaks of DS too
        theirs = plink2(oracle, path, loci, f"dosage={forced}")
        step = sum(locus.weight for locus in loci) / 32768  # half of plink2's step, at each locus
        assert sums(path, loci) == pytest.approx(theirs, abs=step + 5e-5), (field, seed)
        assert sums(path, loci, "GT").tolist() == plink2(oracle, path, loci).tolist()


def test_flipped_files_equal_plink2_on_the_forward_strand(oracle: Tool, tmp_path: Path) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp"])
        theirs = plink2(oracle, write(loci, tmp_path / f"f{seed}.vcf"), loci)
        flip(loci)
        assert sums(write(loci, tmp_path / f"r{seed}.vcf"), loci).tolist() == theirs.tolist()


def test_haploid_calls_on_x_equal_plink2(oracle: Tool, tmp_path: Path) -> None:
    sexes = tmp_path / "sex.txt"
    rows = [f"S{i}\t{1 if is_male(i) else 2}" for i in range(SAMPLES)]
    sexes.write_text("#IID\tSEX\n" + "\n".join(rows) + "\n")
    for seed in range(20):
        loci = generate(seed, ["snp"], contig="X")
        path = write(loci, tmp_path / f"f{seed}.vcf")
        options = ("--split-par", "hg38", "--update-sex", str(sexes))
        assert sums(path, loci).tolist() == plink2(oracle, path, loci, *options).tolist(), seed


def test_split_records_equal_their_join_by_bcftools(oracle: Tool, tmp_path: Path) -> None:
    """What is read of records that bcftools split is what plink2 reads of the whole ones."""
    for seed in range(20):
        loci = generate(seed, ["multi", "snp"])
        settle(loci)
        path = write(loci, tmp_path / f"f{seed}.vcf")
        split = tmp_path / f"s{seed}.vcf"
        command = [oracle("bcftools"), "norm", "-m-any", "-Ov", "-o", str(split), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        assert sums(split, loci).tolist() == plink2(oracle, path, loci).tolist(), seed


def test_copies_equal_what_bcftools_prints(oracle: Tool, tmp_path: Path) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp", "multi", "star"], any_pair=True)
        path = write(loci, tmp_path / f"f{seed}.vcf")
        command = [oracle("bcftools"), "query", "-f", r"%ID[\t%TGT]\n", str(path)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        printed = dict(line.split("\t", 1) for line in run.stdout.splitlines())
        expected = np.zeros(SAMPLES)
        for locus in loci:
            for i, cell in enumerate(printed[locus.variant.name].split("\t")):
                called = cell.replace("|", "/").split("/")
                if "." not in called:
                    expected[i] += locus.weight * called.count(locus.variant.effect_allele)
        assert sums(path, loci).tolist() == expected.tolist(), seed
