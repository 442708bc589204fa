"""The benchmarks in small: that they run, and that plink2 gives the same scores. No times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import shipped_models
from tests.benchmarks.measure import RISKSCORE, Case, measure, report

SMALL = [
    Case("a", "loci", 60, 90, 30),
    Case("b", "genome", 60, 6_000, 2_500),
    Case("c", "mhc", 60, 300, 25),
]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_a_small_case_runs_and_agrees_with_plink2(
    case: Case, oracle: Callable[[str], str], tmp_path: Path
) -> None:
    for tool in ("bgzip", "tabix", "plink2"):
        oracle(tool)
    found = measure(case, tmp_path, 1)
    assert {RISKSCORE, "plink2 --vcf"} <= set(found)
    assert all(one.wall > 0 and one.memory > 1 for one in found.values())
    lines = report(case, found).splitlines()
    assert lines[-len(found)].startswith("| riskscore |")
    assert lines[-len(found)].endswith("| 1.00 | 1.00 | 1.00 |")


def test_shipped_models_are_measured_on_simulated_people(tmp_path: Path) -> None:
    case = shipped_models.Case("imputed", 20, 0.9)
    folder = shipped_models.make(case, ("ra",), case.people, tmp_path)
    found = shipped_models.score(folder, ("ra",), 1)
    assert found.cpu > 0
    assert len((folder / "scores.tsv").read_text().splitlines()) == 1 + case.people
