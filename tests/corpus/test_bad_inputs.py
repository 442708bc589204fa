"""Each row of bad_inputs.tsv that concerns genotypes: what is wrong, and what happens."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from riskscore import errors
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.builds import choose_build
from riskscore.samples.dosages import Dosages
from riskscore.samples.loci import read_dosages, regions_of
from riskscore.samples.opening import open_source
from riskscore.samples.reading import Reading

TABLE = Path(__file__).with_name("bad_inputs.tsv")
nan = math.nan
SNP = Variant("rs1", "6", 100, 100, "A", "G", "G")
HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=6,length=170805979>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n'
)
NAMES = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1 S2\n".replace(" ", "\t")
BEFORE = "6 90 rs0 C T . PASS . GT 0/1 0/0\n".replace(" ", "\t")
AFTER = "6 110 rs2 C T . PASS . GT 0/1 0/0\n".replace(" ", "\t")


def line(*cells: str, keys: str = "GT", pos: str = "100", ref: str = "G", alt: str = "A") -> str:
    return "\t".join(["6", pos, "rs1", ref, alt, ".", "PASS", ".", keys, *cells]) + "\n"


GOOD = line("0/1", "0/0")


def vcf(*records: str, head: str = HEAD, names: str = NAMES) -> bytes:
    return (head + names + BEFORE + "".join(records) + AFTER).encode()


def read(path: Path, *variants: Variant, **choices: object) -> tuple[Dosages, tuple[str, ...]]:
    """Dosages of the variants (of SNP, if none are named), and the warnings of the source."""
    wanted = variants or (SNP,)
    reading = Reading(**choices)  # type: ignore[arg-type]
    with open_source([path], reading) as source:
        source.prepare(regions_of(wanted, Build.GRCh38))
        return read_dosages(source, wanted, Build.GRCh38, {}, reading), source.warnings


def code(dosages: Dosages) -> str:
    match = dosages.matches[0]
    return match.missing.name.lower() if match.missing else str(match.how)


def indexed(path: Path, content: bytes) -> Path:
    plain = path.with_suffix(".plain")
    plain.write_bytes(content)
    pysam.tabix_compress(str(plain), str(path), force=True)
    pysam.tabix_index(str(path), preset="vcf", force=True)
    return path


# Row, and the file that should be read all the same: its copies, and the match's note.
READ: dict[str, tuple[bytes, list[float], str]] = {
    "22": (vcf(line("1,0", "0,2", keys="DS", alt="A,T")), [1, 0], "multi_allelic"),
    "23": (vcf(line("1/2", "0/0", alt="A,*")), [1, 0], ""),
    "27": (vcf(GOOD, GOOD), [1, 0], "2 records agree"),
    "29": (vcf(line("./1", "0/.")), [nan, nan], "half_call=2"),
    "30": (vcf(line("1", "0")), [nan, nan], "haploid=2"),
    "31": (vcf(line("1", "0/1")), [nan, 1], "haploid=1"),
    "33": (vcf(line("./.", ".").replace("./.", "")), [nan, nan], ""),
    "35": (vcf(line("9:0/1", "9:1/1", keys="DP:GT")), [1, 2], ""),
    "36": (vcf(line("0.25,0.5", "0,1", keys="HDS")), [0.75, 1], ""),
    "37": (vcf(line("0/1:0.75", "0/0", keys="GT:DS")), [0.75, 0], "other_field=1"),
    "43": (vcf(line("0.97", "0", keys="DS"), head=HEAD.replace("Float", "Integer")), [0.97, 0], ""),
    "44": (vcf(line("0.97", "0", keys="DS"), head=HEAD.partition("##FORMAT")[0]), [0.97, 0], ""),
    "45": (vcf(line("1.5:0,1", "0:0,0", keys="DS:HDS")), [1.5, 0], "dosage_conflict=1"),
    "46": (vcf(line("1.27:0.03,0.67,0.3", "0:1,0,0", keys="DS:GP")), [1.27, 0], ""),
    "48": (vcf(line("0.97", "1.003", keys="DS")), [0.97, 1.003], ""),
    "52": (vcf(GOOD).replace(b"\n", b"\r\n"), [1, 0], ""),
    "57": (vcf(GOOD, head="##fileformat=VCFv4.2\n"), [1, 0], ""),
    "58": (vcf(GOOD.replace("PASS", "LOWR2")), [1, 0], ""),
    "59": (
        vcf(GOOD, head=HEAD + "##contig=<ID=HLA-DRB1*15:01:01:01 length=11080>\n"), [1, 0], "",
    ),
    "60": (
        vcf(GOOD, head=HEAD + '##INFO=<ID=AF,Number=A,Type=Float,Description="say "hi" x">\n'),
        [1, 0], "",
    ),
    "61": (vcf(GOOD, head=HEAD + "##CommandLine=<tool -i x -o y>\n"), [1, 0], ""),
    "62": (
        vcf(GOOD, head=HEAD + '##FORMAT=<ID=DS,Number=1,Type=String,Description="">\n'), [1, 0], "",
    ),
    "65": (vcf(GOOD, head=HEAD.replace("VCFv4.2", "VCFv9.9")), [1, 0], ""),
    "66": (vcf(line("|0|1", "/0/0")), [1, 0], ""),
    "77": (vcf(GOOD).replace(b"6\t90", b"6\t0"), [1, 0], ""),
}  # fmt: skip

# Row, the broken file, the error and words of its message.
REFUSED: dict[str, tuple[bytes, type[errors.RiskscoreError], str]] = {
    "25": (vcf(line("0/1", "0/0", alt="")), errors.VCFFormatError, "empty column"),
    "32": (vcf(line("0/1/1", "0/0")), errors.VCFFormatError, "3 alleles"),
    "34": (vcf(line("0/2", "0/0")), errors.VCFFormatError, "beyond ALT"),
    "38": (vcf(line("A/T", "0/0")), errors.VCFFormatError, "not a genotype"),
    "39": (vcf(line("0,97", "0", keys="DS")), errors.VCFFormatError, "2 values for 1 ALT"),
    "40": (vcf(line("2.7", "-0.5", keys="DS")), errors.VCFFormatError, "2.7 is not between"),
    "41": (vcf(line("nan", "inf", keys="DS")), errors.VCFFormatError, "not a finite number"),
    "42": (vcf(line("abc", "0", keys="DS")), errors.VCFFormatError, "not a number"),
    "47": (vcf(line("0,30,60", "0,1,0", keys="GP")), errors.VCFFormatError, "GP of the record"),
    "67": (vcf(GOOD, names=NAMES).replace(b"S1", b"S\xe91"), errors.VCFFormatError, "UTF-8"),
    "68": (vcf(line("0/1")), errors.VCFFormatError, "10 columns, the header 11"),
    "69": (vcf(line("0/1", "0/0", "1/1")), errors.VCFFormatError, "12 columns, the header 11"),
    "70": (vcf(line("0/1:1", "0/0")), errors.VCFFormatError, "more fields than FORMAT"),
    "71": (vcf(line("1:1", "0:0", keys="DS:DS")), errors.VCFFormatError, "names a field twice"),
}

# The same, of files that no tool can index: they are met as plain text.
REFUSED_PLAIN: dict[str, tuple[bytes, type[errors.RiskscoreError], str]] = {
    "49": (vcf(GOOD, head=""), errors.VCFFormatError, "##fileformat"),
    "50": (b"\xef\xbb\xbf" + vcf(GOOD), errors.VCFFormatError, "byte order mark"),
    "51": (vcf(GOOD).decode().encode("utf-16"), errors.VCFFormatError, "UTF-16"),
    "53": (vcf(GOOD).replace(b"\t", b" "), errors.VCFFormatError, "spaces"),
    "54": (vcf(GOOD, names=""), errors.VCFFormatError, "no #CHROM line"),
    "55": (vcf(GOOD).replace(b"\tS2", b"\tS1"), errors.DuplicateSampleError, "1 sample name(s)"),
    "56": (vcf(GOOD).replace(b"\tS2", b"\t"), errors.VCFFormatError, "no name"),
    "63": (
        (HEAD + "\t".join(NAMES.split("\t")[:8]) + "\n").encode(), errors.EmptyVCFError,
        "no samples",
    ),
    "64": ((HEAD + NAMES).encode(), errors.EmptyVCFError, "no records"),
    "72": (vcf(GOOD)[:-12], errors.VCFFormatError, "columns"),
    "73": (vcf("\n", GOOD), errors.VCFFormatError, "blank"),
    "74": (vcf("# a comment\n", GOOD), errors.VCFFormatError, "columns"),
    "75": (vcf(GOOD).replace(b"0/1\t0/0\n6\t110", b"0/\0\t0/0\n6\t110"), errors.VCFFormatError, ""),
    "76": (vcf(line("0/1", "0/0", pos="abc")), errors.VCFFormatError, "is not a record"),
    "82": (b"PK\x03\x04" + bytes(40), errors.VCFFormatError, "zip archive"),
    "94": (b"", errors.EmptyVCFError, "empty"),
    "95": (
        b"# This data file generated by 23andMe\n# rsid\tchromosome\tposition\tgenotype\n",
        errors.VCFFormatError, "consumer array",
    ),
}  # fmt: skip

# Rows about other things than the reading of genotypes.
ELSEWHERE = {
    **{str(n): "HLA records and names: tests/samples of HLA" for n in range(1, 16)},
    "97": "weights against the papers: tests/reference",
}
ROWS: set[str] = set()


def row(*numbers: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a test as that of rows of the table."""
    ROWS.update(numbers)
    return lambda test: test


@pytest.mark.parametrize("container", ["plain", "indexed"])
@pytest.mark.parametrize("number", READ)
def test_read_all_the_same(number: str, container: str, tmp_path: Path) -> None:
    content, copies, note = READ[number]
    if container == "plain":
        path = tmp_path / "test.vcf"
        path.write_bytes(content)
    else:
        path = indexed(tmp_path / "test.vcf.gz", content)
    dosages, _ = read(path)
    assert code(dosages) == "found"
    assert np.array_equal(dosages.values[0], np.array(copies, dtype=np.float32), equal_nan=True)
    assert dosages.matches[0].note == note


@pytest.mark.parametrize("container", ["plain", "indexed"])
@pytest.mark.parametrize("number", REFUSED)
def test_refused(number: str, container: str, tmp_path: Path) -> None:
    content, kind, words = REFUSED[number]
    if container == "plain":
        path = tmp_path / "test.vcf"
        path.write_bytes(content)
    else:
        path = indexed(tmp_path / "test.vcf.gz", content)
    refused(path, kind, words)


@pytest.mark.parametrize("number", REFUSED_PLAIN)
def test_refused_as_text(number: str, tmp_path: Path) -> None:
    content, kind, words = REFUSED_PLAIN[number]
    path = tmp_path / "test.vcf"
    path.write_bytes(content)
    refused(path, kind, words)


def refused(path: Path, kind: type[errors.RiskscoreError], words: str) -> None:
    with pytest.raises(kind) as error:
        read(path)
    message = str(error.value)
    assert words in message
    assert path.name in message
    assert str(path.parent) not in message
    assert "S1" not in message


@row("16")
def test_absent_is_not_hom_ref(tmp_path: Path) -> None:
    path = indexed(tmp_path / "test.vcf.gz", vcf())
    dosages, _ = read(path)
    assert code(dosages) == "absent"
    assert np.isnan(dosages.values).all()


@row("17")
def test_a_gvcf_block(tmp_path: Path) -> None:
    block = "6 50 . C <NON_REF> . . END=120 GT:GQ 0/0:50 0/0:3\n".replace(" ", "\t")
    body = HEAD + NAMES + block
    dosages, _ = read(indexed(tmp_path / "test.vcf.gz", body.encode()))
    assert code(dosages) == "reference_block"
    assert np.array_equal(dosages.values[0], [0, nan], equal_nan=True)


@row("18")
def test_positions_of_the_other_build(tmp_path: Path) -> None:
    places = [Variant(f"v{p}", "6", p, p + 7, "A", "G", "G") for p in (90, 100, 110)]
    content = vcf(GOOD).replace(b"C\tT", b"G\tA").replace(b"length=170805979", b"length=171115067")
    with open_source([indexed(tmp_path / "test.vcf.gz", content)]) as source:
        with pytest.raises(errors.BuildMismatchError, match="fit GRCh38"):
            choose_build(source, places, None)
        with pytest.raises(errors.BuildMismatchError, match="header says GRCh37"):
            choose_build(source, places, Build.GRCh38)
    silent = vcf(GOOD, head="##fileformat=VCFv4.2\n")
    far = [Variant("far", "6", 5, 6, "A", "G")]
    with (
        open_source([indexed(tmp_path / "silent.vcf.gz", silent)]) as source,
        pytest.raises(errors.BuildMismatchError, match="neither"),
    ):
        choose_build(source, far, None)


@row("19", "20", "92", "93")
@pytest.mark.parametrize(
    ("contig", "expected"),
    [
        ("chr6", "found"), ("06", "found"), ("NC_000006.12", "found"), ("CHR6", "found"),
        ("chr6_GL000250v2_alt", "outside_index"), ("HLA-DRB1*15:01:01:01", "outside_index"),
        ("99", "outside_index"),
    ],
)  # fmt: skip
def test_names_of_contigs(tmp_path: Path, contig: str, expected: str) -> None:
    content = vcf(GOOD).replace(b"\n6\t", f"\n{contig}\t".encode())
    dosages, _ = read(indexed(tmp_path / "test.vcf.gz", content))
    assert code(dosages) == expected
    if expected != "found":
        assert f"the file has {contig.removeprefix('chr')}" in dosages.matches[0].note


@row("21")
def test_a_palindrome_is_never_guessed(tmp_path: Path) -> None:
    path = indexed(tmp_path / "test.vcf.gz", vcf(line("0/1", "0/0", ref="T", alt="A")))
    dosages, _ = read(path, Variant("at", "6", 100, 100, "A", "T"))
    assert code(dosages) == "ambiguous_strand"
    assert np.isnan(dosages.values).all()


@row("24", "25", "26")
@pytest.mark.parametrize(
    ("ref", "alt"), [("G", "<HLA_A*01:01>"), ("G", "P_0101"), ("2", "x"), ("G", "G"), (".", "A")]
)
def test_letters_that_are_no_bases_match_nothing(tmp_path: Path, ref: str, alt: str) -> None:
    path = indexed(tmp_path / "test.vcf.gz", vcf(line("0/1", "0/0", ref=ref, alt=alt)))
    dosages, _ = read(path)
    assert code(dosages) == "alleles_differ"
    assert np.isnan(dosages.values).all()


@row("28")
def test_duplicates_that_conflict(tmp_path: Path) -> None:
    path = indexed(tmp_path / "test.vcf.gz", vcf(GOOD, line("1/1", "0/0")))
    dosages, _ = read(path)
    assert code(dosages) == "duplicate_record"
    assert dosages.matches[0].record == "6:100 G>A; 6:100 G>A"


@row("78", "79")
def test_order_does_not_matter_to_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "test.vcf"
    other = AFTER.replace("6\t110", "7\t5")
    path.write_text(HEAD + NAMES + AFTER + other + GOOD + BEFORE)
    assert read(path)[0].values.tolist() == [[1, 0]]


@row("80", "81", "88")
@pytest.mark.parametrize(
    ("name", "pack"), [("a.vcf.gz", gzip.compress), ("a.vcf.gz", bytes), ("a.vcf", bytes)]
)
def test_without_an_index_the_file_is_streamed_with_a_warning(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(vcf(GOOD)))
    dosages, warnings = read(path)
    assert dosages.values.tolist() == [[1, 0]]
    assert "no index" in warnings[0]
    assert "tabix -p vcf" in warnings[0]
    with pytest.raises(errors.IndexMissingError):
        read(path, require_index=True)


def large(path: Path, seed: int = 1) -> Path:
    """An indexed VCF of many blocks."""
    generator = np.random.default_rng(seed)
    dosages = generator.random((4000, 2))
    records = "".join(
        f"6\t{1000 + 10 * i}\tv{i}\tG\tA\t.\tPASS\t.\tDS\t{a}\t{b}\n"
        for i, (a, b) in enumerate(dosages)
    )
    return indexed(path, (HEAD + NAMES + records).encode())


LAST = Variant("last", "6", 1000 + 10 * 3999, 1, "A", "G", "G")


@row("83", "84", "85")
@pytest.mark.parametrize("where", ["end", "middle", "edge"])
@pytest.mark.parametrize("with_index", [True, False])
def test_a_file_cut_short(tmp_path: Path, where: str, with_index: bool) -> None:
    path = large(tmp_path / "test.vcf.gz")
    data = path.read_bytes()
    edges = [i for i in range(len(data)) if data[i : i + 4] == b"\x1f\x8b\x08\x04"]
    assert len(edges) > 3
    cut = {"end": edges[-1], "middle": edges[2] + 500, "edge": edges[2]}[where]
    path.write_bytes(data[:cut])
    if not with_index:
        Path(f"{path}.tbi").unlink()
    with pytest.raises(errors.VCFFormatError, match="cut short"):
        read(path, LAST)


@row("86")
@pytest.mark.parametrize("with_index", [True, False])
def test_a_damaged_block(tmp_path: Path, with_index: bool) -> None:
    path = large(tmp_path / "test.vcf.gz")
    data = bytearray(path.read_bytes())
    end = data.rindex(b"\x1f\x8b\x08\x04")
    data[end - 100] ^= 0xFF
    path.write_bytes(bytes(data))
    if not with_index:
        Path(f"{path}.tbi").unlink()
    with pytest.raises((errors.VCFFormatError, errors.IndexMissingError)):
        read(path, LAST)


@row("87")
def test_plain_gzip_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "test.vcf.gz"
    data = gzip.compress(vcf(*[GOOD.replace("100", str(i)) for i in range(200, 900)]))
    path.write_bytes(data[:-30])
    with pytest.raises(errors.VCFFormatError, match="cut short"):
        read(path)


@row("89", "90")
@pytest.mark.parametrize("same_contig", [True, False])
def test_an_index_of_another_file(tmp_path: Path, same_contig: bool) -> None:
    other = vcf(GOOD) if same_contig else vcf(GOOD).replace(b"\n6\t", b"\n7\t")
    donor, path = indexed(tmp_path / "other.vcf.gz", other), large(tmp_path / "test.vcf.gz")
    Path(f"{path}.tbi").write_bytes(Path(f"{donor}.tbi").read_bytes())
    with pytest.raises(errors.IndexMissingError, match="tabix -f"):
        read(path)


@row("91")
@pytest.mark.parametrize("content", [b"", b"garbage", b"\x1f\x8b garbage"])
def test_a_garbage_index(tmp_path: Path, content: bytes) -> None:
    path = indexed(tmp_path / "test.vcf.gz", vcf(GOOD))
    Path(f"{path}.tbi").write_bytes(content)
    with pytest.raises(errors.IndexMissingError, match="tabix -f"):
        read(path)


@row("96")
def test_an_address_is_not_opened() -> None:
    with pytest.raises(errors.FileMissingError, match="no network connection"):
        open_source(["https://example.org/x.vcf.gz"])


def test_every_row_has_a_test() -> None:
    lines = TABLE.read_bytes().decode().rstrip("\n").split("\n")[1:]
    numbers = {one.partition("\t")[0] for one in lines}
    assert len(numbers) == 97
    tested = READ.keys() | REFUSED.keys() | REFUSED_PLAIN.keys() | ROWS
    assert numbers - tested == ELSEWHERE.keys()
