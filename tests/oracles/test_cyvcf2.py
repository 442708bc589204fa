"""Every generated file, in every container: the copies are those in cyvcf2's raw numbers.

cyvcf2 hands out allele numbers and floats as htslib has them; what they mean is worked out here one
cell at a time. Its own summaries (gt_types, aaf) are not used, since they count otherwise: ./1,
0/1, 0/2 and 1/2 are all one heterozygote to them.

Where VCF leaves a choice, the choice is riskscore's, written down in `copies_in`.
"""

import subprocess
from collections.abc import Callable
from math import isnan, nan
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.oracles.generated_files import (
    COMPLEMENT,
    CONTAINERS,
    SAMPLES,
    Locus,
    contain,
    copies,
    flip,
    generate,
    settle,
    write,
)

HARD = ["snp", "snp", "indel", "multi", "star"]
ROUNDED = 1e-6  # what is summed or subtracted from floats, riskscore rounds to six decimals


def copies_in(record: Any, field: str, sample: int) -> list[float] | None:
    """Copies of each ALT in one cell, or None.

    A cell without the field is read from its GT; a half call is none; one allele is none either,
    but on X stands for two; probabilities that were rounded are brought back to a sum of 1.
    """
    alleles = len(record.ALT) + 1
    calls = [int(call) for call in record.genotype.array()[sample][:-1] if call != -2]
    values = [] if field == "GT" else [float(v) for v in record.format(field)[sample]]
    known = [value for value in values if not isnan(value)]
    if field == "DS" and known:
        found = known
    elif field == "HDS" and known:
        found = [sum(known)]
    elif field == "GP" and known:
        genotypes = [(i,) for i in range(alleles)]
        if len(calls) == 2:
            genotypes = [(i, j) for j in range(alleles) for i in range(j + 1)]
        assert len(genotypes) == len(known)
        found = [0.0] * (alleles - 1)
        for genotype, chance in zip(genotypes, known, strict=True):
            for allele in genotype:
                if allele > 0:
                    found[allele - 1] += chance / sum(known)
    elif -1 in calls:
        return None
    else:
        found = [float(calls.count(allele)) for allele in range(1, alleles)]
    if len(calls) == 1:
        return [2 * number for number in found] if record.CHROM == "X" else None
    return found


def theirs(cyvcf2: ModuleType, path: Path, loci: list[Locus], field: str, flipped: bool) -> Any:
    """Copies of the effect allele of each locus, (loci, samples), from all records of its name."""
    expected = np.full((len(loci), SAMPLES), nan)
    names = {locus.variant.name: row for row, locus in enumerate(loci)}
    alts: list[list[dict[str, float] | None]] = [[{} for _ in range(SAMPLES)] for _ in loci]
    vcf = cyvcf2.VCF(str(path))
    for record in vcf:
        for i, cell in enumerate(alts[names[record.ID]]):
            found = copies_in(record, field, i)
            known = cell is not None and found is not None
            both = cell | dict(zip(record.ALT, found, strict=True)) if known else None
            alts[names[record.ID]][i] = both
    vcf.close()
    for row, locus in enumerate(loci):
        effect = locus.variant.effect_allele
        effect = effect.translate(COMPLEMENT) if flipped else effect
        for i, cell in enumerate(alts[row]):
            if cell is not None and effect == locus.line[3]:
                expected[row, i] = 2 - sum(cell.values())
            elif cell is not None:
                expected[row, i] = cell[effect]
    return expected


def compare(
    cyvcf2: ModuleType, path: Path, loci: list[Locus], field: str = "GT", flipped: bool = False
) -> int:
    """How many cells are missing, in both."""
    expected = theirs(cyvcf2, path, loci, field, flipped)
    assert (expected > 0).any()
    ours = copies(path, loci, "GT" if field == "GT" else "auto")
    assert ours.dtype == np.float32
    assert np.isnan(ours).tolist() == np.isnan(expected).tolist(), path.name
    for row, locus in enumerate(loci):
        of_ref = locus.variant.effect_allele == locus.variant.reference_allele
        exact = field == "GT" or (field == "DS" and not of_ref)
        apart = np.nan_to_num(np.abs(ours[row] - expected[row].astype(np.float32)))
        assert apart.max() <= (0 if exact else ROUNDED), (path.name, locus.variant)
    return int(np.isnan(expected).sum())


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("seeds", "kinds", "field", "contig", "any_pair"),
    [
        pytest.param(range(80), HARD, "GT", "6", False, id="hard calls"),
        pytest.param(range(20), ["snp", "multi", "star"], "GT", "6", True, id="any two alleles"),
        pytest.param(range(20), ["snp"], "GT", "X", False, id="X"),
        pytest.param(range(20), ["snp"], "DS", "6", False, id="DS"),
        pytest.param(range(20), ["snp"], "HDS", "6", False, id="HDS"),
        pytest.param(range(20), ["snp"], "GP", "6", False, id="GP"),
        pytest.param(range(20), ["snp", "multi"], "DS", "6", True, id="DS of several ALTs"),
        pytest.param(range(20), ["snp", "multi"], "GP", "6", True, id="GP of several ALTs"),
        pytest.param(range(20), ["snp", "multi"], "DS", "X", True, id="DS on X"),
        pytest.param(range(20), ["snp"], "HDS", "X", False, id="HDS on X"),
        pytest.param(range(20), ["snp", "multi"], "GP", "X", True, id="GP on X"),
    ],
)
def test_copies_equal_cyvcf2(
    cyvcf2: ModuleType,
    tmp_path: Path,
    seeds: range,
    kinds: list[str],
    field: str,
    contig: str,
    any_pair: bool,
    container: str,
) -> None:
    missing = 0
    for seed in seeds:
        loci = generate(seed, kinds, field, contig, any_pair)
        path = contain(write(loci, tmp_path / f"f{seed}.vcf"), container)
        missing += compare(cyvcf2, path, loci, field)
        if field != "GT":
            compare(cyvcf2, path, loci, "GT")
    assert missing > 20


@pytest.mark.parametrize("container", CONTAINERS)
def test_flipped_copies_equal_cyvcf2(cyvcf2: ModuleType, tmp_path: Path, container: str) -> None:
    for seed in range(20):
        loci = generate(seed, ["snp"])
        flip(loci)
        path = contain(write(loci, tmp_path / f"r{seed}.vcf"), container)
        compare(cyvcf2, path, loci, flipped=True)


@pytest.mark.parametrize("container", CONTAINERS)
def test_split_copies_equal_cyvcf2(
    cyvcf2: ModuleType, oracle: Callable[[str], str], tmp_path: Path, container: str
) -> None:
    for seed in range(20):
        loci = generate(seed, ["multi", "snp"])
        settle(loci)
        path, split = write(loci, tmp_path / f"f{seed}.vcf"), tmp_path / f"s{seed}.vcf"
        command = [oracle("bcftools"), "norm", "-m-any", "-Ov", "-o", str(split), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        compare(cyvcf2, contain(split, container), loci)
