"""The build of a file: --build never overrides what the file says of itself."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.source import Region
from riskscore.samples.loci.builds import choose_build, hg18_regions
from riskscore.samples.loci.loci import regions_of

Make = Callable[..., Path]
SNP = Variant("snp", "6", 100, 100, "A", "G", "G")


def _build(path: Path | list[Path], asked: Build | None = None) -> Build:
    with open_source(path if isinstance(path, list) else [path]) as source:
        source.prepare([Region("6", 100, 100)])
        return choose_build(source, [SNP], asked)


def _vcf(
    make_vcf: Make, *header: str, contig: str = "6", name: str = "a.vcf.gz", index: bool = True
) -> Path:
    return make_vcf(
        ["p"], [(contig, 100, ".", "G", "A", "GT", ["0/1"])], name=name, header=header, index=index
    )


@pytest.mark.parametrize("asked", [None, *Build])
@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize(
    ("header", "contig", "says"),
    [
        (["##reference=chm13v2.0.fa"], "chr6", "T2T-CHM13.*lift it over"),
        (["##contig=<ID=chr6,length=172126628>"], "chr6", "T2T-CHM13.*lift it over"),
        (["##reference=hg18.fa"], "chr6", r"NCBI36 \(hg18\).*lift it over"),
        (["##contig=<ID=6,length=170899992>"], "6", r"NCBI36 \(hg18\).*lift it over"),
        (
            ["##contig=<ID=1,length=248956422>", "##contig=<ID=6,length=171115067>"], "6",
            "says GRCh37 and GRCh38",
        ),
        (["##reference=GRCh37.fa", "##contig=<ID=6,assembly=hg38>"], "6", "GRCh37 and GRCh38"),
        (["##reference=GRCh38.fa"], "NC_000006.11", "says GRCh37 and GRCh38"),
        ([], "NC_000006.10", r"NCBI36 \(hg18\).*lift it over"),
    ],
)  # fmt: skip
def test_what_a_file_says_is_not_overridden(
    make_vcf: Make, header: list[str], contig: str, says: str, asked: Build | None, index: bool
) -> None:
    with pytest.raises(BuildMismatchError, match=says):
        _build(_vcf(make_vcf, *header, contig=contig, index=index), asked)


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize(
    ("header", "contig", "build"),
    [
        (["##reference=file:///ref/human_g1k_v37.fasta"], "6", Build.GRCh37),
        (["##reference=hs37d5.fa"], "6", Build.GRCh37),
        (["##reference=GCA_000001405.15_no_alt.fna"], "chr6", Build.GRCh38),
        ([], "NC_000006.11", Build.GRCh37),
        ([], "NC_000006.12", Build.GRCh38),
    ],
)
def test_no_build_need_be_named(
    make_vcf: Make, header: list[str], contig: str, build: Build, index: bool
) -> None:
    path = _vcf(make_vcf, *header, contig=contig, index=index)
    assert _build(path) is _build(path, build) is build
    other = next(one for one in Build if one is not build)
    with pytest.raises(BuildMismatchError, match=f"{build}.*--build says {other}"):
        _build(path, other)


@pytest.mark.parametrize("index", [True, False])
def test_files_of_one_cohort_agree(make_vcf: Make, index: bool) -> None:
    """Their chromosomes' accessions tell, where their headers are silent."""
    files = [
        _vcf(make_vcf, contig="NC_000006.11", name="six.vcf.gz", index=index),
        _vcf(make_vcf, contig="NC_000007.14", name="seven.vcf.gz", index=index),
    ]
    with pytest.raises(BuildMismatchError, match="of different builds"):
        _build(files)


TAGS = Path(__file__).resolve().parents[2] / "published" / "hla" / "hla_best_tag_snps.tsv"


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("asked", [None, *Build])
def test_hg18_is_known_by_its_positions(make_vcf: Make, index: bool, asked: Build | None) -> None:
    """A panel without a header, at the places that the published table of tags has in hg18."""
    with TAGS.open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    keys = ("pos_grch38", "pos_grch37", "pos_hg18")
    tags = {row["tag_snp"]: row for row in rows if all(row[key] for key in keys)}
    assert len(tags) > 100
    variants, hg18, grch37 = [], [], []
    for name, row in tags.items():
        places = [int(float(row[key])) for key in keys]
        letters = (row["tag_allele"], row["other_allele"])
        variants.append(Variant(name, "6", places[0], places[1], *letters, letters[0]))
        for records, place in ((hg18, places[2]), (grch37, places[1])):
            records.append(("6", place, ".", letters[1], letters[0], "GT", ["0/1"]))
    for records, build in ((hg18, None), (grch37, Build.GRCh37)):
        path = make_vcf(["p"], sorted(records), name=f"{build}.vcf.gz", header=(), index=index)
        with open_source([path]) as source:
            source.prepare([*regions_of(variants, asked), *hg18_regions(variants)])
            if build is None:
                with pytest.raises(BuildMismatchError, match=r"NCBI36 \(hg18\).*lift it over"):
                    choose_build(source, variants, asked)
            elif asked in (None, build):
                assert choose_build(source, variants, asked) is build
