"""Typed HLA tables: each tool's format from its published sample, and many that are broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.errors import HLAFormatError
from riskscore.samples.hla.table import read_hla_calls
from riskscore.samples.hla.typed.formats import read_typings
from riskscore.samples.hla.typed.typing import Genotype, Typings, state_of

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "types.tsv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def shown(genotype: Genotype) -> str:
    first, second = genotype.pairs[0]
    return f"{first}+{second}"


def genes(typings: Typings, person: str) -> dict[str, str]:
    return {gene: shown(genotype) for gene, genotype in typings.people[person].items()}


def test_wide(write: Write) -> None:
    read = read_typings(
        write(
            "sample\tDRB1_1\tDRB1_2\tHLA-A.1\tHLA-A.2\nx\t15:01\t0301\tA*01:01\t\ny\t\t\t2\t2\n".replace(
                "\t2\t2", "\t02\t02"
            )
        )
    )
    assert read.format == "wide"
    assert genes(read, "x") == {"DRB1": "DRB1*15:01+DRB1*03:01", "A": "A*01:01+A*"}
    assert genes(read, "y") == {"A": "A*02+A*02"}
    assert state_of(*read.people["x"]["A"].pairs[0]) == "one allele known"
    assert state_of(*read.people["y"]["A"].pairs[0]) == "homozygous"


def test_wide_with_a_posterior_leaves_the_rest_unknown(write: Write) -> None:
    path = write("sample,B_1,B_2,B_posterior\nx,07:02,08:01,0.75\n", "types.csv")
    samples, calls = read_hla_calls(path)
    assert samples == ("x",)
    assert [(str(a), str(b), p) for a, b, p in calls.genes["B"].pairs(0)] == [
        ("B*07:02", "B*08:01", 0.75),
        ("B*", "B*", 0.25),
    ]


def test_long_by_pair_and_by_allele(write: Write) -> None:
    by_pair = "sample\tgene\tallele_1\tallele_2\nx\tHLA-DRB1\t15:01\t15:01\nx\tC\tCw*0702\t07:01\n"
    by_allele = "sample\tgene\tallele\nx\tDRB1\t15:01\nx\tDRB1\t15:01\nx\tC\t07:02\nx\tC\t07:01\n"
    for text in (by_pair, by_allele):
        read = read_typings(write(text))
        assert read.format == "long"
        assert genes(read, "x") == {"DRB1": "DRB1*15:01+DRB1*15:01", "C": "C*07:02+C*07:01"}


def test_long_with_several_possible_genotypes(write: Write) -> None:
    header = "sample\tgene\tallele_1\tallele_2\tposterior\n"
    text = f"{header}x\tA\t01:01\t02:01\t0.7\nx\tA\t01:01\t03:01\t0.3\n"
    genotype = read_typings(write(text)).people["x"]["A"]
    assert genotype.probabilities == (0.7, 0.3)


def test_gl_strings(write: Write) -> None:
    gl_string = "HLA-A*01:01+HLA-A*02:01/HLA-A*02:09^HLA-DRB4*NNNN+HLA-DRB4*01:03"
    text = f"sample\tgl_string\nx\t{gl_string}\ny\t\n"
    read = read_typings(write(text))
    assert read.format == "GL string"
    assert genes(read, "x") == {"A": "A*01:01+A*02:01/A*02:09", "DRB4": "DRB4*NNNN+DRB4*01:03"}
    assert state_of(*read.people["x"]["DRB4"].pairs[0]) == "single copy"


def test_hibag(write: Write) -> None:
    """The sample of HIBAG's table: a pair with its posterior, the gene from the file's name."""
    read = read_typings(
        write(
            "sample.id\tallele1\tallele2\tprob\nSAMPLE\t02:01\t24:02\t0.24998147\n", "HIBAG_A.tsv"
        )
    )
    genotype = read.people["SAMPLE"]["A"]
    assert shown(genotype) == "A*02:01+A*24:02"
    assert genotype.probabilities == (0.24998147,)


def test_arcashla(write: Write) -> None:
    text = json.dumps(
        {
            "A": ["A*01:01:01", "A*03:01:01"],
            "B": ["B*07:02:01"],
            "DRB3": ["DRB3*01:01:02"],
            "DMA": ["DMA*01:01"],
        }
    )
    read = read_typings(write(text, "SUBJECT.genotype.json"))
    assert read.format == "arcasHLA"
    assert genes(read, "") == {
        "A": "A*01:01:01+A*03:01:01",
        "B": "B*07:02:01+B*07:02:01",
        "DRB3": "DRB3*01:01:02+DRB3*",  # homozygous or single copy: arcasHLA does not say
    }


def test_xhla(write: Write) -> None:
    text = json.dumps(
        {
            "subject_id": "S1",
            "hla": {"alleles": ["A*01:01", "A*02:01", "DRB1*10:01", "DRB1*10:01", "B*07:02"]},
        }
    )
    read = read_typings(write(text, "report-S1-hla.json"))
    assert genes(read, "S1") == {
        "A": "A*01:01+A*02:01",
        "DRB1": "DRB1*10:01+DRB1*10:01",
        "B": "B*07:02+B*",
    }


def test_optitype(write: Write) -> None:
    alleles = "A*01:01\tA*01:01\tB*08:01\tB*57:01\tC*07:01\tC*06:02"
    header = "\tA1\tA2\tB1\tB2\tC1\tC2\tReads\tObjective"
    text = f"{header}\n0\t{alleles}\t1062.0\t1029.04\n"
    read = read_typings(write(text, "P7_result.tsv"))
    assert genes(read, "") == {
        "A": "A*01:01+A*01:01",
        "B": "B*08:01+B*57:01",
        "C": "C*07:01+C*06:02",
    }


def test_hla_la(write: Write) -> None:
    head = "Locus\tChromosome\tAllele\tQ1\tQ2\tAverageCoverage\tperfectG\n"
    text = head + (
        "A\t1\tA*11:01:01G\t1\t-70\t49.3338\t1\nA\t2\tA*24:02:01G\t0.9\t-70\t40\t1\n"
        "DQB1\t1\tDQB1*02:01:01G;DQB1*02:02:01G\t1\t0\t40\t1\nDQB1\t2\tDQB1*06:02:01G\t1\t0\t40\t1\n"
    )
    read = read_typings(write(text, "bestguess_G.txt"))
    assert genes(read, "") == {
        "A": "A*11:01:01G+A*24:02:01G",
        "DQB1": "DQB1*02:01:01G/DQB1*02:02:01G+DQB1*06:02:01G",
    }
    assert read.people[""]["A"].probabilities == (0.9,)


def test_t1k(write: Write) -> None:
    """Lines of T1K's genotype.tsv: two alleles, one, none, and one that is not to be trusted."""
    text = (
        "KIR2DL3\t1\tKIR2DL3*001\t83.950772\t38\t.\t0\t-1\n"
        "HLA-A\t2\tHLA-A*01:01:01\t376.480559\t60\tHLA-A*31:01:02\t357.771933\t60\n"
        "HLA-B\t1\tHLA-B*08:01:01\t643.179775\t60\t.\t0\t-1\n"
        "HLA-C\t0\t.\t0\t-1\t.\t0\t-1\n"
        "HLA-DRB1\t2\tHLA-DRB1*15:01:01\t300\t60\tHLA-DRB1*03:01:01\t12\t0\n"
    )
    read = read_typings(write(text, "T7_genotype.tsv"))
    assert read.format == "T1K"
    assert genes(read, "") == {
        "A": "A*01:01:01+A*31:01:02",
        "B": "B*08:01:01+B*08:01:01",
        "DRB1": "DRB1*15:01:01+DRB1*",
    }


def test_hla_hd(write: Write) -> None:
    text = (
        "A\tHLA-A*02:01:01\tHLA-A*24:02:01\nB\tHLA-B*07:02:01\t-\nC\tNot typed\tNot typed\n"
        "DRB4\tHLA-DRB4*01:03:01\t-\n"
    )
    read = read_typings(write(text, "P1_final.result.txt"))
    assert read.format == "HLA-HD"
    assert genes(read, "") == {
        "A": "A*02:01:01+A*24:02:01",
        "B": "B*07:02:01+B*07:02:01",
        "DRB4": "DRB4*01:03:01+DRB4*",
    }


def test_uk_biobank(write: Write) -> None:
    text = "eid,A_101,A_201,A_301,DRB5_101,DRB5_9901\n1,1,1,0,0,2\n2,0,1.2,0.8,1,1\n3,0,0,0.9,0,2\n"
    read = read_typings(write(text, "ukb22182.csv"))
    assert genes(read, "1") == {"A": "A*01:01+A*02:01", "DRB5": "DRB5*NNNN+DRB5*NNNN"}
    assert shown(read.people["2"]["DRB5"]) == "DRB5*01:01+DRB5*NNNN"
    both = dict(
        zip(
            map(str, (shown(Genotype((p,))) for p in read.people["2"]["A"].pairs)),
            read.people["2"]["A"].probabilities,
            strict=True,
        )
    )
    assert both == pytest.approx({"A*02:01+A*03:01": 0.8, "A*02:01+A*02:01": 0.2})
    third = [shown(Genotype((pair,))) for pair in read.people["3"]["A"].pairs]
    assert dict(zip(third, read.people["3"]["A"].probabilities, strict=True)) == pytest.approx(
        {"A*+A*03:01": 0.9, "A*+A*": 0.1}
    )  # the copies sum to 0.9
    assert not read.notes


def test_plink_ped(write: Write) -> None:
    alleles = "0101 0201 0702 0801 0701 0702 0 0 0401 0402 0501 0102 0201 0602 0301 1501"
    read = read_typings(write(f"F1 P1 0 0 1 -9 {alleles}\n", "hla.ped"))
    assert read.format == "PLINK .ped"
    found = genes(read, "P1")
    assert found["DRB1"] == "DRB1*03:01+DRB1*15:01"
    assert found["DPB1"] == "DPB1*04:01+DPB1*04:02"
    assert "DPA1" not in found


@pytest.mark.parametrize(
    "text",
    {
        "wide": "sample\tA_1\tA_2\nS1 \t01:01\t02:01\nS1\t03:01\t03:01\n",
        "wide, commas": "sample,A_1,A_2\nS1 ,01:01,02:01\nS1,03:01,03:01\n",
        "long": "sample\tgene\tallele_1\tallele_2\nS1 \tA\t01:01\t02:01\nS1\tA\t03:01\t03:01\n",
        "R's row names": '"sample"\t"A_1"\t"A_2"\n'
        '"1"\t"S1 "\t"01:01"\t"02:01"\n"2"\t"S1"\t"03:01"\t"03:01"\n',
        "HIBAG": "sample.id\tallele1\tallele2\tprob\nS1 \t01:01\t02:01\t1\nS1\t03:01\t03:01\t1\n",
        "HIBAG without a header": "S1 \t01:01\t02:01\t1\nS1\t03:01\t03:01\t1\n",
        ".alleles": "F\tS1 \tA\t01,02\t0101,0201\nF\tS1\tA\t03,03\t0301,0301\n",
        "GL strings": "sample\tgl_string\n"
        "S1 \tHLA-A*01:01+HLA-A*02:01\nS1\tHLA-A*03:01+HLA-A*03:01\n",
    }.values(),
)
def test_a_blank_behind_a_name_makes_it_another_persons(write: Write, text: str) -> None:
    """As in a VCF and in tables of exposures: else one would have the other's alleles."""
    read = read_typings(write(text, "HLA_A.tsv"))
    assert {name: list(genes(read, name).values()) for name in read.people} == {
        "S1 ": ["A*01:01+A*02:01"],
        "S1": ["A*03:01+A*03:01"],
    }


def test_an_allele_list_checks_names(write: Write, tmp_path: Path) -> None:
    listed = tmp_path / "Allelelist.txt"
    listed.write_text(
        "# file: Allelelist.txt\nAlleleID,Allele\nHLA1,A*01:01:01:01\nHLA2,A*24:09N\n"
        "HLA3,A*02:01:01:02L\n"
    )
    good = write("sample\tA_1\tA_2\nx\t01:01\t24:09N\ny\tA*02\t02:01:01G\n")
    assert read_typings(good, allele_list=listed).genes == ("A",)
    for wrong in ("11:01", "24:09", "01:02"):
        bad = write(f"sample\tA_1\tA_2\nx\t01:01\t{wrong}\n")
        with pytest.raises(HLAFormatError, match="no such allele in Allelelist"):
            read_typings(bad, allele_list=listed)


def test_codes_come_from_a_table(write: Write, tmp_path: Path) -> None:
    codes = tmp_path / "codes.tsv"
    codes.write_text("code\talleles\nABCD\t01/02\n")
    path = write("sample\tDRB1_1\tDRB1_2\nx\t04:ABCD\t15:01\n")
    with pytest.raises(HLAFormatError, match="multiple allele code ABCD"):
        read_typings(path)
    read = read_typings(path, codes=codes)
    assert genes(read, "x") == {"DRB1": "DRB1*04:01/DRB1*04:02+DRB1*15:01"}


def test_a_frame_for_notebooks(write: Write) -> None:
    frame = rs.read_hla(write("sample\tA_1\tA_2\nx\t01:01\t02:01\ny\t\t\nz\t03:01\t03:01\n"))
    assert list(frame["sample"]) == ["x", "y", "z"]
    assert list(frame["state"]) == ["heterozygous", "not typed", "homozygous"]
    wide = rs.read_hla(write("sample\tA_1\tA_2\nx\t01:01\t02:01\n"), layout="wide")
    assert list(wide.columns) == ["sample", "A_1", "A_2", "A_posterior"]


MALFORMED = {
    "empty": ("", "empty"),
    "only a comment": ("# nothing\n", "empty"),
    "header only": ("sample\tA_1\tA_2\n", "types nobody"),
    "all untyped": ("sample\tA_1\tA_2\nx\tNA\t\n", "types nobody"),
    "no sample column": ("who\tA_1\tA_2\nx\t01:01\t02:01\n", "no format known"),
    "one column of a gene": (
        "sample\tA_1\tB_1\tB_2\nx\t01:01\t07:02\t08:01\n",
        "HLA-A has one column",
    ),
    "a column twice": ("sample\tA_1\tA_1\tA_2\nx\t01:01\t01:01\t02:01\n", "occurs twice"),
    "a short row": ("sample\tA_1\tA_2\nx\t01:01\n", "line 2"),
    "a long row": ("sample\tA_1\tA_2\nx\t01:01\t02:01\t03:01\n", "4 columns where"),
    "a sample twice": ("sample\tA_1\tA_2\nx\t01:01\t02:01\nx\t01:01\t02:01\n", "line 3"),
    "no name of a sample": ("sample\tA_1\tA_2\n\t01:01\t02:01\n", "no sample"),
    "not an allele": ("sample\tA_1\tA_2\nx\tG\t02:01\n", "'A\\*G'|'G'"),
    "one digit": ("sample\tA_1\tA_2\nx\t01:1\t02:01\n", "not an HLA allele"),
    "no such first field": ("sample\tA_1\tA_2\nx\t77:01\t02:01\n", "no first field 77"),
    "another gene": ("sample\tA_1\tA_2\nx\tB*07:02\t02:01\n", "belongs"),
    "a code": ("sample\tA_1\tA_2\nx\t02:BYVP\t02:01\n", "multiple allele code BYVP"),
    "a dash in a wide table": ("sample\tA_1\tA_2\nx\t02:01\t-\n", "'-'"),
    "an absent gene that cannot be": ("sample\tA_1\tA_2\nx\t99:99\t02:01\n", "cannot be absent"),
    "a list of two genes": ("sample\tA_1\tA_2\nx\tA*01:01/B*07:02\t02:01\n", "one gene"),
    "a posterior beyond 1": (
        "sample\tA_1\tA_2\tA_posterior\nx\t01:01\t02:01\t1.2\n",
        "from 0 to 1",
    ),
    "a posterior in words": ("sample\tA_1\tA_2\tA_posterior\nx\t01:01\t02:01\thigh\n", "'high'"),
    "three alleles in long": (
        "sample\tgene\tallele\nx\tA\t01:01\nx\tA\t02:01\nx\tA\t03:01\n",
        "3 alleles",
    ),
    "two genotypes without posterior": (
        "sample\tgene\tallele_1\tallele_2\nx\tA\t01:01\t02:01\nx\tA\t01:01\t03:01\n",
        "two rows of HLA-A",
    ),
    "posteriors above 1": (
        "sample\tgene\tallele_1\tallele_2\tposterior\nx\tA\t01:01\t02:01\t0.7\nx\tA\t01:01\t03:01\t0.7\n",
        "more than 1",
    ),
    "an unknown gene in long": ("sample\tgene\tallele_1\tallele_2\nx\tKIR\t01\t02\n", "KIR"),
    "a broken GL string": ("sample\tgl_string\nx\tHLA-A*01:01+\n", "missing in the GL string"),
    "HIBAG without a gene": (
        "sample\tallele1\tallele2\tprob\nx\t01:01\t02:01\t0.9\n",
        "which gene",
    ),
    "UK Biobank of 3 copies": ("eid\tA_101\tA_201\n1\t3\t0\n", "from 0 to 2"),
    "a short .ped": ("F P 0 0 1 -9 0101 0201\n", "no format known"),
    "T1K cut short": (
        "HLA-A\t2\tHLA-A*01:01\t10\t60\tHLA-A*02:01\t9\t60\nHLA-B\t1\tHLA-B*08:01\n",
        "3 columns",
    ),
    "HLA-HD twice": ("A\tHLA-A*01:01\t-\nA\tHLA-A*02:01\t-\n", "occurs twice"),
    "HLA*LA three rows": (
        "Locus\tChromosome\tAllele\tQ1\nA\t1\tA*01:01\t1\nA\t2\tA*02:01\t1\nA\t3\tA*03:01\t1\n",
        "more than two rows",
    ),
    "JSON cut short": ('{"A": ["A*01:01"', "JSON to its end"),
    "JSON of something else": ('{"name": 3}', "names no HLA gene|neither"),
    "JSON list": ("[1, 2]", "neither"),
    "arcasHLA of three": ('{"A": ["A*01:01", "A*02:01", "A*03:01"]}', "3 alleles"),
    "xHLA without names": ('{"hla": {"alleles": [1]}}', "not a list of names"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_tables_are_refused_with_a_reason(write: Write, case: str) -> None:
    text, says = MALFORMED[case]
    path = write(text, "types.txt")
    with pytest.raises(HLAFormatError, match=says) as caught:
        read_typings(path)
    assert str(path.parent) not in str(caught.value)
    assert "types.txt" in str(caught.value)


def test_there_are_thirty_of_them() -> None:
    assert len(MALFORMED) >= 30


def test_an_error_never_names_a_person(write: Write) -> None:
    path = write("sample\tA_1\tA_2\nMISS-MARPLE\t01:01\tA*2\n")
    with pytest.raises(HLAFormatError) as caught:
        read_typings(path)
    assert "MARPLE" not in str(caught.value)
    assert "line 2" in str(caught.value)
