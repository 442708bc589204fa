"""Small files made at random, of every kind of allele and genotype, for other tools to read too."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.loci.loci import read_dosages, regions_of
from tests.as_bcf import as_bcf

SAMPLES = 7
LENGTHS = {"6": 170805979, "X": 156040895}  # of GRCh38
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
CONTAINERS = ("vcf", "gzip", "tbi", "csi", "bcf")


@dataclass
class Locus:
    """A record, and the variant a model would score there."""

    line: list[str]
    variant: Variant
    weight: float


def is_male(sample: int) -> bool:
    """On X, every other sample has one allele only."""
    return sample % 2 == 0


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


def genotype(generator: np.random.Generator, alleles: int, ploidy: int) -> str:
    """A call, phased or not, sometimes missing or half missing."""
    draw = generator.random()
    calls = [str(allele) for allele in generator.integers(alleles, size=2)]
    if draw < 0.08:
        calls = [".", "."]
    elif draw < 0.12:
        calls[0] = "."
    return "/|"[draw < 0.5].join(calls[-ploidy:])


def imputed(generator: np.random.Generator, field: str, alleles: int, ploidy: int) -> str:
    """A cell of GT and one field of imputation, to three decimals; sometimes without either."""
    draw = generator.random()
    if draw < 0.06:
        return f"{'|'.join('.' * ploidy)}:."
    chances = np.floor(1000 * generator.dirichlet([0.3] * alleles, ploidy)) / 1000
    chances[:, 0] = 1 - chances[:, 1:].sum(axis=1)
    gt = "|".join(str(haplotype.argmax()) for haplotype in chances)
    if draw < 0.12:
        return f"{gt}:."
    if field == "DS":
        values = chances.sum(axis=0)[1:]
    elif field == "HDS":
        values = chances[:, 1]
    elif ploidy == 1:
        values = chances[0]
    else:
        both = np.outer(*chances)
        both += both.T
        pairs = [both[i, j] / (1 + (i == j)) for j in range(alleles) for i in range(j + 1)]
        values = np.array(pairs).round(3)
        values[0] = abs(1 - values[1:].sum())
    return f"{gt}:{','.join(f'{value:.3f}' for value in values)}"


def generate(
    seed: int, kinds: list[str], field: str = "GT", contig: str = "6", any_pair: bool = False
) -> list[Locus]:
    """The loci of one file; with ``any_pair`` a model's two letters may both be ALTs."""
    generator = np.random.default_rng(seed)
    ploidies = [1 if contig == "X" and is_male(i) else 2 for i in range(SAMPLES)]
    loci = []
    for number in range(8):
        position = 30_000_000 + 100 * number
        alleles = letters(generator, kinds[int(generator.integers(len(kinds)))])
        if field == "GT":
            cells = [genotype(generator, len(alleles), n) for n in ploidies]
        else:
            cells = [imputed(generator, field, len(alleles), n) for n in ploidies]
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
        variant = Variant(name, contig, position, position, *pair, real[0])
        weight = float(generator.integers(1, 16)) / 4
        loci.append(Locus([*fixed, ".", "PASS", ".", keys, *cells], variant, weight))
    return loci


def flip(loci: list[Locus]) -> None:
    """Write the records' letters as of the other strand."""
    for locus in loci:
        locus.line[3:5] = [letter.translate(COMPLEMENT) for letter in locus.line[3:5]]


def settle(loci: list[Locus]) -> None:
    """Leave no half calls and no mixed phase: bcftools splits those as it likes."""
    for locus in loci:
        locus.line[9:] = [
            "./." if "." in cell else cell.replace("/", "|") for cell in locus.line[9:]
        ]


def write(loci: list[Locus], path: Path) -> Path:
    """The loci as a plain VCF."""
    names = "".join(f"\tS{i}" for i in range(SAMPLES))
    lines = ["\t".join(locus.line) for locus in loci]
    contig = loci[0].line[0]
    head = HEADER.format(contig=contig, length=LENGTHS[contig])
    path.write_text(head + FIXED + names + "\n" + "\n".join(lines) + "\n")
    return path


def contain(plain: Path, container: str) -> Path:
    """A plain VCF in one of CONTAINERS, indexed where that is what it is named for."""
    if container == "vcf":
        return plain
    path = plain.with_suffix(".bcf" if container == "bcf" else ".vcf.gz")
    if container == "gzip":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif container == "bcf":
        as_bcf(plain, path)
    else:
        pysam.tabix_compress(str(plain), str(path), force=True)
        pysam.tabix_index(str(path), preset="vcf", csi=container == "csi", force=True)
    return path


def copies(path: Path, loci: list[Locus], field: str = "auto") -> np.ndarray:
    """Copies of each locus's effect allele as riskscore reads them, (loci, samples)."""
    variants = [locus.variant for locus in loci]
    with open_source([path]) as source:
        source.prepare(regions_of(variants, Build.GRCh38))
        found = read_dosages(source, variants, Build.GRCh38, {}, Reading(field=field))
    assert [match.missing for match in found.matches] == [Missing.NOT_MISSING] * len(loci)
    return found.values


def sums(path: Path, loci: list[Locus], field: str = "auto") -> np.ndarray:
    """The weighted sums of what riskscore reads; missing adds nothing, as plink2 is told."""
    weights = np.array([locus.weight for locus in loci])
    return np.nansum(copies(path, loci, field).astype(float) * weights[:, None], axis=0)
