"""What a new user meets: names that are nearly right, the lines at the end, and what is found."""

import csv
import io
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.main import get_command

import riskscore as rs
from riskscore.cli import command_line
from riskscore.errors import InputError, ModelNotFoundError, UsageError

Run = Callable[..., CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/data/t1d_b38_clean.vcf.gz"
VCF = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lupus", "did you mean sle (systemic lupus erythematosus)?"),
        ("t1dd", "did you mean t1d (type 1 diabetes mellitus)?"),
        ("multiple sclerosys", "did you mean ms"),
        ("gout", "choose one of hashimoto (Hashimoto's thyroiditis), ms, ms-2013"),
    ],
)
def test_a_model_of_nearly_that_name(name: str, words: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        rs.load_model(name)
    assert words in str(caught.value)


def test_other_names_of_models_and_builds() -> None:
    assert rs.load_model("MS").id == "ms"
    assert {str(rs.Build(name)) for name in ("hg38", "GRCh38", "b38", "HG38")} == {"GRCh38"}
    assert {str(rs.Build(name)) for name in ("hg19", "37")} == {"GRCh37"}
    with pytest.raises(UsageError, match="'hg18' is not a genome build"):
        rs.score(SMALL, "t1d", build="hg18")


def test_the_lines_at_the_end(riskscore: Run, tmp_path: Path) -> None:
    done = riskscore("score", SMALL, "-m", "T1D", "--build", "hg38", "--out", "results")
    assert done.returncode == 0, done.stderr
    first, percentiles, second = done.stderr.splitlines()[-3:]
    assert first.startswith("riskscore: 200 people; coverage t1d 9")
    assert percentiles == "riskscore: percentiles are of EUR: the file has no ancestry SNPs"
    assert second == "riskscore: results in results/. Illustrative, not diagnostic."
    quiet = riskscore("score", SMALL, "-m", "t1d", "-q", "-o", "t.tsv")
    assert quiet.stderr == ""
    few = riskscore("score", SMALL, "-m", "ra", "-o", "few.tsv")  # a file for T1D
    assert "\nriskscore: of ra little was seen, so that risks are near the average" in few.stderr
    assert "little was seen" not in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "t.tsv").read_bytes() == (tmp_path / "results/scores.tsv").read_bytes()


def on_a_terminal(words: list[object], cwd: Path) -> str:
    """What a command shows on a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [Path(sys.executable).parent / "riskscore", *words]
    with subprocess.Popen(
        list(map(str, command)), cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        shown = b""
        try:
            while data := os.read(ours, 4096):
                shown += data
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return shown.decode()


def test_explain_on_a_terminal_is_short_and_elsewhere_complete(
    riskscore: Run, tmp_path: Path
) -> None:
    shown = on_a_terminal(["explain", VCF, "-m", "ms", "-s", "NA12878"], tmp_path)
    told = [line for line in shown.splitlines() if line.startswith("  ") and "unsure" not in line]
    unseen = [line for line in told if line.startswith("  not seen")]
    lines = [line for line in told if line not in unseen]
    assert len(lines) <= 17  # 15, the others, and the sum
    assert len(unseen) == 2  # of the SNPs and of the exposures, each with its reason
    assert sum("(not given): " in line for line in unseen) == 1
    assert not any("not seen" in line for line in lines)
    done = riskscore("explain", VCF, "-m", "ms", "-s", "NA12878")
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    assert len(rows) == len(rs.load_model("ms").terms)
    sizes = [abs(float(row["contribution"])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    total = sum(float(row["contribution"]) for row in rows)
    assert f"{total:+7.3f}  in all" in lines[-1]


def test_progress_is_for_terminals(tmp_path: Path) -> None:
    shown = on_a_terminal(["score", SMALL, "-m", "t1d", "-o", "t.tsv"], tmp_path)
    assert "reading t1d_b38_clean.vcf.gz ..." in shown
    assert "scoring 200 people ..." in shown


def test_a_template_of_exposures_is_read_back(riskscore: Run, tmp_path: Path) -> None:
    done = riskscore("exposures", "ms", "ra", "--vcf", SMALL, "-o", "e.tsv")
    assert done.returncode == 0, done.stderr
    done = riskscore("score", SMALL, "-m", "ms", "-m", "ra", "--exposures", "e.tsv", "-o", "t.tsv")
    assert done.returncode in {0, 3}, done.stderr
    assert "no model uses" not in done.stderr
    table = riskscore("models", "show", "ms", "--exposures").stdout
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(table), delimiter="\t")}
    header = (tmp_path / "e.tsv").read_text().partition("\n")[0].split("\t")
    assert {name.partition(" [")[0] for name in header} >= rows.keys() | {"sample", "sex"}
    assert (rows["vitamin_d"]["unit"], rows["smoking"]["levels"][:5]) == ("nmol/L", "never")


def test_one_persons_report_finds_the_inputs_and_takes_ones_own_models(
    riskscore: Run, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "reference/models/ms", tmp_path / "own")
    card = tmp_path / "own" / "model.yaml"
    card.write_text(card.read_text().replace("id: ms\n", "id: mine\n", 1))
    for ending in ("", ".tbi"):
        shutil.copy(f"{SMALL}{ending}", tmp_path / f"cohort.vcf.gz{ending}")
    assert riskscore("score", "cohort.vcf.gz", "-m", "own", "--out", "results").returncode in {0, 3}
    done = riskscore("report", "results", "-o", "r.html")
    assert (done.returncode, "model mine is not there" in done.stderr) == (
        InputError.exit_code, True
    )  # fmt: skip
    done = riskscore("report", "results", "-m", "own", "-o", "r.html", "--individual", "S001")
    assert done.returncode == 0, done.stderr
    (tmp_path / "cohort.vcf.gz").unlink()
    done = riskscore("report", "results", "-m", "own", "-o", "r.html", "--individual", "S001")
    assert done.returncode == UsageError.exit_code
    assert "cohort.vcf.gz" in done.stderr


def test_help_names_every_option_whole_in_a_narrow_terminal() -> None:
    command = [sys.executable, "-m", "riskscore", "score", "--help"]
    narrow = {**os.environ, "COLUMNS": "50"}
    done = subprocess.run(command, env=narrow, capture_output=True, text=True, check=True)
    verbs = get_command(command_line()).commands  # type: ignore[attr-defined]
    for option in verbs["score"].params:
        assert option.name == "vcf" or any(f"{name} " in done.stdout for name in option.opts)
    assert verbs["explain"].help.count("\n") == 2  # between its two paragraphs
