"""The table of the PGS Catalog Calculator: its documented columns, plink2's numbers."""

import csv
import gzip
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.samples.people_part import PeoplePart
from riskscore.writing.folders.bundle import write_bundle, write_shard
from riskscore.writing.folders.merge import merge
from riskscore.writing.folders.set_names import set_name

# pgsc_calc's documentation (docs/explanation/output.rst, *score/*, without ancestry), in the order
# of tests/data/aggregated_scores.txt of pygscatalog (which has plink 1's FID too)
DOCUMENTED = ["sampleset", "IID", "PGS", "SUM", "DENOM", "AVG"]
WEIGHTS = Path(__file__).parents[3] / "reference" / "models" / "ms" / "weights.tsv"
HEADER = ["##contig=<ID=6,length=170805979>", "##reference=GRCh38"]
Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    with gzip.open(path, "rt") as stream:
        table = csv.DictReader(stream, delimiter="\t")
        rows = list(table)
    assert table.fieldnames == DOCUMENTED
    return rows


def number(cell: str) -> float:
    return float(cell) if cell else math.nan


@pytest.fixture
def scoring_file(tmp_path: Path) -> Path:
    """20 variants with frequencies; of the last the VCF has no record."""
    lines = ["#pgs_id=PGS999999", "#genome_build=GRCh38", "#weight_type=beta"]
    lines.append(
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\t"
        "allelefrequency_effect"
    )
    for i in range(20):
        lines.append(f"v{i}\t6\t{1000 + i}\tG\tA\t{0.1 * (i - 7):.2f}\t{0.04 * (i + 1):.2f}")
    path = tmp_path / "PGS999999.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def made_vcf(make_vcf: Callable[..., Path]) -> Callable[[list[str]], Path]:
    """`made_vcf(cells)` has a person a cell, who has it at each of the first 19 variants."""

    def make(cells: list[str]) -> Path:
        rows = [("6", 1000 + i, f"v{i}", "A", "G", "GT", cells) for i in range(19)]
        return make_vcf([f"secret{i}" for i in range(len(cells))], rows, header=HEADER)

    return make


def test_sum_and_denominator_are_those_of_plink2(
    scoring_file: Path,
    make_vcf: Callable[..., Path],
    oracle: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """Missing genotypes have their mean in SUM and count in DENOM, by plink2's default."""
    generator = np.random.default_rng(18)
    people = [f"P{i}" for i in range(30)]
    rows, weights, frequencies = [], [], ["#CHROM\tID\tREF\tALT\tALT_FREQS\tOBS_CT"]
    for i in range(19):
        copies = generator.integers(0, 4, len(people))
        cells = [("0/0", "0/1", "1/1", "./.")[n] for n in copies]
        rows.append(("6", 1000 + i, f"v{i}", "A", "G", "GT", cells))
        weights.append(f"v{i}\tG\t{0.1 * (i - 7):.2f}")
        frequencies.append(f"6\tv{i}\tA\tG\t{0.04 * (i + 1):.2f}\t1000")
    vcf = make_vcf(people, rows, header=HEADER)
    (tmp_path / "w.txt").write_text("\n".join(weights) + "\n")
    (tmp_path / "f.afreq").write_text("\n".join(frequencies) + "\n")
    command = [
        oracle("plink2"), "--vcf", vcf, "--read-freq", tmp_path / "f.afreq", "--score",
        tmp_path / "w.txt", "cols=denom,scoreavgs,scoresums", "--out", tmp_path / "plink",
        "--threads", "1",
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    with (tmp_path / "plink.sscore").open() as stream:
        theirs = list(csv.DictReader(stream, delimiter="\t"))

    text = scoring_file.read_text().splitlines()[:-1]  # the variant that the VCF lacks
    scoring_file.write_text("\n".join(text) + "\n")
    scores = rs.score(vcf, str(scoring_file))
    mine = read(
        write_bundle(scores, tmp_path / "out", inputs={"vcf": vcf}) / "aggregated_scores.txt.gz"
    )
    assert [row["IID"] for row in mine] == [row["#IID"] for row in theirs]
    assert {(row["sampleset"], row["PGS"]) for row in mine} == {("made", "PGS999999")}
    for one, other in zip(mine, theirs, strict=True):
        assert one["DENOM"] == other["DENOM"]
        assert number(one["SUM"]) == pytest.approx(float(other["SCORE1_SUM"]), abs=2e-5)
        assert number(one["AVG"]) == pytest.approx(float(other["SCORE1_AVG"]), abs=2e-6)


def test_a_model_without_a_published_scale_sums_weights_times_counts(tmp_path: Path) -> None:
    """By hand from weights.tsv: alleles of no HLA row, and 0, 1 or 2 copies of each SNP."""
    lines = [line for line in WEIGHTS.read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines, delimiter="\t"))
    copies = {row["rsID"]: i % 3 for i, row in enumerate(rows) if row["rsID"].startswith("rs")}
    model = rs.load_model("ms")
    wanted = {variant.name for variant in model.variants}
    copies = {name: count for name, count in copies.items() if name in wanted}
    one = rs.person(
        [model],
        hla={"A": "01:01 01:01", "B": "07:02 07:02", "DRB1": "01:01 01:01",
             "DQA1": "01:01 01:01", "DQB1": "05:01 05:01"},
        variants=copies,
    )  # fmt: skip
    expected = sum(
        float(row["effect_weight"]) * copies[row["rsID"]] for row in rows if row["rsID"] in copies
    )
    (found,) = read(write_bundle(rs.score(one), tmp_path / "out") / "aggregated_scores.txt.gz")
    assert number(found["SUM"]) == pytest.approx(expected, abs=1e-9)
    assert found["DENOM"] == str(2 * len(rows))
    assert number(found["AVG"]) == pytest.approx(expected / (2 * len(rows)), abs=1e-9)


def test_who_has_no_score_has_empty_cells(
    scoring_file: Path, made_vcf: Callable[[list[str]], Path], tmp_path: Path
) -> None:
    vcf = made_vcf(["0/0", "./."])
    folder = write_bundle(rs.score(vcf, str(scoring_file)), tmp_path / "out", inputs={"vcf": vcf})
    seen, unseen = read(folder / "aggregated_scores.txt.gz")
    assert [unseen[name] for name in ("SUM", "DENOM", "AVG")] == ["", "", ""]
    assert seen["DENOM"] == "40"  # the variant without a record has its mean in the sum
    assert number(seen["SUM"]) == pytest.approx(2 * 0.8 * 1.2, abs=1e-9)


def test_parts_and_sets_have_the_lines_of_one_run(
    scoring_file: Path, made_vcf: Callable[[list[str]], Path], tmp_path: Path
) -> None:
    """Merged parts have the very bytes, a dataset the same lines under each sample set."""
    vcf = made_vcf(["0/0", "0/1", "./.", "1/1"])
    cohort = rs.read_cohort(vcf, [rs.load_model(str(scoring_file))])
    whole = write_bundle(rs.score(cohort), tmp_path / "whole", inputs={"vcf": vcf})
    parts: dict[str, list[Path]] = {"": [], "north": [], "south": []}
    for name, folders in parts.items():
        for index in (1, 2, 3):
            part = PeoplePart(index, 3)
            scores = rs.score(cohort.of_part(part))
            told = {"vcf": {"name": vcf.name, "sha256": "0" * 64}}
            folder = tmp_path / f"{name}{index}"
            folders.append(write_shard(scores, folder, part, sample_set=name, hashed=told))
    merge(parts[""], tmp_path / "merged")
    for name in ("aggregated_scores.txt.gz", "riskscore_mqc.json"):
        assert (tmp_path / "merged" / name).read_bytes() == (whole / name).read_bytes()
    merge([*parts["north"], *parts["south"]], tmp_path / "dataset")
    one = read(whole / "aggregated_scores.txt.gz")
    both = read(tmp_path / "dataset" / "aggregated_scores.txt.gz")
    assert both == [row | {"sampleset": name} for name in ("north", "south") for row in one]


def test_multiqc_names_the_set_and_no_person(
    scoring_file: Path, made_vcf: Callable[[list[str]], Path], tmp_path: Path
) -> None:
    """MultiQC reads *_mqc.json with plot_type, headers and data by row (its *Custom content*)."""
    vcf = made_vcf(["0/1", "./."])
    folder = write_bundle(rs.score(vcf, str(scoring_file)), tmp_path / "out", inputs={"vcf": vcf})
    text = (folder / "riskscore_mqc.json").read_text()
    assert "secret" not in text
    told = json.loads(text)
    assert {"id", "section_name", "plot_type", "headers", "data"} <= set(told)
    assert told["plot_type"] == "table"
    assert told["data"]["made"]["people"] == 2
    assert told["data"]["made"]["PGS999999_not_scored"] == 1


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a b.vcf.gz"], "a_b"),
        (["ukb_chr1_v3.bgen", "ukb_chr2_v3.bgen"], "ukb_v3"),
        (["one.vcf", "two.vcf"], "one"),
        (["-"], "all"),
        (["genome.zip"], "genome"),
    ],
)
def test_names_of_sets(files: list[str], name: str) -> None:
    assert set_name(files) == name
