"""Files for the benchmarks: imputed-like VCFs, and the same weights as a model and for plink2.

Run as a program it makes one case: ``made_files.py KIND SAMPLES RECORDS SCORED FOLDER``. Kinds:
``loci`` (GT:DS, ten chromosomes, two thirds of the records in the MHC), ``mhc`` (GT:DS, all records
in five million bases of the MHC) and ``genome`` (GT, 22 chromosomes).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from riskscore.genetics.build import CHROMOSOME_LENGTHS, Build

LENGTHS = CHROMOSOME_LENGTHS[Build.GRCh38]
MHC = (29_000_000, 34_000_000)
OTHERS = ("1", "2", "4", "7", "10", "11", "12", "16", "18", "21")
SEED = 20_240_229
PAIRS = [(a, b) for a in "ACGT" for b in "ACGT" if a != b and a + b not in "ATA CGC"]
CALLS = np.frombuffer(b"0|0\t0|1\t1|0\t1|1\t", "<u4")
MODEL = """id: bench
name: Benchmark
version: "1.0.0"
edition: made up
disease: {name: none, mondo: "MONDO:0000001"}
outcome: nothing
ancestry: EUR
weights: weights.tsv
published_score: {name: sum, minimum_coverage: 0}
intended_use: benchmarks
not_for: [anything else]
limits: [made up]
reference_populations: [EUR]
citations: [{key: none, text: none}]
"""


def places(kind: str, records: int, rng: np.random.Generator) -> Iterator[tuple[str, int]]:
    """Sorted chromosomes and positions."""
    counts = {"6": records}
    if kind == "loci":
        counts = {name: records // 3 // len(OTHERS) for name in OTHERS}
        counts["6"] = records - sum(counts.values())
    elif kind == "genome":
        total = sum(LENGTHS[str(i)] for i in range(1, 23))
        counts = {str(i): round(records * LENGTHS[str(i)] / total) for i in range(1, 23)}
    for name in sorted(counts, key=int):
        low, high = MHC if name == "6" and kind != "genome" else (1, LENGTHS[name])
        drawn = rng.choice(high - low, counts[name] * 2, replace=False)[: counts[name]]
        yield from ((name, low + int(position)) for position in np.sort(drawn))


def dosage_cells() -> np.ndarray:
    """The text of a cell by call (2 x first + second) and dosage in thousandths, tab-ended."""
    calls = ("0|0", "0|1", "1|0", "1|1")
    texts = [f"{call}:{d / 1000:g}\t".encode() for call in calls for d in range(2001)]
    return np.array(texts, dtype="S10")


def cells(kind: str, samples: int, frequency: float, rng: np.random.Generator) -> bytes:
    """The samples' columns of a record; most dosages are whole, as imputation leaves them."""
    first, second = rng.random((2, samples), dtype=np.float32) < frequency
    codes = 2 * first + second
    if kind == "genome":
        return CALLS[codes].tobytes()[:-1]
    error = np.where(rng.random(samples) < 0.2, rng.integers(0, 500, samples), 0)
    whole = 1000 * (first.astype(np.int64) + second)
    dosage = np.where(whole > 1000, whole - error, whole + error)
    text = TEXTS[codes * 2001 + dosage].view(np.uint8)
    return text[text != 0].tobytes()[:-1]


TEXTS = dosage_cells()


def make(kind: str, samples: int, records: int, scored: int, folder: Path) -> None:
    """Write cohort.vcf.gz with its index, the weights in three dialects, and targets.tsv."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    sites = list(places(kind, records, rng))
    pairs = [PAIRS[i] for i in rng.integers(0, len(PAIRS), len(sites))]
    frequencies = rng.beta(0.6, 1.6, len(sites)).clip(0.005, 0.995)
    with (
        open(folder / "cohort.vcf.gz", "wb") as out,
        subprocess.Popen(["bgzip"], stdin=subprocess.PIPE, stdout=out) as bgzip,
    ):
        assert bgzip.stdin is not None
        bgzip.stdin.write(header(kind, samples).encode())
        for (chrom, position), (ref, alt), frequency in zip(sites, pairs, frequencies, strict=True):
            site = f"chr{chrom}\t{position}\tchr{chrom}:{position}:{ref}:{alt}\t{ref}\t{alt}"
            form = "GT" if kind == "genome" else "GT:DS"
            fixed = f"{site}\t.\tPASS\tAF={frequency:.5f};R2=0.9;IMPUTED\t{form}\t"
            bgzip.stdin.write(fixed.encode() + cells(kind, samples, frequency, rng) + b"\n")
        bgzip.stdin.close()
    subprocess.run(["tabix", "-p", "vcf", str(folder / "cohort.vcf.gz")], check=True)
    chosen = np.sort(rng.choice(len(sites), min(scored, len(sites)), replace=False)).tolist()
    weights = np.round(rng.normal(0, 0.3 if scored < 1000 else 0.01, len(chosen)), 6)
    rows = []
    for i, weight in zip(chosen, weights.tolist(), strict=True):
        effect, other = pairs[i] if rng.random() < 0.3 else pairs[i][::-1]
        share = frequencies[i] if effect == pairs[i][1] else 1 - frequencies[i]
        rows.append((*sites[i], *pairs[i], effect, other, weight, round(share, 5)))
    write_weights(folder, rows)


def header(kind: str, samples: int) -> str:
    """The header of the VCF."""
    contigs = "".join(f"##contig=<ID=chr{name},length={n}>\n" for name, n in LENGTHS.items())
    dosage = '##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">\n'
    return (
        '##fileformat=VCFv4.2\n##FILTER=<ID=PASS,Description="All filters passed">\n'
        f"{contigs}"
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">\n'
        '##INFO=<ID=R2,Number=1,Type=Float,Description="Quality">\n'
        '##INFO=<ID=IMPUTED,Number=0,Type=Flag,Description="Imputed">\n'
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        f"{'' if kind == 'genome' else dosage}"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
        + "\t".join(f"S{i:06d}" for i in range(samples))
        + "\n"
    )


def write_weights(folder: Path, rows: list[tuple]) -> None:
    """The same weights as a model folder, a PGS Catalog file, for plink2, and as places."""
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "model.yaml").write_text(MODEL)
    names = (
        "rsID chr_name chr_position effect_allele other_allele effect_weight reference_allele "
        "allelefrequency_effect_EUR source status"
    ).split()
    table = [
        [f"chr{c}:{p}:{r}:{a}", c, p, e, o, w, r, f, "made up", "found"]
        for c, p, r, a, e, o, w, f in rows
    ]
    (model / "weights.tsv").write_text(lines([names, *table]))
    keys = "#pgs_id=PGS000000\n#genome_build=GRCh38\n#weight_type=beta\n"
    (folder / "scoring.txt").write_text(keys + lines([names[:6], *(row[:6] for row in table)]))
    (folder / "plink2.tsv").write_text(lines([row[0], row[3], row[5]] for row in table))
    (folder / "targets.tsv").write_text(lines([f"chr{row[0]}", row[1]] for row in rows))


def lines(rows: object) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


if __name__ == "__main__":
    kind, samples, records, scored, folder = sys.argv[1:]
    make(kind, int(samples), int(records), int(scored), Path(folder))
