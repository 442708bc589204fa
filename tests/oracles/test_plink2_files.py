"""Scoring files against plink2 --score: additive, dominant, recessive; whole and imputed calls."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs

LETTERS = (("A", "G"), ("C", "T"), ("A", "C"), ("G", "T"))
HEADER = ["##reference=GRCh38", *(f"##contig=<ID={c}>" for c in range(1, 23))]
MODIFIERS = {"additive": [], "dominant": ["dominant"], "recessive": ["recessive"]}
PEOPLE = [f"S{i}" for i in range(120)]


def make_rows(imputed: bool) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Records of 90 variants with some missing genotypes, and rows of a scoring file for them."""
    generator = np.random.default_rng(17)
    records: list[tuple[object, ...]] = []
    weights: list[tuple[object, ...]] = []
    for i in range(90):
        ref, alt = LETTERS[i % 4]
        chrom, place = i % 22 + 1, 1000 + 10 * i
        copies = generator.binomial(2, generator.uniform(0.05, 0.95), len(PEOPLE))
        lost = generator.random(len(PEOPLE)) < 0.03
        calls = np.where(lost, "./.", np.array(["0/0", "0/1", "1/1"])[copies])
        cells = list(calls)
        if imputed:
            # Eighths, since plink2 keeps dosages in steps of 1/32768.
            dosage = np.clip(copies + generator.integers(-3, 4, len(PEOPLE)) / 8, 0, 2)
            cells = [f"{c}:{'.' if x else d}" for c, d, x in zip(calls, dosage, lost, strict=True)]
        keys = "GT:DS" if imputed else "GT"
        records.append((chrom, place, f"rs{i}", ref, alt, keys, cells))
        effect, other = (ref, alt) if generator.random() < 0.5 else (alt, ref)
        weights.append((f"rs{i}", chrom, place, effect, other, round(generator.normal(), 4)))
    return sorted(records, key=lambda row: (row[0], row[1])), weights  # type: ignore[index]


def plink_sums(
    plink2: str, vcf: Path, weights: list[tuple[object, ...]], folder: Path, modifiers: list[str]
) -> dict[str, float]:
    table = folder / "weights.txt"
    table.write_text("".join(f"{row[0]}\t{row[3]}\t{row[5]}\n" for row in weights))
    imputed = ["dosage=DS"] if "imputed" in vcf.name else []
    command = [
        plink2, "--vcf", vcf, *imputed, "--score", table, *modifiers, "cols=+scoresums",
        "--out", folder / "plink", "--threads", "1",
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    with (folder / "plink.sscore").open() as stream:
        return {r["#IID"]: float(r["SCORE1_SUM"]) for r in csv.DictReader(stream, delimiter="\t")}


@pytest.mark.parametrize("imputed", [False, True], ids=["called", "imputed"])
@pytest.mark.parametrize("coding", list(MODIFIERS))
def test_a_file_equals_plink2(
    coding: str,
    imputed: bool,
    make_vcf: Callable[..., Path],
    oracle: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """A recessive effect of an uncertain dosage d is max(d - 1, 0) copies in both, a dominant one
    min(d, 1). A missing genotype takes the mean of the people: in plink2 of the coded number, here
    of genotypes in Hardy-Weinberg proportions. So people with gaps are compared where the coding is
    linear only.
    """
    records, weights = make_rows(imputed)
    vcf = make_vcf(PEOPLE, records, header=HEADER, name=f"{'imputed' if imputed else 'gt'}.vcf.gz")
    expected = plink_sums(oracle("plink2"), vcf, weights, tmp_path, MODIFIERS[coding])
    flag = {"additive": "", "dominant": "\tis_dominant", "recessive": "\tis_recessive"}[coding]
    lines = ["#pgs_id=PGS999004", "#genome_build=GRCh38", "#weight_type=beta"]
    lines.append("rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight" + flag)
    lines += ["\t".join(map(str, row)) + ("\tTrue" if flag else "") for row in weights]
    path = tmp_path / "PGS999004.txt"
    path.write_text("\n".join(lines) + "\n")
    table = rs.score(vcf, [path]).of("PGS999004")
    found = dict(zip(PEOPLE, table.numbers["published_score"], strict=True))
    complete = {
        sample
        for i, sample in enumerate(PEOPLE)
        if all(not record[6][i].startswith("./.") for record in records)  # type: ignore[index]
    }
    assert len(complete) > 5
    compared = PEOPLE if coding == "additive" else complete
    for sample in compared:
        assert found[sample] == pytest.approx(expected[sample], rel=2e-5, abs=2e-5)
