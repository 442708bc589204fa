"""Records that are listed beside a file are those pysam finds; a list of another file is none."""

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskscore import errors
from riskscore.samples.files.bcf import BCFFile
from riskscore.samples.files.blocks import record_index
from riskscore.samples.files.blocks.bgzf import Blocks
from riskscore.samples.files.blocks.record_index import Fingerprint
from riskscore.samples.files.joined import JoinedSource
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.record_listing import write_record_index
from riskscore.samples.files.source import Region, Source
from riskscore.samples.files.vcf import VCFFile
from tests.samples.files.blocks import test_bcf, test_vcf
from tests.samples.files.blocks.bgzf_files import write_vcf
from tests.samples.files.blocks.test_vcf import regions_of

SAMPLES = 3
FILES = 40
MHC = Region("6", 28_000_000, 34_500_000, ("HLA_", "HLA-"))


def made(folder: Path, seed: int, kind: str) -> tuple[Path, list[str]]:
    """A file of one kind, and its lines: duplicates, several ALTs, HLA names, two contigs."""
    rng = random.Random(seed)
    blocks = "blocks" in kind
    lines = [] if blocks else test_bcf.lines_of(rng, SAMPLES)
    while not lines:
        lines = test_vcf.lines_of(rng, SAMPLES, blocks)
    longest = rng.choice([40, 700, 65_280])
    path = write_vcf(
        folder / "a.vcf.gz", SAMPLES, lines, rng, longest, csi=seed % 2 == 0, end=blocks
    )
    if "bcf" in kind:
        path = test_bcf.write_bcf(folder, path, rng)
        while Blocks(path).length(0) < 5:  # in which nobody would know a BCF
            Path(f"{path}.csi").unlink()
            path = test_bcf.write_bcf(folder, folder / "a.vcf.gz", rng)
    return path, lines


def by_pysam(source: Source, region: Region) -> list[list[object]]:
    """The records of a region as pysam reads them."""
    assert isinstance(source, VCFFile | BCFFile)
    name = source.contigs.get(region.chromosome)
    if name is None:
        return []
    if isinstance(source, BCFFile):
        return [test_bcf.shown(record) for record in source._fetch_by_pysam(region)]
    return [test_bcf.shown(record) for record in source._fetch_by_pysam(name, region)]


def listed(source: Source, region: Region) -> list[list[object]]:
    return [test_bcf.shown(record) for record in source.fetch(region)]


def is_used(source: Source) -> bool:
    """Whether a record index tells where the records stand."""
    assert isinstance(source, VCFFile | BCFFile)
    assert source._quick is not None
    return source._quick._listing.covers(())


@pytest.mark.parametrize("kind", ["vcf", "vcf blocks", "bcf", "bcf blocks"])
@pytest.mark.parametrize("seed", range(FILES))
def test_every_region_holds_what_pysam_finds(
    seed: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskscore.samples.files.record_listing.PAGE_ROWS", [1, 3, 1024][seed % 3])
    path, lines = made(tmp_path, seed, kind)
    assert write_record_index(path) == len(lines)
    with open_source([path]) as source:
        assert is_used(source)
        quick = source._quick  # type: ignore[attr-defined]
        for region in regions_of(random.Random(seed), lines):
            expected = by_pysam(source, region)
            assert listed(source, region) == expected
            if name := source.contigs.get(region.chromosome):  # type: ignore[attr-defined]
                list(quick.fetch(name, region))  # not by falling back
        assert source.warnings == ()
        assert is_used(source)


@pytest.fixture
def made_file(tmp_path: Path) -> Path:
    path, lines = made(tmp_path, 5, "vcf")
    assert len(lines) > 20
    write_record_index(path)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_no_damage_is_believed(made_file: Path, data: st.DataObject) -> None:
    """A byte that is changed anywhere, or an end that is cut off, is noticed by what it touches."""
    beside = Path(f"{made_file}.records")
    whole = beside.read_bytes()
    try:
        at = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            beside.write_bytes(whole[:at])
        else:
            changed = bytearray(whole)
            changed[at] ^= data.draw(st.integers(1, 255))
            beside.write_bytes(changed)
        with open_source([made_file]) as source:
            for region in (Region("1", 1, 1 << 30), Region("6", 1, 1 << 30)):
                assert listed(source, region) == by_pysam(source, region)
            (warning,) = source.warnings
            assert warning.startswith("a.vcf.gz.records is ")
            assert warning.endswith("make it anew: riskscore index a.vcf.gz")
            assert not is_used(source)
    finally:
        beside.write_bytes(whole)


def _another_file(path: Path) -> None:
    """The file and its index as another run of a pipeline leaves them."""
    lines = test_bcf.lines_of(random.Random(99), SAMPLES)
    write_vcf(path, SAMPLES, lines, random.Random(1), 700)


def _another_index(path: Path) -> None:
    Path(f"{path}.tbi").unlink()
    pysam.tabix_index(str(path), preset="vcf", csi=True)


def _another_name(path: Path) -> None:
    """The record index of another file, renamed."""
    folder = path.parent / "b"
    folder.mkdir()
    other = made(folder, 7, "vcf")[0]
    write_record_index(other)
    shutil.copy(f"{other}.records", f"{path}.records")


@pytest.mark.parametrize("change", [_another_file, _another_index, _another_name])
def test_a_list_of_another_file_is_not_used(
    made_file: Path, change: Callable[[Path], None]
) -> None:
    change(made_file)
    with open_source([made_file]) as source:
        assert not is_used(source)
        (warning,) = source.warnings
        assert "is not of the file and its index as they are now" in warning
        region = Region("6", 1, 1 << 30)
        assert listed(source, region) == by_pysam(source, region)
    write_record_index(made_file)
    with open_source([made_file]) as source:
        assert is_used(source)
        assert source.warnings == ()


def test_files_that_were_renamed_together_keep_it(made_file: Path) -> None:
    for one in list(made_file.parent.glob("a.vcf.gz*")):
        one.rename(one.with_name(one.name.replace("a.", "renamed.")))
    with open_source([made_file.with_name("renamed.vcf.gz")]) as source:
        assert is_used(source)


def test_another_version_is_not_used(made_file: Path) -> None:
    beside = Path(f"{made_file}.records")
    data = bytearray(beside.read_bytes())
    data[len(record_index.MAGIC)] += 1
    beside.write_bytes(data)
    with open_source([made_file]) as source:
        assert "is of another version" in source.warnings[0]


@pytest.mark.parametrize("kind", ["vcf", "bcf"])
def test_a_record_that_is_not_where_it_is_listed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the checksums alike, the record itself would still tell."""
    always = Fingerprint(1, 2, 3)
    for module in ("blocks.record_index", "record_listing"):
        monkeypatch.setattr(f"riskscore.samples.files.{module}.fingerprint", lambda *_: always)
    path, lines = made(tmp_path, 5, kind)
    write_record_index(path)
    first = lines[0].split("\t")
    lines[0] = "\t".join([*first[:2], "longer", *first[3:]])
    rng = random.Random(5)
    vcf = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 65_280)
    if kind == "bcf":
        Path(f"{path}.csi").unlink()
        test_bcf.write_bcf(tmp_path, vcf, rng)
    with open_source([path]) as source:
        region = Region("6", 1, 1 << 30)
        assert listed(source, region) == by_pysam(source, region)
        (warning,) = source.warnings
        assert "has another record than the file" in warning or "has none" in warning
        assert not is_used(source)


def test_prefixes_that_were_not_marked_are_looked_for_in_the_file(made_file: Path) -> None:
    with open_source([made_file]) as source:
        region = Region("6", 1, 1 << 30, ("rs",))
        found = listed(source, region)
        assert found
        assert found == by_pysam(source, region)
        assert is_used(source)


@pytest.mark.parametrize("kind", ["vcf", "bcf"])
def test_only_the_blocks_of_hla_records_are_inflated(kind: str, tmp_path: Path) -> None:
    rng = random.Random(7)
    cells = "\t".join(["0|1"] * 50)
    lines = [
        f"chr6\t{29_000_000 + 100 * i}\t{'HLA_A*01:01' if i == 900 else '.'}\tA\tT\t.\t.\t.\tGT\t"
        f"{cells}\n"
        for i in range(2000)
    ]
    path = write_vcf(tmp_path / "a.vcf.gz", 50, lines, rng, 500)
    path = test_bcf.write_bcf(tmp_path, path, rng) if kind == "bcf" else path
    write_record_index(path)
    with open_source([path]) as source:
        blocks = source._quick._blocks  # type: ignore[attr-defined]
        before = blocks.inflated
        (record,) = source.fetch(MHC)
        assert record.position == 29_090_000
        # of some hundreds or thousands, and so many as a record of 300 bytes can lie in
        assert blocks.inflated - before <= 20


def test_parts_have_one_each(tmp_path: Path) -> None:
    """The joined source reads by that of one part, and searches the other."""
    texts = ["chr1\t5\t.\tA\tG\t.\t.\t.\tGT\t0/1\n", "chr6\t7\t.\tA\tG\t.\t.\t.\tGT\t1/1\n"]
    rng = random.Random(1)
    parts = [
        write_vcf(tmp_path / f"{i}.vcf.gz", 1, [text], rng, 50) for i, text in enumerate(texts)
    ]
    write_record_index(parts[0])
    with open_source(parts) as source:
        assert isinstance(source, JoinedSource)
        assert [is_used(one) for one in source._sources] == [True, False]
        for region in (Region("1", 5, 5), Region("6", 7, 7)):
            (record,) = source.fetch(region)
            assert record.position == region.start
    write_record_index(parts[1])
    shutil.copy(f"{parts[0]}.records", f"{parts[1]}.records")
    with open_source(parts) as source:
        assert [warning.split()[0] for warning in source.warnings] == ["1.vcf.gz.records"]


def test_what_cannot_be_listed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    rng = random.Random(1)
    line = "chr6\t{}\t.\tA\tG\t.\t.\t.\tGT\t0/1\n"
    odd = write_vcf(tmp_path / "odd.vcf.gz", 1, [line.format("07"), line.format(8)], rng, 50)
    with pytest.raises(errors.VCFFormatError, match="cannot be listed") as refusal:
        write_record_index(odd)
    assert refusal.value.where == "odd.vcf.gz"
    early = write_vcf(tmp_path / "early.vcf.gz", 1, [line.format(0), line.format(8)], rng, 50)
    with pytest.raises(errors.VCFFormatError, match="from position 1 on"):
        write_record_index(early)
    bare = write_vcf(tmp_path / "bare.vcf.gz", 1, [line.format(8)], rng, 50)
    Path(f"{bare}.tbi").unlink()
    with pytest.raises(errors.IndexMissingError, match="tabix -p vcf"):
        write_record_index(bare)
    plain = tmp_path / "plain.vcf"
    plain.write_bytes(gzip.decompress(bare.read_bytes()))
    with pytest.raises(errors.IndexMissingError, match="bgzip"):
        write_record_index(plain)
    assert list(tmp_path.glob("*.records")) == []


def test_a_file_that_changes_meanwhile_is_refused(
    made_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path(f"{made_file}.records").read_bytes()
    seen = iter([Fingerprint(1, 2, 3), Fingerprint(1, 2, 4)])
    monkeypatch.setattr("riskscore.samples.files.record_listing.fingerprint", lambda *_: next(seen))
    with pytest.raises(errors.FileChangedError):
        write_record_index(made_file)
    assert Path(f"{made_file}.records").read_bytes() == before
    assert len(list(made_file.parent.glob("*.records*"))) == 1
