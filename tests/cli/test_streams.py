"""Standard streams that are closed, full or left, and outputs that are inputs."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from riskscore.errors import EmptyVCFError, InputError, OutputError, UsageError

Run = Callable[..., CompletedProcess[str]]
COMMAND = Path(sys.executable).parent / "riskscore"
VCF = Path(__file__).parents[2] / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
SMALL = Path(__file__).parents[1] / "data" / "t1d_b38_clean.vcf.gz"

ROOT = Path(__file__).parents[2]


def shell(line: str, cwd: Path) -> CompletedProcess[str]:
    script = f"set -o pipefail; {line}".replace("riskscore", str(COMMAND))
    return subprocess.run(
        ["bash", "-c", script], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [f"score {VCF} -m ms", f"check {VCF} -m ms", "models show ms"])
def test_a_reader_that_leaves_ends_it_quietly(words: str, tmp_path: Path) -> None:
    done = shell(f"riskscore {words} | head -n 1", tmp_path)
    assert done.returncode in {0, 141}  # 0 when all was written before the reader left
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize("words", [f"score {SMALL} -m t1d", "models list"])
def test_a_full_output_is_told(words: str, tmp_path: Path) -> None:
    done = shell(f"riskscore {words} >/dev/full", tmp_path)
    assert done.returncode == OutputError.exit_code
    assert "OutputError: could not write: No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_streams_that_the_shell_closed(tmp_path: Path) -> None:
    assert shell("riskscore models list >&-", tmp_path).returncode == OutputError.exit_code
    vcf = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
    done = shell(f"riskscore score {vcf} -m ms-hla-ukb -o a.tsv 2>&-", tmp_path)
    assert (done.returncode, (tmp_path / "a.tsv").is_file()) == (0, True)
    done = shell("riskscore score - -m t1d <&-", tmp_path)
    assert (done.returncode, done.stdout) == (EmptyVCFError.exit_code, "")


@pytest.mark.parametrize(
    "words",
    [
        ["score", SMALL, "-m", "t1d", "--exposures", "e.tsv", "-o", "e.tsv"],
        ["hla", "e.tsv", "-o", "link.tsv"],
        ["report", "results", "-o", "results/scores.tsv"],
        ["explore", "model", "-o", "model/model.yaml"],
        ["models", "export-pgs", "model", "-o", "model/weights.tsv"],
    ],
)
def test_an_output_that_is_an_input(riskscore: Run, tmp_path: Path, words: list[str]) -> None:
    kept = [tmp_path / n for n in ("e.tsv", "results/scores.tsv", "model/model.yaml",
                                   "model/weights.tsv")]  # fmt: skip
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("precious")
    (tmp_path / "link.tsv").symlink_to(tmp_path / "e.tsv")
    done = riskscore(*words)
    assert done.returncode == UsageError.exit_code, done.stderr
    assert "one of the inputs" in done.stderr
    assert {path.read_text() for path in kept} == {"precious"}


def test_a_spreadsheet_gets_no_formula(riskscore: Run, tmp_path: Path) -> None:
    """A sample that is called as a formula stays text in .csv, and is itself in .tsv."""
    table = "sample\tDRB1_1\tDRB1_2\n=1+1\t15:01\t03:01\n"
    (tmp_path / "typed.tsv").write_text(table)
    assert riskscore("hla", "typed.tsv", "-o", "out.csv").returncode == 0
    assert "\r\n'=1+1,DRB1," in (tmp_path / "out.csv").read_bytes().decode()
    done = riskscore("hla", "typed.tsv", "-o", "-")
    assert "\n=1+1\tDRB1\t" in done.stdout


def test_a_file_that_may_not_be_read(riskscore: Run, tmp_path: Path) -> None:
    name = "n" * 300  # longer than any disk's names
    done = riskscore("score", name, "-m", "t1d")
    assert done.returncode == InputError.exit_code
    assert "InputError" in done.stderr
    assert "Traceback" not in done.stderr
    _ = tmp_path
    done = riskscore("score", SMALL, "-m", "t1d", "--out", name)
    assert (done.returncode, "Traceback" in done.stderr) == (OutputError.exit_code, False)


def test_a_signal_leaves_nothing_unfinished(tmp_path: Path) -> None:
    """SIGTERM as the results are being written through to the disk."""
    script = (
        "import os, signal, sys; real = os.fsync\n"
        "def fsync(handle):\n    os.kill(os.getpid(), signal.SIGTERM); real(handle)\n"
        "from riskscore.cli import main\n"
        f"sys.argv = ['riskscore', 'score', {str(SMALL)!r}, '-m', 't1d', '--out', 'results']\n"
        "os.fsync = fsync; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 128 + 15, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_finaliser_is_not_lost(number: int) -> None:
    """Python drops what is raised there, and such as the callbacks of its imports are many."""
    script = (
        "import os, signal, time\n"
        f"signal.signal({number:d}, signal.SIG_DFL)\n"  # nohup has SIGHUP ignored, which is kept
        "from riskscore.cli.streams import end_by_signals\n"
        "end_by_signals()\n"
        "class Closing:\n"
        f"    def __del__(self): os.kill(os.getpid(), {number:d}); time.sleep(0.01)\n"
        "Closing()\n"
        "time.sleep(20)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (128 + number, "")
