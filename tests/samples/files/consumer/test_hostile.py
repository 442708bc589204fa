"""What is no raw data of one person's array, or lies about itself, is refused in plain words."""

import io
import zipfile
from pathlib import Path

import pytest

import riskscore as rs
from riskscore import errors
from riskscore.models.catalog import load_model
from riskscore.samples.files.consumer import text as consumer_texts
from riskscore.samples.files.opening import open_source
from tests.samples.files.consumer.layouts import ANCESTRY, FAMILYTREE, TWENTYTHREE

HEAD = TWENTYTHREE.format(build=37)
ROW = "rs1\t1\t100\tAG\n"
TEXTS: dict[str, tuple[str, type[errors.InputError], str]] = {
    "a column too many": (HEAD + "rs1\t1\t100\tA\tG\n", errors.VCFFormatError, "5 columns"),
    "a column too few": (HEAD + "rs1\t1\tAG\n", errors.VCFFormatError, "3 columns"),
    "commas for tabs": (HEAD + "rs1,1,100,AG\n", errors.VCFFormatError, "1 columns"),
    "columns in another order": (
        HEAD + "1\t100\trs1\tAG\n", errors.VCFFormatError, "cannot be read",
    ),
    "a position that is none": (HEAD + "rs1\t1\t1e5\tAG\n", errors.VCFFormatError, "position"),
    "a chromosome that is none": (HEAD + "rs1\t99\t100\tAG\n", errors.VCFFormatError, "chromosome"),
    "a genotype that is none": (HEAD + "rs1\t1\t100\t0/1\n", errors.VCFFormatError, "genotype"),
    "three alleles": (
        ANCESTRY.format(build=37) + "rs1\t1\t100\tAG\tXT\n", errors.VCFFormatError, "genotype",
    ),
    "no rows": (FAMILYTREE, errors.EmptyVCFError, "no rows"),
    "build 36": (
        TWENTYTHREE.format(build=36) + ROW, errors.BuildMismatchError, "NCBI36",
    ),
    "two builds": (
        "# build 37\n" + TWENTYTHREE.format(build=38) + ROW, errors.BuildMismatchError, "GRCh38",
    ),
    "a position beyond the chromosome": (
        HEAD + "rs1\t22\t51304567\tAG\n", errors.BuildMismatchError, "beyond the end",
    ),
    "a zero byte": (HEAD + ROW + "\0\0\n", errors.VCFFormatError, "not text"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("zipped", [False, True])
def test_texts(name: str, zipped: bool, tmp_path: Path) -> None:
    text, error, words = TEXTS[name]
    path = tmp_path / ("kit.zip" if zipped else "kit.txt")
    path.write_bytes(archive({"kit.txt": text.encode()}) if zipped else text.encode())
    with pytest.raises(error, match=words) as caught:
        open_source([path])
    assert "AG" not in str(caught.value)


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return stream.getvalue()


GOOD = (HEAD + ROW).encode()
BOMB = archive({"kit.txt": GOOD + b"#" * (8 << 20)})  # packed a thousand times
ENCRYPTED = bytearray(archive({"kit.txt": GOOD}))
ENCRYPTED[6] |= 1  # of the local header, and below of the central directory
ENCRYPTED[ENCRYPTED.index(b"PK\x01\x02") + 8] |= 1
LYING = bytearray(BOMB)  # the size it declares is small, and what comes out is not
LYING[LYING.index(b"PK\x01\x02") + 24 :][:4] = (1000).to_bytes(4, "little")
ARCHIVES: dict[str, tuple[bytes, str]] = {
    "no file": (archive({}) + bytes(0), "zip archive holds 0 files|not a VCF"),
    "a folder": (archive({"kit/": b""}), "zip archive holds 0 files"),
    "two files": (archive({"a.txt": GOOD, "b.txt": GOOD}), "zip archive holds 2 files"),
    "a zip in it": (archive({"kit.zip": archive({"kit.txt": GOOD})}), "not text|no raw data"),
    "a picture": (archive({"kit.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256))}), "not text"),
    "a VCF": (archive({"kit.vcf": b"##fileformat=VCFv4.2\n#CHROM\tPOS\n"}), "no raw data"),
    "a bomb": (BOMB, "far more"),
    "a bomb that lies": (bytes(LYING), "far more|cannot be read"),
    "a password": (bytes(ENCRYPTED), "password"),
    "cut short": (archive({"kit.txt": GOOD})[:-30], "cannot be read"),
    "damaged": (
        (packed := archive({"kit.txt": GOOD}))[:60] + b"\xff" * 20 + packed[80:], "cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(name: str, tmp_path: Path) -> None:
    data, words = ARCHIVES[name]
    path = tmp_path / "kit.zip"
    path.write_bytes(data)
    with pytest.raises(errors.InputError, match=words):
        open_source([path])


def test_a_text_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_texts, "_PIECE", 16)
    path = tmp_path / "kit.txt"
    path.write_bytes(GOOD)
    with pytest.raises(errors.VCFFormatError, match="far more"):
        consumer_texts.consumer_text(path, most=len(GOOD) - 1)
    assert consumer_texts.consumer_text(path, most=len(GOOD)) == GOOD.decode()


def rows_of(build_of_last: str) -> str:
    """The variants of a model at their places in build 37, but the last."""
    variants = [v for v in load_model("sle").variants if v.position_grch37 and v.position_grch38]
    rows = []
    for variant in variants[:20]:
        last = variant is variants[19] and build_of_last == "38"
        place = variant.position_grch38 if last else variant.position_grch37
        letters = variant.effect_allele + variant.other_allele
        rows.append(f"{variant.name}\t{variant.chromosome}\t{place}\t{letters}\n")
    return "".join(rows)


@pytest.mark.parametrize("head", [HEAD, "# rsid\tchromosome\tposition\tgenotype\n"])
def test_positions_of_two_builds(head: str, tmp_path: Path) -> None:
    path = tmp_path / "kit.txt"
    path.write_text(head + rows_of("37"))
    assert str(rs.read_cohort(path, "sle").build) == "GRCh37"
    path.write_text(head + rows_of("38"))
    with pytest.raises(errors.BuildMismatchError, match="positions are those of GRCh37"):
        rs.read_cohort(path, "sle")


def test_a_header_of_another_build_than_the_positions(tmp_path: Path) -> None:
    path = tmp_path / "kit.txt"
    path.write_text(TWENTYTHREE.format(build=38) + rows_of("37"))
    with pytest.raises(errors.BuildMismatchError, match="GRCh37"):
        rs.read_cohort(path, "sle")


def test_two_people_are_not_joined(tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_bytes(GOOD)
    with pytest.raises(errors.UsageError, match="by itself"):
        open_source(files)


def test_what_vendors_add(tmp_path: Path) -> None:
    """Lines without a place, names of the columns again, quotes too many, long alleles, no end."""
    path = tmp_path / "a b.csv"
    path.write_text(
        FAMILYTREE + '"rs1","1","100","AG"\r\n"VG1","0","0","--"\n' + FAMILYTREE
        + '"rs2,""X"",""200"",""T"""\nrs3,1,300,CTGCTG'
    )  # fmt: skip
    with open_source([path]) as source:
        assert source.samples == ("a_b",)
        assert source.chromosomes == {"1", "X"}
        assert source.build is None


def test_the_report_and_the_provenance_say_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "kit.txt"
    path.write_text(HEAD + rows_of("37"))
    scores = rs.score(path, "sle")
    assert any("Weedon" in warning for warning in scores.cohort.warnings)
    report = rs.write_report(scores, tmp_path / "report.html", individual="kit").read_text()
    assert "raw data of a consumer array, 23andMe" in report
    cohort = rs.write_report(scores, tmp_path / "cohort.html").read_text()
    assert "It cannot make or rule out a diagnosis" in cohort
