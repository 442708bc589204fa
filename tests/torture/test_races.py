"""Two runs in one folder: one works, the other is told so, and the results are those of one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RACER = """
import sys
from pathlib import Path
from riskscore.batches.workplace import workplace
from riskscore.errors import BatchLockedError
out, sign = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for line in sys.stdin:  # a race a line
    try:
        with workplace(out / line.strip()) as place:
            (place.work / "winner").open("x").write(sign)
            print("won", flush=True)
            sys.stdin.readline()
    except BatchLockedError:
        print("locked", flush=True)
        sys.stdin.readline()
    print("over", flush=True)
"""


def test_twenty_races_for_the_lock(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), sign],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for sign in "ab"
    ]

    def tell(line: str) -> None:
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write(line + "\n")
            racer.stdin.flush()

    def heard() -> list[str]:
        return [racer.stdout.readline().strip() for racer in racers if racer.stdout]

    assert heard() == ["ready", "ready"]
    for race in range(20):
        tell(f"race{race}")
        assert sorted(heard()) == ["locked", "won"]
        tell("")
        assert heard() == ["over", "over"]
    for racer in racers:
        racer.communicate()
        assert racer.returncode == 0


def test_whole_runs_race(
    tmp_path: Path,
    start: Callable[..., Any],
    many: Callable[[int, int], int],
    results_in: Callable[[Path], dict[str, bytes]],
) -> None:
    start(tmp_path / "whole").communicate()
    expected = results_in(tmp_path / "whole")
    for race in range(many(2, 20)):
        out = tmp_path / f"race{race}"
        both = [start(out), start(out)]
        messages = [run.communicate()[1] for run in both]
        codes = sorted(run.returncode for run in both)
        assert codes == [0, 61], messages
        assert "BatchLockedError" in "".join(messages)
        assert results_in(out) == expected
