"""A sample of what `make fuzz` does for as long as one likes, in a process that may crash."""

import json
import subprocess
import sys
from pathlib import Path

CASES = 480


def test_changed_files_of_every_kind_are_read_or_refused() -> None:
    command = [sys.executable, "-m", "tests.fuzz.readers", "--cases", str(CASES), "--seed", "0"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout)
    assert counts.pop("first seed") == 0
    assert sum(counts.values()) == CASES
    kinds = {name.rpartition(":")[0] for name in counts}
    assert len(kinds) == 12
    # changes that break nothing are read, and not all of them are
    assert sum(n for name, n in counts.items() if name.endswith("refused")) > CASES / 4
    assert sum(n for name, n in counts.items() if name.endswith(": read")) > CASES / 8
