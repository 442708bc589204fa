"""What every test can use: tools of other people, and Hypothesis made repeatable in CI."""

import importlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pysam
import pytest
from hypothesis import settings

from tests.forked import Forked

# Two workers of xdist on two cores, and each with a thread of BLAS a core, would mostly wait for
# each other: the tests' products are small. Lessons and commands that tests start inherit it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask for an oracle, so that `-m "not oracle"` leaves them out."""
    for item in items:
        if {"oracle", "cyvcf2"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("oracle")


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], str]:
    """`oracle("plink2")` is the path of that tool; a test whose tool is absent is skipped.

    With RISKSCORE_REQUIRE_ORACLES set, as in CI, it fails instead.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("RISKSCORE_REQUIRE_ORACLES"):
            pytest.fail(f"{name} is not on the PATH, and RISKSCORE_REQUIRE_ORACLES is set")
        if path is None:
            pytest.skip(f"{name} is not on the PATH")
        return path

    return find


@pytest.fixture(scope="session")
def cyvcf2() -> ModuleType:
    """The package cyvcf2; a test that asks for it is skipped, or fails, as with `oracle`."""
    try:
        return importlib.import_module("cyvcf2")
    except ImportError as error:
        if os.environ.get("RISKSCORE_REQUIRE_ORACLES"):
            pytest.fail(f"cyvcf2 cannot be imported, and RISKSCORE_REQUIRE_ORACLES is set: {error}")
        pytest.skip(f"cyvcf2 cannot be imported: {error}")


@pytest.fixture
def make_vcf(tmp_path: Path) -> Callable[..., Path]:
    """`make_vcf(samples, rows)` is a bgzipped, indexed VCF in GRCh38.

    A row is (chromosome, position, id, ref, alt, format, cells) or has an INFO text as its last.
    """

    def make(
        samples: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
        *,
        name: str = "made.vcf.gz",
        header: Sequence[str] = ("##contig=<ID=6,length=170805979>",),
        index: bool = True,
    ) -> Path:
        lines = [
            "##fileformat=VCFv4.2",
            *header,
            '##INFO=<ID=AF,Number=A,Type=Float,Description="ALT frequency">',
            '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
            '##FORMAT=<ID=DS,Number=A,Type=Float,Description="ALT dosage">',
            "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"])
            + "".join(f"\t{sample}" for sample in samples),
        ]
        for chrom, position, rsid, ref, alt, keys, cells, *info in rows:
            fixed = [chrom, position, rsid, ref, alt, ".", "PASS", info[0] if info else ".", keys]
            lines.append("\t".join([*map(str, fixed), *cells]))
        plain = tmp_path / name.removesuffix(".gz")
        plain.write_text("\n".join(lines) + "\n")
        path = tmp_path / name
        pysam.tabix_compress(str(plain), str(path), force=True)
        if index:
            pysam.tabix_index(str(path), preset="vcf", force=True)
        return path

    return make


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    with Forked() as forked:
        yield forked


@pytest.fixture
def riskscore(tmp_path: Path, forked: Forked) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`riskscore("score", ...)` runs the command in an empty folder, in a process of its own."""
    return lambda *arguments: forked.run([str(argument) for argument in arguments], tmp_path)


@pytest.fixture(scope="session")
def make_cohorts() -> Callable[..., Path]:
    """`make_cohorts(folder, files, people)` fills a folder with `c000.vcf.gz` and so on."""
    calls = ("0/0", "0/1", "1/1")
    loci = (("6", "32658707", "rs9273369", "T", "C"), ("6", "33081408", "rs2567287", "G", "A"))

    def make(folder: Path, files: int, people: int = 4) -> Path:
        folder.mkdir(parents=True)
        for k in range(files):
            lines = [
                "##fileformat=VCFv4.2",
                "##contig=<ID=6,length=170805979>",
                '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
                "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"])
                + "".join(f"\tP{k}x{i}" for i in range(people)),
            ]
            for row, locus in enumerate(loci):
                cells = [calls[(k + 2 * row + 5 * i) % 3] for i in range(people)]
                lines.append("\t".join([*locus, ".", "PASS", ".", "GT", *cells]))
            plain, packed = folder / f"c{k:03}.vcf", folder / f"c{k:03}.vcf.gz"
            plain.write_text("\n".join(lines) + "\n")
            pysam.tabix_compress(str(plain), str(packed), force=True)
            plain.unlink()
            pysam.tabix_index(str(packed), preset="vcf", force=True)
        return folder

    return make


@pytest.fixture(scope="session")
def results_in() -> Callable[[Path], dict[str, bytes]]:
    """`results_in(folder)` is every file of a result, without the workplace of a batch."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder).parts[0] != "work"
        }

    return read
