"""At least 200 small generated files, each read as plink2 or bcftools reads it.

Weights are multiples of 1/4, so that plink2's six printed digits hold the whole sum: hard calls are
equal to the last digit. plink2 stores dosages in steps of 1/16384: those are equal to 1e-4.
"""

import csv
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.loci import read_dosages, regions_of
from riskscore.samples.opening import open_source
from riskscore.samples.reading import Reading

SAMPLES = 7
HEADER = """##fileformat=VCFv4.2
##FILTER=<ID=PASS,Description="All filters passed">
##contig=<ID={contig},length={length}>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">
##FORMAT=<ID=HDS,Number=.,Type=Float,Description="Haplotype dosages">
##FORMAT=<ID=GP,Number=G,Type=Float,Description="Probabilities">
"""
FIXED = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
COMPLEMENT = str.maketrans("ACGT", "TGCA")
Tool = Callable[[str], str]


@dataclass
class Locus:
    """A record, and the variant a model would score there."""

    line: list[str]
    variant: Variant
    weight: float


def letters(generator: np.random.Generator, kind: str) -> list[str]:
    """REF and ALTs of one record."""
    bases = generator.permutation(list("ACGT")).tolist()
    if kind == "multi":
        return [*bases[: int(generator.integers(3, 5))]]
    if kind == "star":
        return ["A", "G", "*"] if generator.random() < 0.5 else ["C", "*", "A"]
    if kind == "indel":
        anchor = bases[0]
        long, short = anchor + "".join(bases[1:3]), anchor
        return [long, short] if generator.random() < 0.5 else [short, long]
    pairs = [("A", "C"), ("A", "G"), ("C", "T"), ("G", "T"), ("C", "A"), ("G", "A")]
    return list(pairs[int(generator.integers(len(pairs)))])


def genotype(generator: np.random.Generator, alleles: int) -> str:
    """A diploid call, phased or not, sometimes missing or half missing."""
    draw = generator.random()
    if draw < 0.08:
        return "./."
    if draw < 0.12:
        return f"./{generator.integers(alleles)}"
    return f"{generator.integers(alleles)}{'/|'[draw < 0.5]}{generator.integers(alleles)}"


def imputed(generator: np.random.Generator, field: str) -> str:
    """A cell of GT and one field of imputation, to three decimals."""
    h = generator.beta(0.3, 0.3, 2).round(3)
    gt = f"{int(h[0] > 0.5)}|{int(h[1] > 0.5)}"
    if field == "DS":
        return f"{gt}:{h.sum():.3f}"
    if field == "HDS":
        return f"{gt}:{h[0]:.3f},{h[1]:.3f}"
    het, hom = round(h[0] * (1 - h[1]) + h[1] * (1 - h[0]), 3), round(h[0] * h[1], 3)
    return f"{gt}:{abs(1 - het - hom):.3f},{het:.3f},{hom:.3f}"


def generate(
    seed: int, kinds: list[str], field: str = "GT", contig: str = "6", any_pair: bool = False
) -> list[Locus]:
    """The loci of one file; with ``any_pair`` a model's two letters may both be ALTs."""
    generator = np.random.default_rng(seed)
    loci = []
    for number in range(8):
        position = 30_000_000 + 100 * number
        alleles = letters(generator, kinds[int(generator.integers(len(kinds)))])
        if field == "GT":
            cells = [genotype(generator, len(alleles)) for _ in range(SAMPLES)]
        else:
            cells = [imputed(generator, field) for _ in range(SAMPLES)]
        keys = field if field == "GT" else f"GT:{field}"
        name = f"v{number}"
        fixed = [contig, str(position), name, alleles[0], ",".join(alleles[1:])]
        real = [a for a in alleles if a != "*"]
        pairs = [
            (a, b)
            for a in real
            for b in real
            if a != b and a.translate(COMPLEMENT) != b and (any_pair or real[0] in (a, b))
        ]
        pair = pairs[int(generator.integers(len(pairs)))]
        variant = Variant(name, contig.removeprefix("chr"), position, position, *pair, real[0])
        weight = float(generator.integers(1, 16)) / 4
        loci.append(Locus([*fixed, ".", "PASS", ".", keys, *cells], variant, weight))
    return loci


def write(loci: list[Locus], path: Path, contig: str = "6", length: int = 170805979) -> Path:
    names = "".join(f"\tS{i}" for i in range(SAMPLES))
    lines = ["\t".join(locus.line) for locus in loci]
    head = HEADER.format(contig=contig, length=length)
    path.write_text(head + FIXED + names + "\n" + "\n".join(lines) + "\n")
    return path


def mine(path: Path, loci: list[Locus], field: str = "auto") -> np.ndarray:
    """The weighted sums of what riskscore reads; missing adds nothing, as plink2 is told."""
    variants = [locus.variant for locus in loci]
    with open_source([path]) as source:
        source.prepare(regions_of(variants, Build.GRCh38))
        found = read_dosages(source, variants, Build.GRCh38, {}, Reading(field=field))
    assert [match.missing for match in found.matches] == [Missing.NOT_MISSING] * len(loci)
    weights = np.array([locus.weight for locus in loci])
    return np.nansum(found.values.astype(float) * weights[:, None], axis=0)


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
        assert mine(path, loci).tolist() == plink2(oracle, path, loci).tolist(), seed


@pytest.mark.parametrize("field", ["DS", "HDS", "GP"])
def test_dosages_equal_plink2(oracle: Tool, tmp_path: Path, field: str) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp"], field)
        path = write(loci, tmp_path / f"f{seed}.vcf")
        forced = "GP-force" if field == "GP" else field  # the header speaks of DS too
        theirs = plink2(oracle, path, loci, f"dosage={forced}")
        step = sum(locus.weight for locus in loci) / 32768  # half of plink2's step, at each locus
        assert mine(path, loci) == pytest.approx(theirs, abs=step + 5e-5), (field, seed)
        assert mine(path, loci, "GT").tolist() == plink2(oracle, path, loci).tolist()


def test_flipped_files_equal_plink2_on_the_forward_strand(oracle: Tool, tmp_path: Path) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp"])
        theirs = plink2(oracle, write(loci, tmp_path / f"f{seed}.vcf"), loci)
        for locus in loci:
            locus.line[3:5] = [letter.translate(COMPLEMENT) for letter in locus.line[3:5]]
        assert mine(write(loci, tmp_path / f"r{seed}.vcf"), loci).tolist() == theirs.tolist()


def test_haploid_calls_on_x_equal_plink2(oracle: Tool, tmp_path: Path) -> None:
    sexes = tmp_path / "sex.txt"
    male = [i % 2 == 0 for i in range(SAMPLES)]
    rows = [f"S{i}\t{1 if is_male else 2}" for i, is_male in enumerate(male)]
    sexes.write_text("#IID\tSEX\n" + "\n".join(rows) + "\n")
    for seed in range(20):
        loci = generate(seed, ["snp"], contig="X")
        for locus in loci:
            cells = locus.line[9:]
            locus.line[9:] = [
                cell.replace("|", "/").split("/")[1] if is_male else cell
                for cell, is_male in zip(cells, male, strict=True)
            ]
        path = write(loci, tmp_path / f"f{seed}.vcf", "X", 156040895)
        options = ("--split-par", "hg38", "--update-sex", str(sexes))
        assert mine(path, loci).tolist() == plink2(oracle, path, loci, *options).tolist(), seed


def test_split_records_equal_their_join_by_bcftools(oracle: Tool, tmp_path: Path) -> None:
    """What is read of records that bcftools split is what plink2 reads of the whole ones."""
    for seed in range(20):
        loci = generate(seed, ["multi", "snp"])
        for locus in loci:  # bcftools writes the rest of a half call as it likes
            locus.line[9:] = [
                "./." if "." in cell else cell.replace("/", "|") for cell in locus.line[9:]
            ]
        path = write(loci, tmp_path / f"f{seed}.vcf")
        split = tmp_path / f"s{seed}.vcf"
        command = [oracle("bcftools"), "norm", "-m-any", "-Ov", "-o", str(split), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        assert mine(split, loci).tolist() == plink2(oracle, path, loci).tolist(), seed


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
        assert mine(path, loci).tolist() == expected.tolist(), seed
