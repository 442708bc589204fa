"""What the scoring command loads: start-up is most of the time that a small cohort takes."""

import json
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
SLOW = {
    "altair", "IPython", "jinja2", "matplotlib", "pandas", "pgenlib", "pyarrow", "scipy",
    "sklearn", "statsmodels", "vl_convert",
}  # fmt: skip
SCRIPT = """
import json, sys
sys.argv = ["riskscore", "score", sys.argv[1], "--model", "t1d", "--output", sys.argv[2]]
try:
    from riskscore.cli import main
    main()
except SystemExit as end:
    assert end.code in (0, 3), end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_scoring_loads_nothing_slow(tmp_path: Path) -> None:
    vcf = DATA / "t1d_b38_clean.vcf.gz"
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(vcf), str(tmp_path / "scores.tsv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    loaded = set(json.loads(run.stdout.splitlines()[-1]))
    assert {"numpy", "pysam", "deflate", "riskscore"} <= loaded
    assert SLOW & loaded == set()
    assert (tmp_path / "scores.tsv").stat().st_size


def test_the_package_runs_as_the_command() -> None:
    run = [sys.executable, "-m", "riskscore", "--version"]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert told.startswith("riskscore ")
