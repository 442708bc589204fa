"""Reading in two processes: the same bits, and the same errors, as in one."""

import ctypes
import os
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from riskscore.errors import VCFFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.second_process import in_two, return_freed
from riskscore.samples.genome_wide import sums
from riskscore.samples.loci import loci
from riskscore.samples.loci.loci import read_dosages
from tests.samples.files.blocks.bgzf_files import write_vcf
from tests.samples.files.blocks.test_bcf import write_bcf
from tests.samples.genome_wide.test_sums import SAMPLES, made, plain_of

ONE, TWO = Reading(), Reading(processes=2)


def test_the_second_result_comes_from_another_process() -> None:
    mine, theirs = in_two(os.getpid, os.getpid)
    assert mine == os.getpid() != theirs


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system tells no memory")
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_freed_memory_goes_back_to_the_system() -> None:
    """Blocks too small to be pages of their own, the last of which stays."""

    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    blocks = [np.ones(5_000) for _ in range(1_000)]  # 40 MB
    del blocks[:-1]
    before = held()
    return_freed()
    assert before - held() > 20_000_000


def test_a_result_larger_than_a_pipe_holds() -> None:
    large = np.arange(1_000_000)
    assert (in_two(lambda: None, lambda: large)[1] == large).all()


def test_what_fails_there_fails_here() -> None:
    def fail() -> None:
        raise VCFFormatError("broken", where="a.vcf.gz")

    with pytest.raises(VCFFormatError, match="broken"):
        in_two(lambda: 1, fail)


def test_a_child_that_is_gone_is_made_up_for() -> None:
    parent = os.getpid()

    def vanish() -> str:
        if os.getpid() != parent:
            os._exit(9)
        return "done here"

    assert in_two(lambda: 1, vanish) == (1, "done here")


def test_no_child_is_left_when_this_process_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    # Children of other tests may still be there: the test asks after its own one.
    fork, children = os.fork, []

    def noted() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr(os, "fork", noted)
    with pytest.raises(ZeroDivisionError):
        in_two(lambda: 1 // 0, lambda: [0] * 1000)
    (child,) = children
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


@pytest.fixture
def cohort(tmp_path: Path) -> tuple[Path, list[dict[str, str]]]:
    dice = random.Random(4)
    lines, rows = made(dice, 120, "GT GT:DS")
    return write_vcf(tmp_path / "c.vcf.gz", SAMPLES, lines, dice, 3000), rows


def counted(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make every work long enough for a second process, and note each one."""
    forked: list[str] = []

    def noted(*work: Callable[[], object]) -> object:
        forked.append("second process")
        return in_two(*work)

    monkeypatch.setattr(module, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(module, "in_two", noted)
    return forked


@pytest.mark.parametrize("container", ["VCF", "BCF"])
def test_loci_are_the_same(
    cohort: tuple[Path, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch, container: str
) -> None:
    path, rows = cohort
    if container == "BCF":  # with cells that only pysam reads, and records given before they are
        path = write_bcf(path.parent, path, random.Random(4))
    forked = counted(loci, monkeypatch)
    variants = [
        Variant(r["line"], r["chromosome"], int(r["position"]), None, r["effect"], r["other"])
        for r in rows
    ]
    frequencies = dict.fromkeys(variants, 0.3)
    for people in (None, range(7, 19)):
        found = []
        for reading in (ONE, TWO):
            with open_source([path]) as source:
                found.append(
                    read_dosages(source, variants, Build.GRCh38, frequencies, reading, people)
                )
        assert forked.pop() == "second process"
        assert not forked
        assert len({one.missing for one in found[0].matches}) > 1
        assert repr(found[0].matches) == repr(found[1].matches)  # nan is not nan, its text is
        assert found[0].values.tobytes() == found[1].values.tobytes()


@pytest.mark.parametrize("binary", [False, True])
def test_genome_wide_sums_are_the_same(
    cohort: tuple[Path, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch, binary: bool
) -> None:
    path, rows = cohort
    if binary:
        path = write_bcf(path.parent, path, random.Random(1))
    forked = counted(sums, monkeypatch)
    found = []
    for reading in (ONE, TWO):
        with open_source([path]) as source:
            found.append(sums.read_plain(source, plain_of(rows), Build.GRCh38, reading))
    assert forked == ["second process"]
    one, two = found
    assert one.observed.sum() > 50
    for name in ("total", "no_calls", "missing", "strand", "frequency", "mean", "variance"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name
