"""Several files as one cohort, standard input, and what is refused before anything is read."""

import errno
import gzip
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from riskscore import errors
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources.vcf import parse_line
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of
from tests.as_bcf import as_bcf

Make = Callable[..., Path]
nan = np.nan
ONE = Variant("one", "6", 100, 100, "A", "G", "G")
TWO = Variant("two", "7", 200, 200, "A", "G", "G")
HEADER = ("##contig=<ID=6,length=170805979>", "##contig=<ID=7,length=159345973>")


@pytest.fixture
def files(make_vcf: Make) -> Make:
    """`files(name, samples, row, ...)` is a VCF; a row is chrom, pos, ref, alt, cells."""

    def make(name: str, samples: str, *rows: tuple[str, int, str, str, str]) -> Path:
        whole = [
            (c, p, ".", ref, alt, "DS" if "." in cells.replace("./.", "") else "GT", cells.split())
            for c, p, ref, alt, cells in rows
        ]
        return make_vcf(list(samples), whole, name=f"{name}.vcf.gz", header=HEADER)

    return make


def read(*paths: Path | str, absent: str = "missing") -> tuple[tuple[str, ...], Dosages]:
    reading = Reading(absent=absent)
    with open_source(paths, reading) as source:
        source.prepare(regions_of([ONE, TWO], Build.GRCh38))
        dosages = read_dosages(source, [ONE, TWO], Build.GRCh38, {}, reading)
        return source.samples, dosages


def same(found: np.ndarray, expected: list[list[float]]) -> bool:
    return np.array_equal(found, np.array(expected, dtype=np.float32), equal_nan=True)


def test_a_file_a_chromosome(files: Make) -> None:
    six = files("six", "ABC", ("6", 100, "G", "A", "0/0 0/1 1/1"))
    seven = files("seven", "CAB", ("7", 200, "G", "A", "1/1 0/0 ./."))
    samples, found = read(six, seven)
    assert samples == ("A", "B", "C")
    assert same(found.values, [[0, 1, 2], [0, nan, 2]])


def test_chromosomes_pass_one_record_at_a_time(
    files: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of half a million people is megabytes: those of a region are not gathered."""
    given = []

    def counting(line: bytes, samples: int, file: str) -> Record:
        given.append(file)
        return parse_line(line, samples, file)

    six = files("six", "AB", *(("6", 100 + i, "G", "A", "0/0 0/1") for i in range(20)))
    seven = files("seven", "BA", ("7", 200, "G", "A", "1/1 0/0"))
    with open_source([six, seven]) as source:
        source.prepare([])
        monkeypatch.setattr("riskscore.samples.files.blocks.vcf_blocks.parse_line", counting)
        records = source.fetch(Region("6", 100, 119, prefixes=(".",)))
        assert [next(records).position, next(records).position] == [100, 101]
        assert len(given) == 2
        assert [record.position for record in records] == list(range(102, 120))
        (record,) = source.fetch(Region("7", 200, 200))
        calls = record.genotypes()
        assert calls is not None
        assert calls.tolist() == [[0, 0], [1, 1]]


def test_a_file_a_batch_of_people(files: Make) -> None:
    left = files("l", "AB", ("6", 100, "G", "A", "0/0 0/1"), ("7", 200, "G", "A", "1/1 0/0"))
    right = files("r", "CD", ("6", 100, "A", "G", "0/0 0/1"))
    samples, found = read(left, right)
    assert samples == ("A", "B", "C", "D")
    assert same(found.values, [[0, 1, 2, 1], [2, 0, nan, nan]])
    assert found.matches[1].note == "absent=2"
    _, assumed = read(left, right, absent="homref")
    assert same(assumed.values, [[0, 1, 2, 1], [2, 0, 0, 0]])


def test_batches_with_other_alts(files: Make) -> None:
    # In the second batch nobody has T, and its record says nothing of it.
    left = files("l", "AB", ("6", 100, "A", "G,T", "0/2 1/2"))
    right = files("r", "CD", ("6", 100, "A", "G", "0/0 0/1"))
    split = files("s", "EF", ("6", 100, "A", "G", "0/0 1/0"), ("6", 100, "A", "T", "0/1 0/1"))
    _, found = read(left, right, split)
    assert same(found.values[:1], [[1, 0, 2, 1, 1, 0]])


def test_batches_with_other_fields(files: Make) -> None:
    left = files("l", "AB", ("6", 100, "G", "A", "0.25 1.5"))
    right = files("r", "CD", ("6", 100, "G", "A", "./. 0/1"))
    assert same(read(left, right)[1].values[:1], [[0.25, 1.5, nan, 1]])


def test_single_person_gvcfs(make_vcf: Make) -> None:
    head = (*HEADER, '##INFO=<ID=END,Number=1,Type=Integer,Description="">')
    one = [("6", 50, ".", "C", "<NON_REF>", "GT:GQ", ["0/0:60"], "END=150")]
    two = [("6", 100, ".", "G", "A,<NON_REF>", "GT:GQ", ["0/1:60"])]
    paths = [
        make_vcf([name], rows, name=f"{name}.g.vcf.gz", header=head)
        for name, rows in (("A", one), ("B", two))
    ]
    _, found = read(*paths)
    assert same(found.values[:1], [[0, 1]])
    assert found.matches[0].how == "found"
    _, found = read(*paths[::-1])
    assert same(found.values[:1], [[1, 0]])


def test_overlaps_are_named(files: Make) -> None:
    row = ("6", 100, "G", "A", "0/0 0/1")
    left, same_people = files("left", "AB", row), files("again", "BA", row)
    with pytest.raises(errors.VCFFormatError, match=r"left\.vcf\.gz and again\.vcf\.gz both") as e:
        read(left, same_people)
    assert "6:100 G>A" in str(e.value)
    with pytest.raises(errors.DuplicateSampleError, match="share 1 of their samples") as error:
        read(left, files("part", "BC", row))
    assert "part.vcf.gz" in str(error.value)
    with pytest.raises(errors.UsageError, match="twice"):
        read(left, left)
    with pytest.raises(errors.UsageError, match="no genotype file"):
        read()


def test_files_of_two_builds(make_vcf: Make) -> None:
    row = [("6", 100, ".", "G", "A", "GT", ["0/1"])]
    old = make_vcf(["A"], row, name="a.vcf.gz", header=("##contig=<ID=6,length=171115067>",))
    new = make_vcf(["B"], row, name="b.vcf.gz")
    with pytest.raises(errors.BuildMismatchError, match=r"b\.vcf\.gz says GRCh38"):
        open_source([old, new])


def test_quality_of_joined_records_is_the_lowest(make_vcf: Make) -> None:
    paths = [
        make_vcf(
            [name], [("6", 100, ".", "G", "A", "GT", ["0/1"], f"R2={r2}")], name=f"{name}.vcf.gz"
        )
        for name, r2 in (("A", 0.9), ("B", 0.2))
    ]
    with open_source(paths) as source:
        reading = Reading(min_r2=0.3)
        found = read_dosages(source, [ONE], Build.GRCh38, {}, reading)
    assert found.matches[0].missing is Missing.LOW_IMPUTATION_QUALITY


def test_batches_that_contradict_a_palindrome(make_vcf: Make) -> None:
    palindrome = Variant("at", "6", 100, 100, "A", "T", "T")
    names = [f"S{i}" for i in range(100)]
    rare, common = ["0/0"] * 45 + ["0/1"] * 5, ["1/1"] * 45 + ["0/1"] * 5
    paths = [
        make_vcf(people, [("6", 100, ".", "T", "A", "GT", cells)], name=f"{people[0]}.vcf.gz")
        for people, cells in ((names[:50], rare), (names[50:], common))
    ]
    for chosen, code in ((paths[:1], Missing.NOT_MISSING), (paths, Missing.AMBIGUOUS_STRAND)):
        with open_source(chosen) as source:
            found = read_dosages(source, [palindrome], Build.GRCh38, {palindrome: 0.05})
        assert found.matches[0].missing is code


@pytest.mark.parametrize("kind", ["vcf", "gz", "bgzf", "bcf"])
def test_standard_input(
    kind: str, files: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import gzip

    path = files("six", "ABC", ("6", 100, "G", "A", "0/0 0/1 1/1"))
    data = path.read_bytes()
    if kind in {"vcf", "gz"}:
        data = gzip.decompress(data)
    if kind == "gz":
        data = gzip.compress(data)
    if kind == "bcf":
        data = as_bcf(path, tmp_path / "x.bcf", index=False).read_bytes()

    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]

    monkeypatch.setattr(sys, "stdin", Stdin)
    samples, found = read("-")
    assert samples == ("A", "B", "C")
    assert same(found.values[:1], [[0, 1, 2]])


@pytest.mark.parametrize("name", ["a.vcf", "a.bcf", "-"])
def test_a_full_temporary_folder(
    name: str, files: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """htslib, which makes the index of a BCF, does not say why it could not."""
    packed = files("a", "AB", ("6", 100, "G", "A", "0/0 0/1"))
    bcf = as_bcf(packed, tmp_path / "a.bcf")
    Path(f"{bcf}.csi").unlink()
    plain = tmp_path / "a.vcf"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))

    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(bcf.read_bytes()))  # type: ignore[arg-type]

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def failed(*arguments: object, **options: object) -> None:
        raise OSError("building of the index failed")

    monkeypatch.setattr(sys, "stdin", Stdin)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    monkeypatch.setattr(pysam, "tabix_index", failed)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0))
    with pytest.raises(errors.OutputError, match="the temporary folder") as error:
        read(name if name == "-" else tmp_path / name)
    assert "TMPDIR" in error.value.fix


def test_standard_input_cut_at_a_block(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    data = files("six", "ABC", ("6", 100, "G", "A", "0/0 0/1 1/1")).read_bytes()[:-28]

    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]

    monkeypatch.setattr(sys, "stdin", Stdin)
    with pytest.raises(errors.VCFFormatError, match="end block"):
        read("-")


def test_an_index_of_another_bcf(files: Make, tmp_path: Path) -> None:
    mine = as_bcf(files("a", "AB", ("6", 30_000_000, "G", "A", "0/0 0/1")), tmp_path / "a.bcf")
    other = as_bcf(files("b", "AB", ("7", 200, "G", "A", "0/0 0/1")), tmp_path / "b.bcf")
    Path(f"{mine}.csi").write_bytes(Path(f"{other}.csi").read_bytes())
    with pytest.raises(errors.IndexMissingError, match="bcftools index -f"):
        read(mine)
    Path(f"{mine}.csi").write_bytes(b"garbage")
    with pytest.raises(errors.IndexMissingError, match="bcftools index -f"):
        read(mine)


def test_a_bcf_cut_short(files: Make, tmp_path: Path) -> None:
    path = as_bcf(files("a", "AB", ("6", 100, "G", "A", "0/0 0/1")), tmp_path / "a.bcf")
    path.write_bytes(path.read_bytes()[:-28])
    with pytest.raises(errors.VCFFormatError, match="end block"):
        read(path)


def test_a_bcf_names_an_allele_beyond_alt(files: Make, tmp_path: Path) -> None:
    vcf = files("a", "AB", ("6", 100, "G", "A", "0/0 0/2"))
    with pytest.raises(errors.VCFFormatError, match="beyond ALT"):
        read(as_bcf(vcf, tmp_path / "a.bcf"))


def test_one_chromosome_by_two_names(make_vcf: Make) -> None:
    rows = [("6", 100, ".", "G", "A", "GT", ["0/1"]), ("chr6", 200, ".", "G", "A", "GT", ["0/1"])]
    with pytest.raises(errors.VCFFormatError, match="6 and chr6 are the same"):
        open_source([make_vcf(["A"], rows)])


@pytest.mark.parametrize("packed", [False, True])
def test_a_last_line_without_end_is_told(tmp_path: Path, packed: bool) -> None:
    """A dosage of 1.95 may have become 1.9; nothing else shows it. Of joined files too."""
    names = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB"
    head = "\n".join(["##fileformat=VCFv4.2", *HEADER, names, ""])
    text = head + "6\t100\t.\tA\tG\t.\tPASS\t.\tGT:DS\t0/0:0.1\t1/1:1.95\n"
    whole, cut = tmp_path / "whole.vcf", tmp_path / "cut.vcf"
    for path, written in ((whole, text), (cut, text[:-2])):
        data = written.encode()
        path.write_bytes(gzip.compress(data) if packed else data)
    region = Region("6", 1, 200)
    told = ["cut.vcf: the last line has no end; the file may be cut short"]
    for paths, expected in (([whole], []), ([cut], told)):
        with open_source(paths) as source:
            source.prepare([region])
            assert len(list(source.fetch(region))) == 1
            assert [w for w in source.warnings if "no end" in w] == expected
    other = tmp_path / "other.vcf"
    other.write_text(text.replace("6\t100", "7\t100"))
    with open_source([other, cut]) as source:
        source.prepare([region])
        assert [w for w in source.warnings if "no end" in w] == told
