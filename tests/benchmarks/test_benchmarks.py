"""The benchmarks in small: that they run, and that plink2 gives the same scores. No times."""

import sys
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


def test_a_biobank_is_measured_whole_and_by_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_models, "TOGETHER", ("ra",))
    lines = shipped_models.biobank(shipped_models.Case("typed", 20), tmp_path).splitlines()
    assert [line.split(" | ")[0] for line in lines[-2:]] == ["| in one run", "| --shard 1/10"]


def test_totals_of_the_peer_must_be_ours(tmp_path: Path) -> None:
    """A peer that prints 0 for everybody is no measure."""
    peer = tmp_path / "peer.py"
    peer.write_text(
        "import sys\n"
        "lines = ['IID,t1dgrs2-luckett25_total', *(f'S{i},0.0' for i in range(20))]\n"
        "open(sys.argv[sys.argv.index('--output') + 1], 'w').write('\\n'.join(lines))\n"
    )
    case = shipped_models.Case("typed", 20)
    with pytest.raises(SystemExit, match="other totals"):
        shipped_models.beside_prsedm(case, tmp_path, f"{sys.executable} {peer}")
