"""Genome builds by the names, accessions and lengths that files give."""

import pytest

from riskscore.genetics.build import (
    CHROMOSOME_LENGTHS,
    HG18,
    OTHER_LENGTHS,
    T2T,
    Build,
    assemblies_in,
    assemblies_of_contigs,
    assembly_of_accession,
    chromosome,
    parse_build,
)

B37, B38 = Build.GRCh37, Build.GRCh38


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:///ref/human_g1k_v37.fasta", {B37}),
        ("hs37d5.fa.gz", {B37}),
        ("Homo_sapiens_assembly38.b38.fasta", {B38}),
        ("##contig=<ID=1,length=249250621,assembly=b37>", {B37}),
        ("GRCh38_full_analysis_set_plus_decoy_hla.fa", {B38}),
        ("hs38DH.fa", {B38}),
        ("GCF_000001405.25_GRCh37.p13", {B37}),
        ("GCA_000001405.15_no_alt_analysis_set.fna", {B38}),
        ("GCF_000001405.26", {B38}),
        ("GCF_000001405.12", {HG18}),
        ("GCF_000001405.13", {B37}),
        ("GCA_000001405.1", {B37}),
        ("GCA_000001405.14", {B37}),
        ("hg18.fa", {HG18}),
        ("human_b36_male.fa", {HG18}),
        ("NCBI36", {HG18}),
        ("chm13v2.0.fa", {T2T}),
        ("T2T-CHM13", {T2T}),
        ("hg19ToHg38.over.chain", {B37, B38}),
        # The letters of a checksum are no name.
        ("##contig=<ID=7,length=5,md5=618366e953d6aaad97dbe4777b38e1b3>", set()),
        ("ref_b3612", set()),
        ("genome.fa", set()),
    ],
)
def test_assemblies_by_name(text: str, expected: set[str]) -> None:
    assert assemblies_in(text) == expected
    [only] = expected if len(expected) == 1 else [None]
    assert parse_build(text) == (only if only in list(Build) else None)


# From the assembly reports of NCBI: GRCh37.p13, GRCh38.p14 and T2T-CHM13v2.0.
@pytest.mark.parametrize(
    ("name", "assembly", "plain"),
    [
        ("NC_000001.10", B37, "1"), ("NC_000001.11", B38, "1"), ("NC_000006.11", B37, "6"),
        ("NC_000006.12", B38, "6"), ("NC_000007.13", B37, "7"), ("NC_000014.8", B37, "14"),
        ("NC_000021.9", B38, "21"), ("NC_000023.10", B37, "X"), ("NC_000024.10", B38, "Y"),
        ("NC_000006.10", HG18, "6"), ("NC_060930.1", T2T, "NC_060930.1"), ("6", None, "6"),
        ("chr6", None, "6"), ("NC_012920.1", None, "NC_012920.1"),
        ("NC_000025.1", None, "25"), ("NC_000006.99", "the assembly of NC_000006.99", "6"),
    ],
)  # fmt: skip
def test_accessions_tell_the_build_by_their_version(
    name: str, assembly: str | None, plain: str
) -> None:
    assert assembly_of_accession(name) == assembly
    assert chromosome(name) == plain


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ({"chr1": 248956422, "chr6": 170805979}, {B38}),
        ({"1": 249250621}, {B37}),
        ({"chr1": 248956422, "chr6": 171115067}, {B37, B38}),
        ({"chr6": 172126628}, {T2T}),
        ({"NC_000006.10": 170899992}, {HG18}),
        ({"chrM": 16569, "decoy": 1}, set()),
    ],
)
def test_assemblies_by_length(lengths: dict[str, int], expected: set[str]) -> None:
    assert assemblies_of_contigs(lengths) == expected


# The versions of NC_000001 to NC_000024 in the assembly report of GRCh38.p14 (NCBI).
GRCH38_VERSIONS = "11 12 12 12 10 12 14 11 12 11 10 12 11 9 10 10 11 10 10 11 9 11 11 10"


def test_each_accession_of_the_two_builds() -> None:
    for number, version in enumerate(map(int, GRCH38_VERSIONS.split()), start=1):
        assert assembly_of_accession(f"NC_{number:06}.{version}") == B38
        assert assembly_of_accession(f"NC_{number:06}.{version - 1}") == B37


# The published sizes of the four assemblies: chromosomes 1 to 22, X and Y, without those unplaced.
@pytest.mark.parametrize(
    ("lengths", "genome"),
    [
        (OTHER_LENGTHS[HG18], 3_080_419_480),
        (CHROMOSOME_LENGTHS[B37], 3_095_677_412),
        (CHROMOSOME_LENGTHS[B38], 3_088_269_832),
        (OTHER_LENGTHS[T2T], 3_117_275_501),
    ],
)
def test_the_lengths_of_an_assembly_add_up_to_its_size(
    lengths: dict[str, int], genome: int
) -> None:
    assert list(lengths) == [*map(str, range(1, 23)), "X", "Y"]
    assert sum(lengths.values()) == genome


@pytest.mark.parametrize(
    ("name", "plain"),
    [("24", "Y"), ("chr24", "Y"), ("chry", "Y"), ("22", "22"), ("chr", "chr"), ("chrM", "M")],
)
def test_plain_names(name: str, plain: str) -> None:
    assert chromosome(name) == plain
