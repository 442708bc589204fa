"""The output of one typing tool each, from tests/corpus/hla, whose README names the sources.

What is expected is written from what each tool says its output means.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import riskscore as rs
from riskscore.errors import HLAFormatError
from riskscore.samples.hla.table import read_hla_calls
from riskscore.samples.hla.typed.formats import read_typings
from riskscore.samples.hla.typed.typing import Genotype

CORPUS = Path(__file__).parents[3] / "corpus" / "hla"
VCF = """##fileformat=VCFv4.2
##contig=<ID=6,length=170805979>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}
6\t36387877\trs2234067\tC\tA\t.\tPASS\t.\tGT\t{}
"""


def shown(genotype: Genotype) -> str:
    first, second = genotype.pairs[0]
    return f"{first}+{second}"


EXPECTED: dict[str, tuple[str, str, dict[str, str]]] = {
    "P1-ClassI.HLAgenotype4digits": (
        "seq2HLA", "", {"A": "A*01:01+A*24:02", "B": "B*08:01+B*08:01", "C": "C*07:01+C*"},
    ),
    "P1_HLA.sum": (
        "PHLAT", "", {"A": "A*26:01:01+A*33:03:01", "DQB1": "DQB1*03:02:01+DQB1*03:02:01"},
    ),
    "P1_winners.hla.txt": (
        "Polysolver", "",
        {
            "A": "A*02:01:01:01+A*24:02:01:02L",
            "B": "B*07:02:01+B*07:02:01",
            "C": "C*07:02:01:03+C*12:03:01:01",
        },
    ),
    "P1.result": (
        "Kourami", "",
        {"A": "A*24:02:01G+A*30:02:01G", "DRB1": "DRB1*15:01:01G/DRB1*15:02:01G+DRB1*"},
    ),
    "P1.report": (
        "HISAT-genotype", "",
        {"A": "A*02:01+A*11:01", "B": "B*55:01+B*14:02", "DPA1": "DPA1*01:03+DPA1*01:03"},
    ),
    "P1.hlascan.txt": ("HLAscan", "", {"DPA1": "DPA1*02:02:06+DPA1*02:02:06"}),
    "spechla.hla.result.txt": ("SpecHLA", "P1", {"A": "A*24:02:01:01+A*24:02:01:01"}),
    "P1.hla.tsv": (
        "DRAGEN", "",
        {
            "A": "A*02:01+A*03:01", "B": "B*07:02+B*08:01", "C": "C*07:01+C*07:02",
            "DQA1": "DQA1*03:01+DQA1*01:02", "DQB1": "DQB1*06:04+DQB1*03:02",
            "DRB1": "DRB1*13:02+DRB1*13:02",
        },
    ),
    "sample.hml": (
        "HML", "DONOR001",
        {"A": "A*01:01+A*02:01", "DRB1": "DRB1*15:01/DRB1*15:02+DRB1*03:01"},
    ),
    "samples.pop": (
        "PyPop", "UT900-23",
        {"A": "A*03:01+A*25:01", "DRB1": "DRB1*04:01+DRB1*", "DRB4": "DRB4*01:03+DRB4*NNNN"},
    ),
    "igsr_types.tsv": (
        "wide", "HG00097",
        {"A": "A*03:01+A*24:02/A*24:03", "DQB1": "DQB1*03:02/DQB1*03:03+DQB1*06:02"},
    ),
    "hibag_A.txt": ("HIBAG", "110000305926", {"A": "A*02:01+A*11:01"}),
    "hibag.out": (".alleles", "208-2493", {"A": "A*02:01+A*34:02"}),
    "snp2hla.alleles": (".alleles", "P1", {"DRB1": "DRB1*15:01+DRB1*"}),
    "axiom_DRB1.txt": ("Axiom HLA", "a.CEL", {"DRB1": "DRB1*04:05+DRB1*01:01"}),
}  # fmt: skip


@pytest.mark.parametrize("file", EXPECTED)
def test_a_tool_is_read_as_it_writes(file: str) -> None:
    kind, person, genes = EXPECTED[file]
    read = read_typings(CORPUS / file)
    assert read.format == kind
    assert {gene: shown(g) for gene, g in read.people[person].items()} == genes


def test_other_people_and_probabilities_of_these_files() -> None:
    pop = read_typings(CORPUS / "samples.pop").people["UT900-24"]
    assert {g: shown(v) for g, v in pop.items()} == {
        "A": "A*01:01+A*01:01", "DRB1": "DRB1*03:01+DRB1*07:01",
    }  # fmt: skip
    igsr = read_typings(CORPUS / "igsr_types.tsv").people["HG00096"]
    assert shown(igsr["DQB1"]) == "DQB1*02:01+DQB1*02:02"
    assert read_typings(CORPUS / "hibag.out").people["208-2491"]["A"].probabilities == (0.9967,)
    assert read_typings(CORPUS / "axiom_DRB1.txt").people["a.CEL"]["DRB1"].probabilities == (0.98,)
    hisat = read_typings(CORPUS / "P1.report")
    assert hisat.notes == ("not called, as three alleles share the reads: DPB1",)
    assert "fit as well" in read_typings(CORPUS / "P1-ClassI.HLAgenotype4digits").notes[0]


def test_kourami_of_five_columns_is_kourami(tmp_path: Path) -> None:
    """As its README has them: allele, matched bases, identity, both lengths."""
    whole = CORPUS / "P1.result"
    path = tmp_path / "P1.result"
    path.write_text("".join(f"{x.rpartition(chr(9))[0]}\n" for x in whole.read_text().splitlines()))
    assert read_typings(path).people == read_typings(whole).people
    assert read_typings(path).format == "Kourami"


def test_a_locus_that_phlat_does_not_call_is_not_typed(tmp_path: Path) -> None:
    """Whole lines as public converters meet them: no call, a second field xx, no p-value."""
    path = tmp_path / "P1_HLA.sum"
    path.write_text(
        "Locus\tAllele1\tAllele2\tLLtot\tpval1\tpval2\n"
        "HLA_A\tA*26:01:01\tA*33:xx\t-2164.62\t1.2e-05\tNA\n"
        "HLA_DQB1\tno call due to insufficient reads at this locus\n"
        "HLA_DRB1 no call due to insufficient reads at this locus\n"
    )
    read = read_typings(path)
    assert {gene: shown(g) for gene, g in read.people[""].items()} == {"A": "A*26:01:01+A*33"}
    assert read.notes == ("PHLAT calls no alleles of DQB1, DRB1: too few reads",)
    path.write_text(path.read_text() + "HLA_B\tB*07:02\n")
    with pytest.raises(HLAFormatError, match="not a locus and two alleles"):
        read_typings(path)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(60.0, "A*01:01+A*02:01"), (90.0, "A*01:01+A*"), (97.0, "A*01:01+A*01:01")],
)
def test_hisat_genotype_by_share_of_reads(tmp_path: Path, share: float, expected: str) -> None:
    path = tmp_path / "x.report"
    path.write_text(
        f"  1 ranked A*01:01:01:01 (abundance: {share:.2f}%)\n"
        f"  2 ranked A*02:01:01:01 (abundance: {100 - share:.2f}%)\n"
    )
    assert shown(read_typings(path).people[""]["A"]) == expected


def test_codes_of_nmdp(tmp_path: Path) -> None:
    path = tmp_path / "types.tsv"
    path.write_text("sample\tDRB1_1\tDRB1_2\nx\t04:AB\t04:CDEF\n")
    read = read_typings(path, codes=CORPUS / "alpha.v3.txt")
    assert shown(read.people["x"]["DRB1"]) == "DRB1*04:01/DRB1*04:02+DRB1*04:01/DRB1*11:02"


WIDE: dict[str, tuple[str, str]] = {
    "DRB1 beside DRB2": ("sample\tA1\tA2\tDRB1\tDRB2\nx\t01:01\t02:01\t03:01\t04:01\n", "DRB1"),
    "A.1 of pandas": ("sample,DRB1,DRB1.1\nx,03:01,04:01\n", "DRB1"),
    "a name twice (BIGDAWG)": ("SampleID\tDRB1\tDRB1\nx\t03:01\t04:01\n", "DRB1"),
    "two alleles in a cell": ("sample\tDRB1\nx\t03:01,04:01\n", "DRB1"),
    "two alleles with a plus": ("sample\tDRB1\nx\t03:01+04:01\n", "DRB1"),
    "semicolons": ("sample;DRB1_1;DRB1_2\nx;03:01;04:01\n", "DRB1"),
    "#IID": ("#IID\tDRB1_1\tDRB1_2\nx\t03:01\t04:01\n", "DRB1"),
    "row names of R": ('"sample" "DRB1_1" "DRB1_2"\n"1" "x" "03:01" "04:01"\n', "DRB1"),
    "white space": ("sample DRB1_1 DRB1_2\nx 03:01 04:01\n", "DRB1"),
    "zeros lost": ("sample\tDRB1_1\tDRB1_2\nx\t301\t401\n", "DRB1"),
    "six digits, zeros lost": ("sample\tDRB1_1\tDRB1_2\nx\t301\t0401\n", "DRB1"),
}


@pytest.mark.parametrize("case", WIDE)
def test_wide_tables_of_many_writers(tmp_path: Path, case: str) -> None:
    text, gene = WIDE[case]
    path = tmp_path / "types.txt"
    path.write_text(text)
    assert shown(read_typings(path).people["x"][gene]) == "DRB1*03:01+DRB1*04:01"


def test_utf16(tmp_path: Path) -> None:
    path = tmp_path / "types.txt"
    path.write_text("sample\tDRB1_1\tDRB1_2\r\nx\t03:01\t04:01\r\n", encoding="utf-16")
    assert shown(read_typings(path).people["x"]["DRB1"]) == "DRB1*03:01+DRB1*04:01"


def test_every_cell_that_is_no_allele_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "types.tsv"
    path.write_text(
        "sample\tDRB1_1\tDRB1_2\tDQB1_1\tDQB1_2\n"
        "secret1\t77:01\t03:01\t003:001\t06:02\nsecret2\t15:01\t77:01\t06:02\t-\n"
    )
    with pytest.raises(HLAFormatError) as caught:
        read_typings(path)
    told = str(caught.value)
    assert "4 cells" in told
    for part in (
        "'77:01' in line 2, column DRB1_1 and line 3, column DRB1_2",
        "'003:001' in line 2, column DQB1_1", "'-' in line 3, column DQB1_2", "types.tsv",
    ):  # fmt: skip
        assert part in told
    assert "secret" not in told


def test_a_chromosome_of_a_gl_string_may_lack_drb3_drb4_drb5(tmp_path: Path) -> None:
    path = tmp_path / "types.tsv"
    path.write_text(
        "sample\tgl_string\nx\tHLA-DRB1*03:01~HLA-DRB3*01:01+HLA-DRB1*04:01~HLA-DRB4*01:03\n"
    )
    read = read_typings(path).people["x"]
    assert shown(read["DRB3"]) == "DRB3*01:01+DRB3*NNNN"
    assert shown(read["DRB4"]) == "DRB4*NNNN+DRB4*01:03"
    assert read["DRB4"].phased


def make_vcf(folder: Path, *samples: str) -> Path:
    path = folder / "cohort.vcf"
    path.write_text(VCF.format("\t".join(samples), "\t".join(["0/0"] * len(samples))))
    return path


def optitype(folder: Path, name: str, allele: str = "A*02:01") -> Path:
    path = folder / name
    path.write_text(
        "\tA1\tA2\tB1\tB2\tC1\tC2\tReads\tObjective\n"
        f"0\t{allele}\tA*03:01\tB*07:02\tB*08:01\tC*07:01\tC*07:02\t100\t90.0\n"
    )
    return path


def first_a(cohort: rs.Cohort, place: int) -> str:
    best = cohort.hla.genes["A"].best(place)
    return str(best[0]) if best else ""


@pytest.mark.filterwarnings("ignore")
def test_a_typers_file_is_of_the_longest_sample_it_begins_with(tmp_path: Path) -> None:
    vcf = make_vcf(tmp_path, "NA", "NA_1", "NA_12", "S.3")
    files = [
        optitype(tmp_path, "NA_1_result.tsv", "A*01:01"),
        optitype(tmp_path, "NA_12.result.tsv", "A*02:01"),
        optitype(tmp_path, "S.3-result.tsv", "A*02:05"),
    ]
    cohort = rs.read_cohort(vcf, "ms", hla=files, build="GRCh38")
    assert [first_a(cohort, place) for place in range(4)] == ["", "A*01:01", "A*02:01", "A*02:05"]
    assert any("3 of its 3 people" in text for text in cohort.warnings)


def test_a_file_of_one_unnamed_person_is_of_the_only_sample(tmp_path: Path) -> None:
    vcf = make_vcf(tmp_path, "s1")
    file = optitype(tmp_path, "2020_01_01_12_00_00_result.tsv")
    assert first_a(rs.read_cohort(vcf, "ms", hla=file, build="GRCh38"), 0) == "A*02:01"


def test_a_file_that_names_none_of_several_samples_is_refused(tmp_path: Path) -> None:
    vcf = make_vcf(tmp_path, "s1", "s2")
    with pytest.raises(HLAFormatError, match="nothing says whose"):
        rs.read_cohort(vcf, "ms", hla=optitype(tmp_path, "s11_result.tsv"), build="GRCh38")


def test_names_of_files_without_a_cohort(tmp_path: Path) -> None:
    samples, _ = read_hla_calls([optitype(tmp_path, f"NA_{n}_result.tsv") for n in (1, 2)])
    assert samples == ("NA_1", "NA_2")


def test_of_two_tables_the_first_holds_and_the_difference_is_told(tmp_path: Path) -> None:
    wide = tmp_path / "wide.tsv"
    wide.write_text("sample\tA_1\tA_2\nx\t01:01\t01:01\ny\t02:01\t03:01\n")
    for name, text in {
        "long.tsv": "sample\tgene\tallele_1\tallele_2\nx\tA\t24:02\t24:02\ny\tA\t02:01\t03\n",
        "again.tsv": "sample\tA_1\tA_2\nx\t24:02\t24:02\ny\t03:01\t02:01\n",
    }.items():
        other = tmp_path / name
        other.write_text(text)
        for files, first in (([wide, other], "A*01:01"), ([other, wide], "A*24:02")):
            _, calls = read_hla_calls(files)
            best = calls.genes["A"].best(0)
            assert best is not None
            assert str(best[0]) == first
            assert calls.warnings == (
                "1 of the 2 people whom several HLA tables type differ between them; the first "
                "table given holds",
            )


@pytest.mark.filterwarnings("ignore")
def test_typed_and_imputed_types_that_differ_are_told(tmp_path: Path) -> None:
    path = tmp_path / "imputed.vcf"
    records = "".join(
        f"6\t{32546000 + n}\tHLA_DRB1*{name}\tA\tT\t.\tPASS\t.\tGT\t{a}\t{b}\n"
        for n, (name, a, b) in enumerate(
            [("03:01", "0/1", "1/1"), ("04:01", "0/1", "0/0"), ("15:01", "0/0", "0/0")]
        )
    )
    path.write_text(VCF.format("s1\ts2", "0/0\t0/0") + records)
    table = tmp_path / "typed.tsv"
    table.write_text("sample\tDRB1_1\tDRB1_2\ns1\t15:01\t15:01\ns2\t03:02\t15:01\n")
    told = rs.read_cohort(path, "ms", hla=table, build="GRCh38").warnings
    assert any("in 1 of 2 people" in text and "swapped" in text for text in told)
    table.write_text("sample\tDRB1_1\tDRB1_2\ns1\t04:01\t15:01\ns2\t03:02\t15:01\n")
    told = rs.read_cohort(path, "ms", hla=table, build="GRCh38").warnings
    assert not any("swapped" in text for text in told)


def test_score_takes_codes_and_a_list_of_alleles(tmp_path: Path) -> None:
    vcf = make_vcf(tmp_path, "x")
    table = tmp_path / "types.tsv"
    table.write_text("sample\tDRB1_1\tDRB1_2\nx\t04:AB\t07:01\n")
    with pytest.raises(HLAFormatError, match="--codes"):
        rs.read_cohort(vcf, "ra", hla=table, build="GRCh38")
    codes = CORPUS / "alpha.v3.txt"
    cohort = rs.read_cohort(vcf, "ra", hla=table, codes=codes, build="GRCh38")
    best = cohort.hla.genes["DRB1"].best(0)
    assert best is not None
    assert str(best[0]) == "DRB1*04:01/DRB1*04:02"
    listed = tmp_path / "Allelelist.txt"
    listed.write_text("AlleleID,Allele\nHLA00685,DRB1*04:01:01:01\nHLA00719,DRB1*07:01:01:01\n")
    with pytest.raises(HLAFormatError, match=r"DRB1\*04:02: no such allele"):
        rs.read_cohort(vcf, "ra", hla=table, codes=codes, allele_list=listed, build="GRCh38")
