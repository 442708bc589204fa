"""Each row of bad_inputs.tsv that concerns genotypes: what is wrong, and what happens."""

import ast
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

import riskscore as rs
from riskscore import errors
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.loci.builds import choose_build
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of
from tests.corpus.bad_files import (
    AFTER,
    BEFORE,
    GOOD,
    HEAD,
    NAMES,
    READ,
    REFUSED,
    REFUSED_PLAIN,
    SNP,
    line,
    nan,
    vcf,
)

TABLE = Path(__file__).with_name("bad_inputs.tsv")
ROOT = Path(__file__).parents[2]


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


# Rows about HLA alleles and about weights, and the tests of them.
_RECORDS, _TABLES = "tests/samples/hla/test_records.py", "tests/samples/hla/typed/test_tables.py"
_ALLELES, _SCORES = "tests/genetics/test_hla_names.py", "tests/scoring/kinds/test_hla_resolution.py"
ELSEWHERE = {
    "1": (_RECORDS, "test_reversed_polarity_does_not_sum_to_two"),
    "2": (_RECORDS, "test_every_dialect_says_the_same"),
    "3": (_RECORDS, "test_what_is_no_allele_is_passed_over"),
    "4": (_RECORDS, "test_one_letter_wrong_is_refused_by_name"),
    "5": (_RECORDS, "test_resolutions_are_not_added_up"),
    "6": (_SCORES, "test_a_group_is_its_common_members"),
    "7": (_SCORES, "test_no_score_from_a_gene_whose_sum_fails"),
    "9": (_RECORDS, "test_quality_is_carried"),
    "10": (_RECORDS, "test_absent_genes_are_calls"),
    "11": (_ALLELES, "test_a_null_allele_never_matches_its_expressed_sibling"),
    "12": (_ALLELES, "test_names_in_the_wild"),
    "13": (_ALLELES, "test_what_cannot_be_read_is_named"),
    "14": (_TABLES, "test_an_allele_list_checks_names"),
    "15": (_TABLES, "test_an_allele_list_checks_names"),
    "97": ("tests/models/test_provenance.py", "test_the_missorted_table_is_named"),
}
ROWS: set[str] = set()


def row(*numbers: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a test as that of rows of the table."""
    ROWS.update(numbers)
    return lambda test: test


@pytest.mark.parametrize("container", ["plain", "indexed"])
def test_without_the_fault_a_file_is_read_without_a_word(container: str, tmp_path: Path) -> None:
    """Else the rows below could be refused, or noted, for a fault that all the files share."""
    path = tmp_path / "test.vcf"
    path.write_bytes(vcf(GOOD))
    dosages, warnings = read(path if container == "plain" else indexed(path, vcf(GOOD)))
    assert (code(dosages), dosages.values.tolist()) == ("found", [[1, 0]])
    assert dosages.matches[0].note == ""
    assert len(warnings) == (container == "plain")


def written(folder: Path, content: bytes, container: str) -> Path:
    if container == "indexed":
        return indexed(folder / "test.vcf.gz", content)
    path = folder / "test.vcf"
    path.write_bytes(content)
    return path


def test_every_file_has_a_fault_of_its_own() -> None:
    """A replacement that finds nothing to replace would leave a sound file."""
    cases = [*READ.values(), *REFUSED.values(), *REFUSED_PLAIN.values()]
    contents = [content for content, *_ in cases]
    assert len({*contents, vcf(GOOD)}) == len(contents) + 1
    assert all(words for _, _, words in [*REFUSED.values(), *REFUSED_PLAIN.values()])


@pytest.mark.parametrize("container", ["plain", "indexed"])
@pytest.mark.parametrize("number", READ)
def test_read_all_the_same(number: str, container: str, tmp_path: Path) -> None:
    content, copies, note = READ[number]
    dosages, _ = read(written(tmp_path, content, container))
    assert code(dosages) == "found"
    assert np.array_equal(dosages.values[0], np.array(copies, dtype=np.float32), equal_nan=True)
    assert dosages.matches[0].note == note


@pytest.mark.parametrize("container", ["plain", "indexed"])
@pytest.mark.parametrize("number", REFUSED)
def test_refused(number: str, container: str, tmp_path: Path) -> None:
    content, kind, words = REFUSED[number]
    refused(written(tmp_path, content, container), kind, words)


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


@row("8")
def test_without_hla_records_it_says_so(tmp_path: Path) -> None:
    renamed = vcf(GOOD).replace(b"rs1", b"6:100").replace(b"6\t100", b"6\t32546551")
    renamed = renamed.replace(b"6\t110", b"6\t32546560")
    with pytest.raises(errors.NothingMatchedError, match="no HLA records") as error:
        rs.read_hla(indexed(tmp_path / "test.vcf.gz", renamed))
    assert "impute HLA alleles" in error.value.fix


@row("22")
@pytest.mark.parametrize("number", ["22", "22 split"])
def test_what_several_alts_leave_of_the_reference(tmp_path: Path, number: str) -> None:
    path = indexed(tmp_path / "test.vcf.gz", READ[number][0])
    dosages, _ = read(path, Variant("ref", "6", 100, 100, "G", "A", "G"))
    assert dosages.values.tolist() == [[1, 0]]


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
    here = {key.partition(" ")[0] for key in [*READ, *REFUSED, *REFUSED_PLAIN]} | ROWS
    assert numbers == here | ELSEWHERE.keys()
    assert not here & ELSEWHERE.keys()


@pytest.mark.parametrize(("file", "name"), dict.fromkeys(ELSEWHERE.values()))
def test_tests_elsewhere_are_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
