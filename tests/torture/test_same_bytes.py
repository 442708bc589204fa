"""The same bytes whatever the locale, the hash seed, the processes and the threads of BLAS.

With RISKSCORE_OTHER_PYTHON, the path of another Python in whose environment riskscore is installed
(3.13 beside 3.11, say, with another numpy), its texts are compared too. Functions of another numpy
may differ in a double's last bit, so Parquet is compared as numbers, and pages but for the
explorer's equations, which are fitted.
"""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

PLAIN = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
OTHER = {"LC_ALL": "C", "PYTHONHASHSEED": "12345", "OPENBLAS_NUM_THREADS": "2", "TZ": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def results(
    cohorts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, bytes]]:
    """`results(environment, jobs)` is every file that a batch and its report write."""

    def made(
        environment: dict[str, str], jobs: int, python: str = sys.executable
    ) -> dict[str, bytes]:
        folder = tmp_path_factory.mktemp("out")
        for words in (
            ["batch", str(cohorts), "-m", "t1d", "--tsv", "--jobs", str(jobs), "--out", "b"],
            ["score", str(cohorts / "c000.vcf.gz"), "-m", "ms", "-m", "t1d", "--out", "s", "-q"],
            ["report", "s", "-o", "s.html"],
        ):
            done = subprocess.run(
                [python, "-m", "riskscore", *words],
                cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode in (0, 3), done.stderr
        files = [p for p in folder.rglob("*") if p.is_file() and "work" not in p.parts]
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}

    return made


def test_the_same_bytes_in_any_environment(
    results: Callable[..., dict[str, bytes]], many: Callable[[int, int], int]
) -> None:
    expected = results(PLAIN, 1)
    assert {"b/provenance.json", "s/scores.tsv", "s/provenance.json", "s.html"} <= set(expected)
    # All at once; at length also each of them by itself.
    each = [({**PLAIN, name: value}, 1) for name, value in OTHER.items()]
    for environment, jobs in [(OTHER, 2), *each[: many(0, len(each))]]:
        found = results(environment, jobs)
        assert set(found) == set(expected)
        differ = sorted(name for name in expected if found[name] != expected[name])
        assert differ == [], environment


def test_the_same_bytes_with_another_python(results: Callable[..., dict[str, bytes]]) -> None:
    other = os.environ.get("RISKSCORE_OTHER_PYTHON")
    if not other:
        pytest.skip("RISKSCORE_OTHER_PYTHON names no other Python")
    ours, theirs = results(PLAIN, 1), results(PLAIN, 1, other)
    versions = [json.loads(found["s/provenance.json"])["software"] for found in (ours, theirs)]
    assert versions[0]["python"] != versions[1]["python"]
    expected, found = map(_without_versions, (ours, theirs), versions)
    assert set(found) == set(expected)
    for name, data in expected.items():
        if name.endswith(".parquet"):
            a, b = pd.read_parquet(io.BytesIO(data)), pd.read_parquet(io.BytesIO(found[name]))
            pd.testing.assert_frame_equal(a, b, rtol=1e-13, atol=0)
        else:
            assert found[name] == data, name


def _without_versions(files: dict[str, bytes], software: dict[str, str]) -> dict[str, bytes]:
    """The files with the versions of Python and its packages, which they tell, taken out.

    So are the checksums that the records have of themselves and of files that tell them.
    """
    told = {software["python"], software["numpy"]}
    fitted = rb'<script[^>]* id="equations"[^>]*>.*?</script>'
    versions = (re.escape(version.encode()) for version in told)
    marks = rb"|".join([*versions, rb"\b[0-9a-f]{64}\b", fitted])
    tell = re.compile(rb"(provenance\.json|versions\.yml|\.html)$")
    return {
        name: re.sub(marks, b"", data) if tell.search(name.encode()) else data
        for name, data in files.items()
    }
