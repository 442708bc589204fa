"""The options of reading, through the command line: several files, fields, absence, no index."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from riskscore import errors
from riskscore.cli import command_line

DATA = Path(__file__).parents[1] / "data"
VCF = DATA / "t1d_b38_clean.vcf.gz"
Run = Callable[..., CompletedProcess[str]]
Make = Callable[..., Path]
SITES = [
    ("6", 29760476, "rs9500974", "G", "T"),
    ("6", 29840255, "rs1233320", "C", "G"),
    ("6", 29868825, "rs72848653", "C", "T"),
    ("6", 31358273, "rs9266268", "G", "A"),
]


@pytest.fixture
def riskscore() -> Run:
    """The command in this process: what it prints is what counts here, not how it starts."""

    def run(*arguments: object) -> CompletedProcess[str]:
        done = CliRunner().invoke(command_line(), [str(argument) for argument in arguments])
        if isinstance(done.exception, errors.RiskscoreError):
            code = done.exception.exit_code
            return CompletedProcess([], code, done.stdout, done.stderr + str(done.exception))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return CompletedProcess([], done.exit_code, done.stdout, done.stderr)

    return run


def table(done: CompletedProcess[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))


def rows(cells: list[str], keys: str = "GT") -> list[tuple[object, ...]]:
    return [(c, p, name, ref, alt, keys, cells) for c, p, name, ref, alt in SITES]


def report(done: CompletedProcess[str]) -> dict[str, dict[str, str]]:
    """The match report that check prints after its words."""
    assert done.returncode == 0, done.stderr
    text = done.stdout[done.stdout.index("model\tcomponent") :]
    return {row["name"]: row for row in csv.DictReader(io.StringIO(text), delimiter="\t")}


def test_several_files_score_as_one(riskscore: Run, oracle: Callable[[str], str], tmp_path: Path):
    bcftools, parts = oracle("bcftools"), []
    for number, choice in enumerate(("chr6", "^chr6")):
        part = tmp_path / f"part{number}.vcf.gz"
        command = [bcftools, "view", "-t", choice, "-Oz", "-o", str(part), str(VCF)]
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run([bcftools, "index", "-t", str(part)], check=True)
        parts.append(part)
    whole, joined = riskscore("score", VCF, "-m", "t1d"), riskscore("score", *parts, "-m", "t1d")
    assert whole.returncode == joined.returncode == 0, joined.stderr
    assert whole.stdout == joined.stdout


def test_standard_input(riskscore: Run) -> None:
    command = [str(Path(sys.executable).parent / "riskscore"), "score", "-", "-m", "t1d"]
    with VCF.open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, text=True, check=False)
    assert done.stdout == riskscore("score", VCF, "-m", "t1d").stdout


def test_without_an_index(riskscore: Run, make_vcf: Make) -> None:
    vcf = make_vcf(["A", "B"], rows(["0/1", "0/0"]), index=False)
    done = riskscore("score", vcf, "-m", "t1d")
    assert done.returncode == 0, done.stderr
    assert "no index and is read from end to end" in done.stderr
    assert "tabix -p vcf made.vcf.gz" in done.stderr
    refused = riskscore("score", vcf, "-m", "t1d", "--require-index")
    assert refused.returncode == errors.IndexMissingError.exit_code
    assert refused.stdout == ""


def test_the_field(riskscore: Run, make_vcf: Make) -> None:
    vcf = make_vcf(["A", "B"], rows(["0/1:1.9", "0/0:0.5"], "GT:DS"))
    by_default = riskscore("check", vcf, "-m", "t1d")
    assert report(by_default)["rs9500974"]["note"] == "ds_gt_conflict=1"
    assert "contradicts GT" in by_default.stderr
    assert report(riskscore("check", vcf, "-m", "t1d", "--field", "GT"))["rs9500974"]["note"] == ""
    scores = [
        [row["genetic_score"] for row in table(riskscore("score", vcf, "-m", "t1d", *field))]
        for field in ((), ("--field", "DS"), ("--field", "GT"))
    ]
    assert scores[0] == scores[1] != scores[2]
    lacking = riskscore("score", vcf, "-m", "t1d", "--field", "HDS")
    assert lacking.returncode == errors.VCFFormatError.exit_code
    assert "GT:DS has no HDS" in lacking.stderr


def test_quality_and_filter(riskscore: Run, make_vcf: Make) -> None:
    several = [(*row, f"R2=0.{9 - 4 * (i == 0)}") for i, row in enumerate(rows(["0/1", "0/0"]))]
    vcf = make_vcf(["A", "B"], several)
    found = report(riskscore("check", vcf, "-m", "t1d", "--min-r2", "0.6"))
    assert found["rs9500974"]["code"] == "low_imputation_quality"
    assert found["rs9266268"]["code"] == "found"
    refused = riskscore("check", vcf, "-m", "t1d", "--filter", "q20,.")
    assert refused.returncode == errors.NothingMatchedError.exit_code
    assert "4 filtered" in refused.stderr


def test_absent_is_said_and_the_option_named(riskscore: Run, make_vcf: Make) -> None:
    vcf = make_vcf(["A", "B"], rows(["0/1", "1/1"]))
    plain = riskscore("check", vcf, "-m", "t1d")
    assert "--absent homref" in plain.stderr
    assert report(plain)["rs571331280"]["code"] == "absent"
    assumed = riskscore("check", vcf, "-m", "t1d", "--absent", "homref")
    row = report(assumed)["rs571331280"]
    assert row["code"] == "assumed_homref"
    assert float(row["observed"]) == 1.0
    assert "as you asked" in assumed.stderr
    at_frequency = report(riskscore("check", vcf, "-m", "t1d", "--absent", "frequency"))
    assert at_frequency["rs571331280"]["code"] == "at_frequency"
    assert float(at_frequency["rs571331280"]["observed"]) == 0.0


@pytest.mark.parametrize("count", [1, 2])
def test_the_bundle_names_every_file_and_choice(
    riskscore: Run, make_vcf: Make, tmp_path: Path, count: int
) -> None:
    files = [make_vcf([name], rows(["0/1"]), name=f"{name}.vcf.gz") for name in "AB"[:count]]
    folder = tmp_path / "out"
    done = riskscore("score", *files, "-m", "t1d", "--out", folder, "--min-r2", "0.1")
    assert done.returncode == 0, done.stderr
    content = json.loads((folder / "provenance.json").read_text())
    named = content["inputs"]["vcf"]
    names = [entry["name"] for entry in (named if isinstance(named, list) else [named])]
    assert names == ["A.vcf.gz", "B.vcf.gz"][:count]
    assert content["parameters"]["min_r2"] == 0.1
    assert content["parameters"]["absent"] == "missing"


def test_check_prints_its_table_also_where_nothing_matches(riskscore: Run, tmp_path: Path) -> None:
    """And a file without an index says that it has no such chromosome, not what its index has."""
    path = tmp_path / "x.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=2,length=242193529>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\n"
        "2\t2000000\trs2\tA\tT\t.\tPASS\t.\tGT\t0/1\t1/1\n"
    )
    model = tmp_path / "model.txt"
    model.write_text(
        "#format_version=2.0\n#pgs_id=PGSTEST\n#genome_build=GRCh38\n#weight_type=beta\n"
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
        "rs1\t1\t1000000\tA\tG\t0.5\nrs2\t2\t2000000\tC\tG\t1.0\n"
    )
    done = riskscore("check", path, "-m", model)
    assert done.returncode == errors.NothingMatchedError.exit_code
    text = done.stdout[done.stdout.index("model\tcomponent") :]
    codes = {row["name"]: row["code"] for row in csv.DictReader(io.StringIO(text), delimiter="\t")}
    assert codes == {"rs1": "no_chromosome", "rs2": "alleles_differ"}
    assert "1 no_chromosome, 1 alleles_differ" in done.stderr
    assert riskscore("score", path, "-m", model).returncode == done.returncode
