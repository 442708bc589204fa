"""HLA records named in ways other than one ID: lists, ALTs, genes that are absent, no alleles."""

from __future__ import annotations

from pathlib import Path

import pysam
import pysam.bcftools
import pytest

import riskscore as rs
from riskscore.errors import HLAFormatError
from riskscore.samples.hla.table import read_hla_calls

HEADER = """##fileformat=VCFv4.2
##contig=<ID=6,length=170805979>
##INFO=<ID=R2,Number=1,Type=Float,Description="Imputation quality">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb
"""
SNP = "6\t32546100\trs1;rs2\tC\tA,<DEL>\t.\tPASS\t.\tGT\t0/1\t0/0\n"
# Each names DRB1*03:01 and 04:01; the first person has both, the second 04:01 twice.
NAMES = {
    "a list of IDs": [
        ("HLA_DRB1*03:01;rs123", "A", "T", "0/1", "0/0"),
        ("rs124;HLA_DRB1*04:01", "A", "T", "0/1", "1/1"),
    ],
    "an ALT, no ID": [
        (".", "G", "<HLA_DRB1*03:01>", "0/1", "0/0"),
        (".", "G", "<HLA_DRB1*04:01>", "0/1", "1/1"),
    ],
    "an ALT without a prefix": [
        (".", "G", "<DRB1*03:01>", "0/1", "0/0"),
        ("HLA-DRB1", "G", "<DRB1*04:01>", "0/1", "1/1"),
    ],
    "several ALTs": [("HLA-DRB1", "G", "<DRB1*03:01>,<DRB1*04:01>", "1/2", "2/2")],
    "several ALTs, no ID": [(".", "G", "<HLA_DRB1*03:01>,<HLA_DRB1*04:01>", "1/2", "2/2")],
    "small letters": [
        ("hla_drb1_0301", "A", "P", "0/1", "0/0"),
        ("drb1*04:01", "a", "p", "0/1", "1/1"),
    ],
    "zeros lost": [
        ("HLA_DRB1_301", "A", "P", "0/1", "0/0"),
        ("HLA_DRB1_401", "A", "P", "0/1", "1/1"),
    ],
}


def write(folder: Path, rows: list[tuple[str, ...]], info: str = ".") -> Path:
    path = folder / "x.vcf"
    lines = "".join(
        f"6\t{32546000 + n}\t{name}\t{ref}\t{alt}\t.\tPASS\t{info}\tGT\t{a}\t{b}\n"
        for n, (name, ref, alt, a, b) in enumerate(rows)
    )
    path.write_text(HEADER + lines + SNP)
    return path


def bgzipped(path: Path) -> Path:
    pysam.tabix_compress(str(path), f"{path}.gz")
    pysam.tabix_index(f"{path}.gz", preset="vcf")
    return Path(f"{path}.gz")


def bcf(path: Path) -> Path:
    target = path.with_suffix(".bcf")
    pysam.bcftools.view("-Ob", "-o", str(target), str(path), catch_stdout=False)
    pysam.bcftools.index(str(target))
    return target


@pytest.mark.parametrize("container", ["stream", "vcf.gz", "bcf"])
@pytest.mark.parametrize("case", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_names_in_ids_and_alts(tmp_path: Path, case: str, container: str) -> None:
    path = write(tmp_path, NAMES[case])
    path = {"stream": lambda p: p, "vcf.gz": bgzipped, "bcf": bcf}[container](path)
    _, calls = read_hla_calls(path)
    first, second = (calls.genes["DRB1"].best(place) for place in (0, 1))
    assert first is not None
    assert second is not None
    assert [str(name) for name in first[:2]] == ["DRB1*03:01", "DRB1*04:01"]
    assert [str(name) for name in second[:2]] == ["DRB1*04:01", "DRB1*04:01"]


def test_absent_genes_of_snp2hla_um(tmp_path: Path) -> None:
    """99 at one field and 99:99 at two say that a chromosome lacks DRB4."""
    rows = [
        ("HLA_DRB4_01", "P", "A", "1/0", "1/1"),
        ("HLA_DRB4_01:03", "P", "A", "1/0", "1/1"),
        ("HLA_DRB4_99", "P", "A", "1/0", "0/0"),
        ("HLA_DRB4_99:99", "P", "A", "1/0", "0/0"),
    ]
    _, calls = read_hla_calls(write(tmp_path, rows))
    pairs = [calls.genes["DRB4"].best(place) for place in (0, 1)]
    shown = [sorted(str(name) for name in pair[:2]) for pair in pairs if pair]
    assert shown == [["DRB4*01:03", "DRB4*NNNN"], ["DRB4*NNNN", "DRB4*NNNN"]]


def test_all_names_that_no_allele_has_are_told_at_once(tmp_path: Path) -> None:
    rows = [
        ("HLA_DRB1*77:01", "A", "T", "0/1", "0/0"),
        ("HLA_DRB1*03:01", "A", "T", "0/1", "0/0"),
        (".", "G", "<HLA_DQA1*30:01>", "0/1", "1/1"),
        ("HLA_DRB1_0000", "A", "P", "0/0", "1/1"),
        ("HLA_DRB1", "A", "P", "0/0", "1/1"),
    ]
    with pytest.raises(HLAFormatError, match="2 HLA records") as caught:
        read_hla_calls(write(tmp_path, rows))
    assert "HLA_DRB1*77:01, HLA_DQA1*30:01" in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_min_r2_counts_for_hla_records(tmp_path: Path) -> None:
    rows = [
        ("HLA_DRB1*15:01", "A", "T", "0/1", "0/0"),
        ("HLA_DRB1*04:01", "A", "T", "0/1", "1/1"),
    ]
    path = write(tmp_path, rows, "R2=0.4")
    assert rs.read_cohort(path, "ms", build="GRCh38").hla.genes["DRB1"].called(2).all()
    with pytest.raises(rs.errors.NothingMatchedError):
        rs.read_cohort(path, "ms", build="GRCh38", reading=rs.Reading(min_r2=0.5))
    text = path.read_text().replace("R2=0.4", "R2=0.9", 1)
    path.write_text(text)
    cohort = rs.read_cohort(path, "ms", build="GRCh38", reading=rs.Reading(min_r2=0.5))
    report = next(one for one in cohort.hla.reports if one.gene == "DRB1")
    assert sum(report.records.values()) == 1
    assert report.notes == ("1 records of HLA-DRB1 imputed worse than 0.5 are left out",)
