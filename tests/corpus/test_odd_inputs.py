"""Odd inputs of every reader of text: what each is refused with, or read as.

Numbers by digits of other scripts, headers that occur twice, rows wider than their header, cells
without letters: each was read as something else, or ended in a traceback, by one reader or more.
"""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import riskscore as rs
from riskscore import errors
from riskscore.files.inputs import read_json
from riskscore.files.tables import read_rows
from riskscore.genetics.build import chromosome
from riskscore.models.catalog import load_model
from riskscore.models.reference.haplotypes import shares_of
from riskscore.models.scoring_files.pgs import read_scoring_file
from riskscore.samples.exposure_table import read_exposures
from riskscore.samples.family import read_family
from tests.corpus.bad_files import GOOD, NAMES, line, vcf
from tests.corpus.test_bad_inputs import ROOT, code, read

# The number thirty, or a half, as no table writes it.
NUMBERS = ("3_0", "٣٠", "３０", "³0", "०.५", "0x1e", "3\xa00", "30,5", "1d1", "--30")

BLOCK = line("0/0", "0/0", alt="<NON_REF>", pos="95")

# What is wrong with a VCF: the file, and words of the VCFFormatError.
REFUSED: dict[str, tuple[bytes, str]] = {
    "two #CHROM lines of other people": (
        vcf(GOOD, names=NAMES.replace("S1", "T1") + NAMES), "two #CHROM lines",
    ),
    "two files in one": (vcf(GOOD) + vcf(GOOD), "columns"),
    "gzip within gzip": (gzip.compress(gzip.compress(vcf(GOOD))), "not a VCF"),
    "gzip and garbage": (gzip.compress(vcf(GOOD)) + b"garbage", "damaged or cut short"),
    "gzip of nothing": (gzip.compress(b""), "not a VCF"),
    "returns alone": (vcf(GOOD).replace(b"\n", b"\r"), "no #CHROM line"),
    "NUL to the end": (vcf(GOOD) + bytes(600), "columns"),
    "DS 0_1": (vcf(line("0_1", "0", keys="DS")), "not a number"),
    "DS of an Arabic digit": (vcf(line("١", "0", keys="DS")), "not a number"),
    "DS 1e999": (vcf(line("1e999", "0", keys="DS")), "not a finite number"),
    "GT of an Arabic digit": (vcf(line("0/١", "0/0")), "not a genotype"),
    "GT of a sign": (vcf(line("+0/1", "0/0")), "not a genotype"),
    "GT without an end": (vcf(line("0/1/", "0/0")), "has 3 alleles"),
    "GP of two": (vcf(line("0.1,0.2", "0,1,0", keys="GP")), "do not sum to 1"),
    "GP in percent": (vcf(line("0,100,0", "0,1,0", keys="GP")), "not between 0 and 1"),
    "HDS of three": (vcf(line("0,1,1", "0,1", keys="HDS")), "3 values for two haplotypes"),
    "R2 infinite": (vcf(GOOD.replace("PASS\t.", "PASS\tR2=1e999")), "R2.*not a number"),
    "R2 0_9": (vcf(GOOD.replace("PASS\t.", "PASS\tR2=0_9")), "R2.*not a number"),
    "POS 1e2": (vcf(line("0/1", "0/0", pos="1e2")), "not a record"),
    "POS in Arabic digits": (vcf(line("0/1", "0/0", pos="١٠٠")), "not a record"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_vcf_is_refused(name: str, tmp_path: Path) -> None:
    content, words = REFUSED[name]
    path = tmp_path / ("test.vcf.gz" if content[:2] == b"\x1f\x8b" else "test.vcf")
    path.write_bytes(content)
    with pytest.raises(errors.VCFFormatError, match=words) as error:
        read(path)
    assert path.name in str(error.value)
    assert "S1" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    {
        "zeros behind gzip, as on tape": gzip.compress(vcf(GOOD)) + bytes(512),
        "gzip in two members": gzip.compress(vcf(GOOD)[:300]) + gzip.compress(vcf(GOOD)[300:]),
        "returns and newlines": vcf(GOOD).replace(b"\n", b"\r\n"),
        "names apart by a blank": vcf(GOOD).replace(b"S2", b"S1 "),
        "names apart by a capital": vcf(GOOD).replace(b"S2", b"s1"),
        "names that look like no names": vcf(GOOD).replace(b"S1", b"NA").replace(b"S2", b"1e5"),
        "a contig of an odd digit": vcf(GOOD).replace(b"\n6\t110", "\n²\t110".encode()),
        "END of an odd digit": vcf(BLOCK.replace("PASS\t.", "PASS\tEND=²"), GOOD),
        "R2 that is not known": vcf(GOOD.replace("PASS\t.", "PASS\tR2=nan")),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_vcf_is_read_all_the_same(content: tuple[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / ("test.vcf.gz" if content[1][:2] == b"\x1f\x8b" else "test.vcf")
    path.write_bytes(content[1])
    dosages, _ = read(path)
    assert (code(dosages), dosages.values.tolist()) == ("found", [[1, 0]])


@pytest.mark.parametrize("name", ["²", "chr²", "６", "٦"])
def test_digits_of_other_scripts_name_no_chromosome_of_ours(name: str) -> None:
    assert chromosome(name) == name.removeprefix("chr")


def _text(folder: Path, text: str, name: str = "test.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


ROWS = "sample\tsex\tage\nA\tmale\t30\nB\tmale\t40\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROWS + ROWS, "the header stands here again .*line 4"),
        (ROWS.replace("sample", "sample\tsex\tage\nsample", 1), "stands here again .*line 2"),
        (ROWS.replace("\t", " ") * 2, "the header stands here again .*line 4"),
        (ROWS.replace("30", "30\tx"), "fewer cells than the first row.* .*line 3"),
        (ROWS.replace("40", "40\tx"), "4 columns where the header has 3 .*line 3"),
    ],
)
def test_a_table_is_refused(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match=words):
        read_rows(_text(tmp_path, text))


Reader = Callable[[Path, str], object]


def _age(folder: Path, number: str) -> object:
    path = _text(folder, f"sample\tage\nA\t{number}\n")
    return read_exposures(path, ["A"], [load_model("ra")], age_column="age")


def _dose(folder: Path, number: str) -> object:
    path = _text(folder, f"sample\tbmi\nA\t{number}\n")
    return read_exposures(path, ["A"], [load_model("ra")])


def _relative(folder: Path, number: str) -> object:
    text = f"sample\trelation\taffected\tage\nA\tmother\tyes\t{number}\n"
    return read_family(_text(folder, text))


def _posterior(folder: Path, number: str) -> object:
    text = f"sample,gene,allele1,allele2,posterior\nA,DRB1,03:01,15:01,{number}\n"
    return rs.read_hla(_text(folder, text, "rows.csv"))


def _weight(folder: Path, number: str) -> object:
    return read_scoring_file(_scoring(folder, number))


def _mixture(folder: Path, number: str) -> object:
    return shares_of(f"EUR={number},AFR=1")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("reader", [_age, _dose, _relative, _posterior, _weight, _mixture])
def test_no_number_is_read_from_what_is_none(reader: Reader, number: str, tmp_path: Path) -> None:
    with pytest.raises(errors.RiskscoreError) as error:
        reader(tmp_path, number)
    assert error.value.exit_code in (18, 22, 23, 31)


@pytest.mark.parametrize("reader", [_age, _dose, _relative, _weight, _mixture])
def test_the_same_is_read_with_a_number(reader: Reader, tmp_path: Path) -> None:
    """Else the numbers above could be refused for a fault that all the files share."""
    assert reader(tmp_path, "30")


def _scoring(folder: Path, weight: str = "0.5", number: str = "1") -> Path:
    text = (
        f"#pgs_id=PGS000001\n#genome_build=GRCh38\n#weight_type=beta\n#variants_number={number}\n"
        f"chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n6\t100\tT\tC\t{weight}\n"
    )
    return _text(folder, text, "score.txt")


def test_a_count_of_variants_by_an_odd_digit(tmp_path: Path) -> None:
    assert len(read_scoring_file(_scoring(tmp_path, number="²")).terms) == 1


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("standard_error", "-0.1", "standard_error is -0.1, below 0"),
        ("effect_weight", "1e300", "too large a number"),
        ("effect_weight", "1e999", "not a finite number"),
        ("standard_error", "A" * 90_000, "letters more"),
    ],
)
def test_a_row_of_weights_is_refused(column: str, cell: str, words: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(ROOT / "reference/models/ms-hla-ukb", folder)
    path = folder / "weights.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    head = next(i for i, text in enumerate(lines) if not text.startswith("#"))
    row = lines[head + 1].split("\t")
    row[lines[head].split("\t").index(column)] = cell
    path.write_text("\n".join([*lines[: head + 1], "\t".join(row), ""]), encoding="utf-8")
    with pytest.raises(errors.ModelFormatError, match=words) as error:
        load_model(folder)
    assert len(str(error.value)) < 3_000


MOTHER = "A\tmother\tyes\t30\n"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (MOTHER + "A\tMother\tno\t60\n", "a second mother of the same person .*line 3"),
        (MOTHER.replace("mother", "father") * 2, "a second father of the same person .*line 3"),
        (MOTHER + "\tfather\tyes\t30\n", "a row names nobody .*line 3"),
    ],
)
def test_a_family_is_refused(rows: str, words: str, tmp_path: Path) -> None:
    path = _text(tmp_path, "sample\trelation\taffected\tage\n" + rows)
    with pytest.raises(errors.ExposureTableError, match=words):
        read_family(path)


def test_siblings_may_be_several(tmp_path: Path) -> None:
    rows = MOTHER.replace("mother", "sibling") * 2 + MOTHER
    found = read_family(_text(tmp_path, "sample\trelation\taffected\tage\n" + rows))
    assert [relative.relation for relative in found["A"]] == ["mother", "sibling", "sibling"]


def test_json_without_end_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(_text(tmp_path, "[" * 100_000))


def test_a_cell_of_a_table_is_not_told_whole() -> None:
    told = str(errors.InputError("odd: " + "x" * 10_000))
    assert told == "odd: " + "x" * 1_995 + "… and 8,005 letters more"
