"""PGEN and BGEN give the dosages that the VCF of the same people gives."""

import builtins
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bgen import BgenWriter

from riskscore.errors import (
    FileMissingError,
    IndexMissingError,
    InputError,
    UsageError,
    VCFFormatError,
)
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.sources.pgen import _samples
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of

HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=6,length=170805979>\n##contig=<ID=X,length=156040895>\n"
    '##INFO=<ID=R2,Number=1,Type=Float,Description="R2">\n'
    '##FILTER=<ID=low,Description="low">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tC\tD\tE\n"
)
HARD = """\
6 100 v0 G A . PASS R2=0.9 GT 0/0 0/1 1/1 ./. 0/1
6 200 v1 A G . low R2=0.1 GT 0|0 0|1 1|0 1|1 ./.
6 300 v2 G A,T . PASS R2=0.9 GT 0/1 1/2 2/2 ./. 0/0
6 400 v3 A T,G . PASS R2=0.9 GT 0/1 1/2 2/2 ./. 0/0
6 500 v4 G GC . PASS R2=0.9 GT 0/1 0/0 1/1 ./. 0/0
X 5000000 x0 G A . PASS R2=0.9 GT 0 1 0/1 1/1 .
"""
SOFT = """\
6 100 v0 G A . PASS R2=0.9 GT:DS 0/0:0.123 0/1:1.02 1/1:1.999 ./.:. 0/1:1
6 200 v1 A G . PASS R2=0.9 GT:DS 0/0:0 0/1:0.95 1/1:2 0/1:1.3 0/0:0.01
"""
VARIANTS = [
    Variant("v0", "6", 100, 100, "A", "G", "G"),
    Variant("v1", "6", 200, 200, "A", "G", "A"),
    Variant("v2", "6", 300, 300, "T", "G", "G"),
    Variant("v3", "6", 400, 400, "A", "G", "A"),
    Variant("v4", "6", 500, 500, "GC", "G", "G"),
    Variant("x0", "X", 5000000, 1, "A", "G", "G"),
]
Tool = Callable[[str], str]


def write(path: Path, body: str) -> Path:
    path.write_text(HEAD + body.replace(" ", "\t"))
    return path


def plink2(oracle: Tool, *arguments: object) -> None:
    command = [oracle("plink2"), *map(str, arguments), "--threads", "1", "--silent"]
    subprocess.run(command, check=True, capture_output=True)


def read(path: Path, *variants: Variant, **choices: Any) -> Dosages:
    wanted = variants or tuple(VARIANTS)
    with open_source([path], Reading(**choices)) as source:
        source.prepare(regions_of(wanted, Build.GRCh38))
        return read_dosages(source, wanted, Build.GRCh38, {}, Reading(**choices))


@pytest.fixture
def sexes(tmp_path: Path) -> Path:
    path = tmp_path / "sex.txt"
    path.write_text("#IID\tSEX\nA\t1\nB\t1\nC\t2\nD\t2\nE\t1\n")
    return path


def test_pgen_of_hard_calls(oracle: Tool, tmp_path: Path, sexes: Path) -> None:
    vcf = write(tmp_path / "a.vcf", HARD)
    plink2(
        oracle, "--vcf", vcf, "--update-sex", sexes, "--split-par", "hg38", "--make-pgen", "--out",
        tmp_path / "a",
    )  # fmt: skip
    mine, theirs = read(tmp_path / "a.pgen"), read(vcf)
    assert [m.how for m in mine.matches] == [m.how for m in theirs.matches]
    assert not any(m.missing for m in mine.matches)
    assert np.array_equal(mine.values, theirs.values, equal_nan=True)
    assert np.array_equal(read(tmp_path / "a.pgen", field="GT").values, theirs.values, True)


def test_pgen_knows_filter_quality_and_build(oracle: Tool, tmp_path: Path) -> None:
    vcf = write(tmp_path / "a.vcf", HARD.split("X ", maxsplit=1)[0])
    plink2(oracle, "--vcf", vcf, "--make-pgen", "--out", tmp_path / "a")
    path = tmp_path / "a.pgen"
    low = read(path, VARIANTS[1], min_r2=0.3).matches[0]
    assert low.missing is Missing.LOW_IMPUTATION_QUALITY
    assert read(path, VARIANTS[1], filters=frozenset({"PASS"})).matches[0].missing is (
        Missing.FILTERED
    )
    with open_source([path]) as source:
        assert source.build is Build.GRCh38
        assert source.samples == ("A", "B", "C", "D", "E")


def test_a_provisional_reference_is_not_relied_upon(oracle: Tool, tmp_path: Path) -> None:
    vcf = write(tmp_path / "a.vcf", "6 500 v4 GC G . PASS . GT 0/1 0/0 1/1 ./. 0/0\n")
    plink2(oracle, "--vcf", vcf, "--make-bed", "--out", tmp_path / "a")
    plink2(oracle, "--bfile", tmp_path / "a", "--make-pgen", "--out", tmp_path / "b")
    insertion = VARIANTS[4]  # whose reference is G: with a reference that is known it differs
    assert read(vcf, insertion).matches[0].missing is Missing.ALLELES_DIFFER
    found = read(tmp_path / "b.pgen", insertion)
    assert found.matches[0].missing is Missing.NOT_MISSING


def test_pgen_and_bgen_of_dosages(oracle: Tool, tmp_path: Path) -> None:
    vcf = write(tmp_path / "a.vcf", SOFT)
    plink2(oracle, "--vcf", vcf, "dosage=DS", "--make-pgen", "--out", tmp_path / "a")
    plink2(
        oracle, "--pfile", tmp_path / "a", "--export", "bgen-1.2", "bits=16", "ref-first",
        "--out", tmp_path / "b",
    )  # fmt: skip
    expected = read(vcf, *VARIANTS[:2]).values
    for name in ("a.pgen", "b.bgen"):
        found = read(tmp_path / name, *VARIANTS[:2])
        assert not any(m.missing for m in found.matches)
        assert np.array_equal(np.isnan(found.values), np.isnan(expected))
        assert np.nanmax(abs(found.values - expected)) < 5e-5  # a step of either is 1/16384


@pytest.mark.parametrize("order", ["ref-first", "ref-last"])
def test_bgen_of_hard_calls_in_either_order(
    oracle: Tool, tmp_path: Path, sexes: Path, order: str
) -> None:
    biallelic = "".join(f"{row}\n" for row in HARD.splitlines() if "," not in row)
    vcf = write(tmp_path / "a.vcf", biallelic.replace("|", "/"))
    plink2(
        oracle, "--vcf", vcf, "--update-sex", sexes, "--split-par", "hg38", "--export", "bgen-1.2",
        "bits=8", order, "--out", tmp_path / "a",
    )  # fmt: skip
    wanted = [v for v in VARIANTS if v.name in {"v0", "v1", "v4", "x0"}]
    mine, theirs = read(tmp_path / "a.bgen", *wanted), read(vcf, *wanted)
    assert np.array_equal(mine.values, theirs.values, equal_nan=True)


@pytest.fixture
def bgen(tmp_path: Path) -> Path:
    """A BGEN with an index: unphased, phased, and three alleles; the fourth person is missing."""
    path = tmp_path / "w.bgen"
    nan = np.nan
    with BgenWriter(str(path), 4, samples=list("ABCD")) as writer:
        rows: list[tuple[int, list[str], list[list[float]], bool]] = [
            (100, ["G", "A"], [[1, 0, 0], [0, 1, 0], [0.2, 0.2, 0.6], [nan] * 3], False),
            (200, ["G", "A"], [[1, 0, 0, 1], [0, 1, 0, 1], [0.8, 0.2, 0.4, 0.6], [nan] * 4], True),
            (
                300,
                ["G", "A", "T"],
                [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0.5, 0, 0, 0, 0, 0.5], [nan] * 6],
                False,
            ),
        ]
        for position, alleles, values, phased in rows:
            name = f"v{position}"
            table = np.array(values)
            writer.add_variant(
                name, name, "06", position, alleles, table, phased=phased, bit_depth=16
            )
    return path


@pytest.mark.parametrize("index", [True, False])
def test_bgen_by_its_own_writer(bgen: Path, index: bool) -> None:
    if not index:
        Path(f"{bgen}.bgi").unlink()
    wanted = [Variant(f"v{p}", "6", p, p, "A", "G") for p in (100, 200)]
    wanted.append(Variant("v300", "6", 300, 300, "T", "G"))
    found = read(bgen, *wanted)
    nan = np.nan
    truth = [[0, 1, 1.4, nan], [1, 2, 0.8, nan], [0, 1, 1, nan]]
    assert np.allclose(found.values, truth, atol=2e-5, equal_nan=True)
    with open_source([bgen]) as source:
        source.prepare([])
        assert source.chromosomes == {"6"}
        assert bool(source.warnings) is not index
    if not index:
        with pytest.raises(IndexMissingError):
            open_source([bgen], Reading(require_index=True))


def test_phase_of_a_bgen(bgen: Path) -> None:
    wanted = Variant("v200", "6", 200, 200, "A", "G")
    with open_source([bgen]) as source:
        source.prepare(regions_of([wanted], Build.GRCh38))
        (record,) = source.fetch(regions_of([wanted], Build.GRCh38)[0])
    assert record.phased().all()
    assert record.genotypes() is None
    haplotypes = record.numbers("HDS")
    assert haplotypes is not None
    assert np.allclose(haplotypes.values[:3], [[0, 1], [1, 1], [0.2, 0.6]], atol=2e-5)


SAMPLE_HEAD = "ID_1 ID_2 missing sex\n0 0 0 D\n"


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE_HEAD + "F1 C 0 1\nF2 A 0 2\nA D 0 NA\nC 01 0 NA\n",
        SAMPLE_HEAD
        + "0 C 0 NA\n0 A 0 NA\n0 D 0 NA\n0 01 0 NA\n",  # plink2, where there is no family
        "ID_1\nC\nA\n".replace("\nC", "\n0\nC", 1) + "D\n01\n",
        SAMPLE_HEAD.replace(" ", "\t") + "x\tC\t0\t1\r\nx\tA\t0\t1\nx\tD\t0\t1\nx\t01\t0\t1\n",
    ],
)
def test_the_people_of_a_sample_file(bgen: Path, text: str) -> None:
    """ID_2 is the person; ID_1 the family."""
    bgen.with_suffix(".sample").write_text(text, newline="")
    with open_source([bgen]) as source:
        assert source.samples == ("C", "A", "D", "01")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SAMPLE_HEAD + "F1 C 0 1\n", "1 people, and the BGEN has 4"),
        (SAMPLE_HEAD + "F1 C 0\n", "3 columns where the header has 4 .*line 3"),
        ("F1 C 0\nF1 A 0\n", "not those of a .sample file"),
        ("", "not those of a .sample file"),
        (SAMPLE_HEAD + "a x 0 1\nb x 0 1\nc y 0 1\nd z 0 1\n", "occur twice"),
    ],
)
def test_a_sample_file_that_does_not_fit(bgen: Path, text: str, says: str) -> None:
    bgen.with_suffix(".sample").write_text(text)
    with pytest.raises(InputError, match=says), open_source([bgen]):
        pass


def test_a_field_that_a_bgen_has_not(bgen: Path) -> None:
    with pytest.raises(VCFFormatError, match="GP has no GT"):
        read(bgen, Variant("v", "6", 100, 100, "A", "G"), field="GT")


def test_a_bgen_cut_short(bgen: Path) -> None:
    bgen.write_bytes(bgen.read_bytes()[:-20])
    Path(f"{bgen}.bgi").unlink()
    with pytest.raises(VCFFormatError):
        read(bgen, Variant("v", "6", 300, 300, "T", "G"))


def test_a_fileset_that_is_not_whole(oracle: Tool, tmp_path: Path) -> None:
    vcf = write(tmp_path / "a.vcf", SOFT)
    plink2(oracle, "--vcf", vcf, "--make-pgen", "--out", tmp_path / "a")
    kept = (tmp_path / "a.pvar").read_text()
    (tmp_path / "a.pvar").unlink()
    with pytest.raises(FileMissingError, match=r"no \.pvar"):
        read(tmp_path / "a.pgen")
    (tmp_path / "a.pvar").write_text(kept + kept.splitlines()[-1] + "\n")
    with pytest.raises(VCFFormatError, match="does not fit"):
        read(tmp_path / "a.pgen")
    (tmp_path / "a.pvar").write_text(kept)
    (tmp_path / "a.psam").write_text("A\nB\n")
    with pytest.raises(VCFFormatError, match="#IID"):
        read(tmp_path / "a.pgen")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (b"#IID\nM\xfcller\nB\n", "not UTF-8"),  # two such names could be read as one
        (b"#IID\nA\0\nB\n", "a byte that is 0"),
        (b"#IID\rA\rB\r", "a carriage return"),
    ],
)
def test_a_psam_that_is_no_text(names: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.psam").write_bytes(names)
    with pytest.raises(VCFFormatError, match=words) as error:
        _samples(tmp_path / "a.psam")
    assert "ller" not in str(error.value)


def test_a_psam_may_be_cut_within_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.psam"
    path.write_text("##x\n#FID IID\r\nf Anna\r\n\nf Be")
    samples, (warning,) = _samples(path)
    assert samples == ("Anna", "Be")
    assert warning == "a.psam: the last line has no end; the file may be cut short"
    path.write_text("#IID\nAnna\n")
    assert _samples(path) == (("Anna",), ())


@pytest.mark.parametrize(("package", "name"), [("pgenlib", "a.pgen"), ("bgen", "w.bgen")])
def test_without_the_extra(
    package: str, name: str, bgen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pgen").write_bytes(b"\x6c\x1b\x10" + bytes(20))
    real = builtins.__import__

    def without(wanted: str, *rest: Any) -> Any:
        if wanted == package:
            raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'riskscore-hla\["):
        open_source([tmp_path / name])
