"""The additive SNP parts against plink2 --score, to its printed digits, on a generated cohort."""

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.terms import VariantFactor


@pytest.mark.parametrize("model", ["ms", "ra", "t1d"])
def test_additive_snps_equal_plink2(
    model: str, make_vcf: Callable[..., Path], oracle: Callable[[str], str], tmp_path: Path
) -> None:
    generator = np.random.default_rng(5)
    terms = [
        term
        for term in rs.load_model(model).terms
        if isinstance(term.factors[0], VariantFactor) and not term.fallback_for
    ]
    samples = [f"S{i}" for i in range(200)]
    rows, weights = [], []
    contigs = set()
    for term in terms:
        factor = term.factors[0]
        assert isinstance(factor, VariantFactor)
        v, frequency = factor.variant, factor.frequency["EUR"]
        # The reference base where it is known, else either letter.
        ref = v.reference_allele or generator.choice([v.effect_allele, v.other_allele])
        alt = v.other_allele if ref == v.effect_allele else v.effect_allele
        share = frequency if alt == v.effect_allele else 1 - frequency
        copies = generator.binomial(2, share, len(samples))
        cells = [("0/0", "0/1", "1/1")[n] for n in copies]
        rows.append((v.chromosome, v.position_grch38, v.name, ref, alt, "GT", cells))
        contigs.add(v.chromosome)
        weights.append(f"{v.name}\t{v.effect_allele}\t{term.weight!r}")
    rows.sort(key=lambda row: (int(row[0]), row[1]))
    build = "##reference=GRCh38"
    header = [build, *(f"##contig=<ID={c}>" for c in sorted(contigs, key=int))]
    vcf = make_vcf(samples, rows, header=header)
    (tmp_path / "weights.txt").write_text("\n".join(weights) + "\n")
    command = [
        oracle("plink2"), "--vcf", vcf, "--score", tmp_path / "weights.txt", "cols=+scoresums",
        "ignore-dup-ids", "--out", tmp_path / "plink", "--threads", "1",
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    with (tmp_path / "plink.sscore").open() as stream:
        sums = {r["#IID"]: float(r["SCORE1_SUM"]) for r in csv.DictReader(stream, delimiter="\t")}
    scores = rs.score(vcf, model)
    additive = {term.id for term in terms}
    for sample in samples[::8]:
        ledger = scores.explain(sample)
        mine = ledger[ledger["term"].isin(additive)]
        assert (mine["missing"] == "").all()
        total = float((mine["weight"] * mine["dosage"]).sum())
        assert total == pytest.approx(sums[sample], rel=2e-5, abs=2e-5)
