"""A batch that is killed at any instant goes on where it was, to the same bytes."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("whom", ["the batch alone", "its workers too"])
def test_killed_and_resumed(
    whom: str,
    tmp_path: Path,
    start: Callable[..., Any],
    many: Callable[[int, int], int],
    results_in: Callable[[Path], dict[str, bytes]],
) -> None:
    began = time.monotonic()
    whole = start(tmp_path / "whole")
    message = whole.communicate()[1]
    assert whole.returncode == 0, message
    took = time.monotonic() - began
    expected = results_in(tmp_path / "whole")
    assert len(expected) == 12
    dice, killed, at_work = random.Random(whom), 0, 0
    for number in count():
        if killed == many(8, 50):
            break
        out = tmp_path / f"killed{number}"
        batch = start(out)
        time.sleep(dice.uniform(0.2, 1.0) * took)
        with contextlib.suppress(ProcessLookupError):  # it was over before
            if whom == "the batch alone":
                batch.kill()
            else:
                os.killpg(batch.pid, signal.SIGKILL)
        batch.communicate()
        killed += batch.returncode == -signal.SIGKILL
        at_work += (out / "work" / "shards").is_dir()
        # Where nothing says that it is complete, nobody takes it for complete.
        if (out / "provenance.json").exists():
            assert results_in(out) == expected
        resumed = start(out)
        message = resumed.communicate()[1]
        assert resumed.returncode == 0, message
        assert results_in(out) == expected
        assert list((out / "work" / "making").iterdir()) == []
    assert at_work, "no batch had begun when it was killed"
