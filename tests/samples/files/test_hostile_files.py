"""Damaged, forged and exchanged files end in an error of their kind: no crash, hang or traceback.

Indexes that are changed at random, on some of which htslib 1.24 ends with SIGSEGV or SIGABRT, are
read in tests/fuzz.
"""

import gzip
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest
from bgen import BgenWriter

import riskscore as rs
from riskscore.errors import FileChangedError, IndexMissingError, InputError, VCFFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.files import header
from riskscore.samples.files.blocks import bgzf, index
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources import stream
from riskscore.samples.files.sources import vcf as sources_vcf
from riskscore.samples.files.sources.bcf import BCFFile
from riskscore.samples.loci import loci
from riskscore.samples.loci.loci import read_dosages
from riskscore.writing.folders.bundle import write_bundle
from tests.samples.files.blocks.bgzf_files import write_bgzf, write_vcf
from tests.samples.files.blocks.test_bcf import write_bcf
from tests.samples.files.whole import read_all

Tool = Callable[[str], str]


def lines_of(contig: str, positions: range, letters: str = "AG") -> list[str]:
    fixed = f"rs\t{letters[0]}\t{letters[1]}\t.\tPASS\t.\tGT"
    return [f"{contig}\t{p}\t{fixed}\t0|{p % 2}\t1|1\n" for p in positions]


def vcf(path: Path, positions: range = range(10, 90_000, 50), *, csi: bool = False) -> Path:
    lines = [*lines_of("chr1", positions), *lines_of("chr6", positions)]
    return write_vcf(path, 2, lines, random.Random(1), 900, csi=csi)


def first_bin(raw: bytes) -> int:
    """Where the number of bins of the first contig stands."""
    if raw[:3] == b"TBI":
        return 36 + struct.unpack_from("<i", raw, 32)[0]
    return 20 + struct.unpack_from("<i", raw, 12)[0]


def put(raw: bytes, at: int, number: int) -> bytes:
    return raw[:at] + struct.pack("<i", number) + raw[at + 4 :]


TBI = {
    "no such number of contigs": lambda raw: put(raw, 4, 2**31 - 1),
    "less than no contigs": lambda raw: put(raw, 4, -1),
    "other contigs than it names": lambda raw: put(raw, 4, 1),
    "names of a negative length": lambda raw: put(raw, 32, -5),
    "less than no bins": lambda raw: put(raw, first_bin(raw), -1),
    "less than no chunks": lambda raw: put(raw, first_bin(raw) + 8, -1),
    "a chunk behind the file": lambda raw: put(raw, first_bin(raw) + 12 + 8 + 4, 2**30),
    "cut short": lambda raw: raw[: len(raw) // 2],
    "nothing but zeros, and three hundred million": lambda raw: bytes(300_000_000),
}
CSI = {
    "a million levels": lambda raw: put(raw, 8, 1_000_000),
    "200 levels": lambda raw: put(raw, 8, 200),
    "more levels than a number has": lambda raw: put(raw, 8, 2**31 - 1),
    "less than no levels": lambda raw: put(raw, 8, -1),
    "windows of less than a base": lambda raw: put(raw, 4, -1),
    "windows of more than a chromosome": lambda raw: put(raw, 4, 31),
    "less than no chunks": lambda raw: put(raw, first_bin(raw) + 4 + 12, -1),
    "fewer levels than its bins need": lambda raw: put(raw, 8, 0),  # on which htslib does not end
    "a bin of no level": lambda raw: put(raw, first_bin(raw) + 4, 3_925_905_994 - 2**32),
    "cut short": lambda raw: raw[: len(raw) // 2],
}


@pytest.mark.parametrize(
    ("ending", "forged"),
    [
        pytest.param(ending, forge, id=f"{ending} {name}")
        for ending, forges in ((".tbi", TBI), (".csi", CSI), (".bcf.csi", CSI))
        for name, forge in forges.items()
    ],
)
def test_a_forged_index_is_refused(
    ending: str, forged: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = vcf(tmp_path / "a.vcf.gz", range(10, 2_000, 50), csi=ending == ".csi")
    if ending == ".bcf.csi":
        path = write_bcf(tmp_path, path, random.Random(1))
    index = Path(f"{path}{'.tbi' if ending == '.tbi' else '.csi'}")
    index.write_bytes(gzip.compress(forged(gzip.decompress(index.read_bytes())), 1))
    with pytest.raises(IndexMissingError):
        open_source([path])


def test_an_index_that_leaves_out_the_middle_of_a_file(tmp_path: Path) -> None:
    """The first and the last record are found through it."""
    path = vcf(tmp_path / "a.vcf.gz")
    index = Path(f"{path}.tbi")
    raw = gzip.decompress(index.read_bytes())
    at, bins = first_bin(raw) + 4, struct.unpack_from("<i", raw, first_bin(raw))[0]
    windows = []
    for _ in range(bins):
        number, chunks = struct.unpack_from("<Ii", raw, at)
        if number != 37450:  # which is none
            windows.append(at)
        at += 8 + 16 * chunks
    middle = windows[len(windows) // 2] + 8
    begin, end = struct.unpack_from("<QQ", raw, middle)
    index.write_bytes(
        gzip.compress(raw[:middle] + struct.pack("<QQ", end, end) + raw[middle + 16 :])
    )
    assert begin < end
    with pytest.raises(IndexMissingError, match="leaves out a part"):
        open_source([path])


@pytest.mark.parametrize("ending", [".tbi", ".csi"])
def test_an_index_with_a_bin_at_another_place(ending: str, tmp_path: Path) -> None:
    """The loci of that bin would be absent, and nothing is left out of the file."""
    path = vcf(tmp_path / "a.vcf.gz", csi=ending == ".csi")
    index = Path(f"{path}{ending}")
    raw, head = gzip.decompress(index.read_bytes()), 8 if ending == ".tbi" else 16
    at, places = first_bin(raw) + 4, {}
    for _ in range(struct.unpack_from("<i", raw, at - 4)[0]):
        places[struct.unpack_from("<I", raw, at)[0]] = at
        at += head + 16 * struct.unpack_from("<i", raw, at + head - 4)[0]
    *windows, _ = sorted(places)  # the last is none
    raw = put(raw, places[windows[1]], windows[-1] + 1)
    index.write_bytes(gzip.compress(raw))
    with pytest.raises(IndexMissingError, match="order"):
        open_source([path])


def test_the_index_of_a_shorter_bcf(tmp_path: Path) -> None:
    """The longer file begins with the very blocks of the shorter."""
    rng = random.Random(1)
    (tmp_path / "short").mkdir()
    short = write_bcf(
        tmp_path / "short", vcf(tmp_path / "short" / "a.vcf.gz", range(10, 2_000, 9)), rng
    )
    data = gzip.decompress(short.read_bytes())
    first = 9 + struct.unpack_from("<I", data, 5)[0]
    last = 8 + sum(struct.unpack_from("<II", data, first))  # a record more, at the end
    longer = tmp_path / "a.bcf"
    write_bgzf(longer, data, random.Random(2), 65_280)
    pysam.tabix_index(str(longer), preset="bcf", csi=True)  # type: ignore[arg-type]
    with BCFFile(longer):
        pass
    another = bytearray(data[first : first + last])
    struct.pack_into(
        "<ii", another, 8, struct.unpack_from("<i", data, len(data) - last + 8)[0], 90_000
    )
    index = Path(f"{longer}.csi").read_bytes()
    write_bgzf(longer, data + bytes(another), random.Random(2), 65_280)
    Path(f"{longer}.csi").write_bytes(index)
    with pytest.raises(IndexMissingError, match="does not find the last record"):
        open_source([longer])


@pytest.mark.parametrize(
    "line", ["##contig=<ID-6,length=170805979>", "##contig=<ID=6,length\xbd1>"]
)
def test_a_contig_line_of_a_bcf_that_cannot_be_meant(line: str, tmp_path: Path) -> None:
    path = write_bcf(tmp_path, vcf(tmp_path / "a.vcf.gz", range(10, 500, 50)), random.Random(1))
    data = gzip.decompress(path.read_bytes())
    end = 9 + struct.unpack_from("<I", data, 5)[0]
    header = data[9:end]
    begin = header.rindex(b"##contig=")
    header = header[:begin] + line.encode("latin-1") + header[header.index(b"\n", begin) :]
    write_bgzf(
        path, data[:5] + struct.pack("<I", len(header)) + header + data[end:], random.Random(1), 900
    )
    with pytest.raises(InputError) as found:
        open_source([path])
    assert found.value.exit_code in (12, 13)


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    if rng.random() < 0.3:
        del changed[rng.randrange(len(changed)) :]
    for _ in range(rng.choice((1, 1, 4)) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.choice((0, 127, 128, 255, rng.randrange(256)))
    return bytes(changed)


def test_filesets_of_plink_changed_at_random(oracle: Tool, tmp_path: Path) -> None:
    made = vcf(tmp_path / "a.vcf.gz", range(10, 3_000, 50))
    command = [oracle("plink2"), "--vcf", str(made), "--make-pgen", "--out", str(tmp_path / "b")]
    subprocess.run([*command, "--silent"], check=True)
    files = [tmp_path / f"b{ending}" for ending in (".pgen", ".pvar", ".psam")]
    sound = {file: file.read_bytes() for file in files}
    refused = 0
    for seed in range(80):
        rng = random.Random(seed)
        for file in files:
            file.write_bytes(sound[file])
        file = rng.choice(files)
        file.write_bytes(mutated(sound[file], rng))
        try:
            read_all(files[0])
        except InputError:
            refused += 1
    assert refused > 20


def test_bgens_changed_at_random(tmp_path: Path) -> None:
    path = tmp_path / "a.bgen"
    with BgenWriter(str(path), 3, samples=["A", "B", "C"], compression="zlib") as out:
        for i in range(20):
            table = np.array([[0.0, 0.25, 0.75], [1, 0, 0], [0.5, 0.5, 0]])
            out.add_variant(f"v{i}", f"rs{i}", "6", 100 + i, ["G", "A"], table)
    sound, refused = path.read_bytes(), 0
    for seed in range(80):
        path.write_bytes(mutated(sound, random.Random(seed)))
        try:
            read_all(path)
        except InputError:
            refused += 1
    assert refused > 20


def test_a_bgen_variant_that_does_not_say_where_it_is(tmp_path: Path) -> None:
    """As `make fuzz` found: after data that cannot be read the package tells another place."""

    class Variant:
        alleles, rsid = ("G", "A"), "rs1"

        @property
        def is_phased(self) -> bool:
            raise ValueError("couldn't read the compressed data")

        @property
        def chrom(self) -> str:
            return b"\x9c".decode()

    path = tmp_path / "a.bgen"
    with BgenWriter(str(path), 1, samples=["A"], compression="zlib") as out:
        out.add_variant("v", "rs", "6", 100, ["G", "A"], np.array([[0.0, 0.25, 0.75]]))
    with open_source([path]) as source, pytest.raises(VCFFormatError, match="cannot be read"):
        source._record(Variant())  # type: ignore[attr-defined]


def exchange(path: Path, other: Path) -> None:
    """Put another file in a file's place, as rsync does."""
    for ending in ("", ".tbi"):
        new = Path(f"{path}.new")
        shutil.copy(f"{other}{ending}", new)
        new.replace(f"{path}{ending}")


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "other").mkdir()
    return vcf(tmp_path / "a.vcf.gz"), vcf(tmp_path / "other" / "a.vcf.gz")


def test_a_file_that_is_exchanged_while_it_is_read(two_files: tuple[Path, Path]) -> None:
    path, other = two_files

    def read() -> None:
        with open_source([path]) as source:
            assert len(list(source.fetch(Region("6", 10, 10)))) == 1
            exchange(path, other)

    with pytest.raises(FileChangedError, match="changed while it was read"):
        read()


def test_a_stream_that_is_exchanged_while_it_is_read(two_files: tuple[Path, Path]) -> None:
    path, other = two_files
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))

    def read() -> None:
        with open_source([plain]) as source:
            source.prepare([Region("6", 10, 10)])
            plain.write_bytes(gzip.decompress(other.read_bytes()))

    with pytest.raises(FileChangedError):
        read()


def test_an_error_of_reading_comes_before_that_of_a_change(two_files: tuple[Path, Path]) -> None:
    path, other = two_files

    def read() -> None:
        with open_source([path]):
            exchange(path, other)
            raise VCFFormatError("mine")

    with pytest.raises(VCFFormatError, match="mine"):
        read()


def test_the_second_process_reads_no_other_file(
    two_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = two_files
    monkeypatch.setattr(loci, "_WORTH_A_PROCESS", 1)
    variants = [Variant(f"v{p}", "6", p, None, "G", "A") for p in range(10, 2_000, 50)]
    source = open_source([path])
    exchange(path, other)  # which the first process does not see: it has the old one open
    with pytest.raises(FileChangedError):
        read_dosages(source, variants, Build.GRCh38, {}, Reading(processes=2))
    source.close()


def test_checksums_are_of_the_files_that_were_read(tmp_path: Path) -> None:
    """A file exchanged between reading and writing has not the checksum of what was scored."""
    rs.simulate(["ms"], n=8, seed=1, out=tmp_path / "made")
    path = tmp_path / "made" / "cohort.vcf.gz"
    scores = rs.score(path, "ms")
    shutil.copy(path, tmp_path / "new")
    (tmp_path / "new").replace(path)
    with pytest.raises(FileChangedError):
        write_bundle(scores, tmp_path / "out", inputs={"vcf": path})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("digits", [11, 10_000])
@pytest.mark.parametrize("where", ["length", "END", "POS"])
def test_numbers_of_many_digits(make_vcf: Callable[..., Path], where: str, digits: int) -> None:
    """Python makes no number of more than 4,300 digits."""
    number = "9" * digits
    end = '##INFO=<ID=END,Number=1,Type=Integer,Description="e">'
    length = number if where == "length" else "170805979"
    row = ("6", 100, "r", "G", "A" if where != "END" else "<NON_REF>", "GT", ["0/1"])
    rows = [(*row, f"END={number}") if where == "END" else row]
    header = [f"##contig=<ID=6,length={length}>", end]
    packed = make_vcf(["p"], rows, header=header, index=False)
    text = gzip.decompress(packed.read_bytes()).decode()
    if where == "POS":
        text = text.replace("6\t100\t", f"6\t{number}\t")
    plain = packed.with_name("plain.vcf")
    plain.write_text(text)
    with pytest.raises(VCFFormatError):
        _read_one(plain)


def _read_one(path: Path) -> None:
    snp = Variant("r", "6", 100, 100, "A", "G", "G")
    with open_source([path]) as source:
        source.prepare([Region("6", 50, 200)])
        read_dosages(source, [snp], Build.GRCh38, {})


@pytest.fixture
def at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand bytes at once in place of 256 MB."""
    for module in (bgzf, stream, sources_vcf):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2_000)
    monkeypatch.setattr(index, "_LARGEST", 1_900)


@pytest.mark.usefixtures("at_most")
@pytest.mark.parametrize(
    "place", ["nowhere", "the first record", "ID", "INFO", "cells", "the last record"]
)
@pytest.mark.parametrize("reader", ["stream", "by blocks", "walk"])
def test_a_line_that_no_memory_holds(tmp_path: Path, reader: str, place: str) -> None:
    name, info, cells = ("A" * 3000 if place == own else "." for own in ("ID", "INFO", "cells"))
    lines = lines_of("6", range(100, 400, 50))
    lines[3] = f"6\t250\t{name}\tA\tG\t.\tPASS\t{info}\tGT:X\t0|1:{cells}\t1|1\n"
    if place.startswith("the"):
        at = 0 if place == "the first record" else 5
        lines[at] = lines[at].replace("rs", "A" * 3000)
    path = write_vcf(tmp_path / "a.vcf.gz", 2, lines, random.Random(1), 900)
    if reader == "stream":
        Path(f"{path}.tbi").unlink()

    def found() -> list[object]:
        with open_source([path]) as source:
            source.prepare([Region("6", 100, 400)])
            if reader == "walk":
                return list(source.walk("6", [100, 250, 350]))
            return list(source.fetch(Region("6", 250, 250)))

    if place == "nowhere":
        assert found()
        return
    with pytest.raises(VCFFormatError, match="more than"):
        found()


@pytest.mark.usefixtures("at_most")
@pytest.mark.parametrize("ending", [".vcf.gz", ".vcf", ".bcf"])
def test_a_header_that_no_memory_holds(tmp_path: Path, ending: str) -> None:
    path = write_vcf(tmp_path / "a.vcf.gz", 2, lines_of("6", range(9, 20)), random.Random(1), 900)
    text = gzip.decompress(path.read_bytes()).replace(
        b"#CHROM", b"##x=" + b"A" * 3000 + b"\n#CHROM"
    )
    write_bgzf(path, text, random.Random(1), 900)
    pysam.tabix_index(str(path), preset="vcf", force=True)
    if ending == ".vcf":
        path = path.with_suffix("")
        path.write_bytes(text)
    elif ending == ".bcf":
        path = write_bcf(tmp_path, path, random.Random(1))
    with pytest.raises(VCFFormatError, match="more than"), open_source([path]):
        pass


def test_a_message_names_no_more_alleles_than_a_line_holds(tmp_path: Path) -> None:
    alts = ",".join(f"<A{i}>" for i in range(40_000))
    path = tmp_path / "a.vcf"
    line = f"6\t100\t.\tA\t{alts}\t.\tPASS\t.\tGT\t0/40000\t0/0\n"
    write_vcf(tmp_path / "a.vcf.gz", 2, [line], random.Random(1), 65_280)
    path.write_bytes(gzip.decompress((tmp_path / "a.vcf.gz").read_bytes()))
    with open_source([path]) as source:
        source.prepare([Region("6", 100, 100)])
        [record] = source.fetch(Region("6", 100, 100))
        with pytest.raises(VCFFormatError) as error:
            record.genotypes()
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("packing", [gzip.compress, None])
def test_a_header_of_more_lines_than_any_is_refused(
    packing: Callable[[bytes], bytes] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two kilobytes of gzip unpack to a million lines of ``##``."""
    monkeypatch.setattr(header, "MOST_LINES", 100)
    path = vcf(tmp_path / "a.vcf.gz")
    with gzip.open(path) as sound:
        text = sound.read()
    if packing:
        path = tmp_path / "b.vcf.gz"
        path.write_bytes(packing(text.replace(b"#CHROM", 100 * b"##\n" + b"#CHROM")))
    else:
        write_bgzf(path, text.replace(b"#CHROM", 100 * b"##\n" + b"#CHROM"), random.Random(1), 900)
    with (
        pytest.raises(VCFFormatError, match="the header has more than 100 lines"),
        open_source([path], Reading()),
    ):
        pass


def test_a_file_of_comments_is_refused_at_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header, "MOST_LINES", 100)
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(gzip.compress(b"#\n" * 1000))
    with (
        pytest.raises(VCFFormatError, match="the first line is not ##fileformat=VCF"),
        open_source([path], Reading()),
    ):
        pass
