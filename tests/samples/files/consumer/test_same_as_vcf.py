"""Raw data of a consumer array gives what a VCF of the same genotypes gives, to the bit."""

import random
from pathlib import Path

import numpy as np
import pysam
import pytest

import riskscore as rs
from riskscore.files.inputs import reference_root
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.catalog import load_model
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Palindromes, Reading
from riskscore.samples.loci.loci import read_dosages
from riskscore.samples.loci.strand import AS_WRITTEN
from tests.samples.files.consumer.layouts import Call, text_of, vcf_of, write

MODELS = ["ra", "sle", "ms", "t1d"]
EXAMPLE = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"


def person_at(build: Build, seed: int) -> tuple[list[Call], list[tuple[str, str]]]:
    """Random genotypes at the models' variants, SNPs and indels, and REF and ALT of each."""
    draw = random.Random(seed)
    found = {}
    for variant in (v for name in MODELS for v in load_model(name).variants):
        pair = [variant.effect_allele, variant.other_allele]
        if not variant.known_in(build) or not all(pair) or variant.members:
            continue
        known = variant.reference_allele in pair
        ref = variant.reference_allele if known else draw.choice(pair)
        [alt] = {*pair} - {ref}
        calls = draw.choice([(ref, ref), (ref, alt), (alt, ref), (alt, alt), ()])
        place = variant.position(build)
        lengths = len(ref), len(alt)
        call = Call(variant.name, variant.chromosome, place, calls, lengths)
        found[variant.chromosome, place] = call, (ref, alt)
    ordered = [found[key] for key in sorted(found, key=lambda k: (k[0].zfill(2), k[1]))]
    return [call for call, _ in ordered], [site for _, site in ordered]


@pytest.mark.parametrize(
    ("vendor", "ending", "build"),
    [
        ("23andMe", ".txt", Build.GRCh37), ("AncestryDNA", ".zip", Build.GRCh37),
        ("MyHeritage", ".zip", Build.GRCh37), ("FamilyTreeDNA", ".csv.gz", Build.GRCh37),
        ("Living DNA", ".txt", Build.GRCh37), ("FamilyTreeDNA", ".csv", Build.GRCh38),
        ("23andMe", ".zip", Build.GRCh38),
    ],
)  # fmt: skip
def test_scores_are_those_of_the_vcf(
    vendor: str, ending: str, build: Build, tmp_path: Path
) -> None:
    number = int(build.value.removeprefix("GRCh"))
    calls, sites = person_at(build, seed=len(vendor) + number)
    assert len(calls) > 100
    vcf = tmp_path / "person.vcf"
    vcf.write_text(vcf_of(calls, sites, "kit", number))
    array = write(tmp_path / f"kit{ending}", text_of(vendor, calls, number))
    # that a palindrome's letters are forward ones is what the vendors state, and a VCF does not
    expected = rs.score(vcf, MODELS, reading=Reading(palindromes="keep")).to_frame()
    scores = rs.score(array, MODELS)
    assert scores.cohort.samples == ("kit",)
    assert scores.cohort.build is build
    assert vendor in scores.cohort.caution
    got = scores.to_frame()
    numbers = got.select_dtypes("number").columns
    assert np.isfinite(got[numbers].to_numpy(dtype=float)).any(axis=0).sum() > 5
    np.testing.assert_array_equal(
        got[numbers].to_numpy(dtype=float), expected[numbers].to_numpy(dtype=float)
    )


def test_hla_is_imputed_as_from_the_vcf(tmp_path: Path) -> None:
    with pysam.VariantFile(str(EXAMPLE)) as source:
        person = next(iter(source.header.samples))
        calls, sites = [], []
        for record in source:
            alleles = record.alleles or ()
            if len(alleles) == 2 and {len(a) for a in alleles} == {1} and record.id:
                seen = tuple(a for a in record.samples[person].alleles if a)
                if set("".join(alleles)) <= set("ACGT") and not record.id.startswith("HLA"):
                    calls.append(Call(record.id, "6", record.pos, seen))
                    sites.append((alleles[0], alleles[1]))
    vcf = tmp_path / "person.vcf"
    vcf.write_text(vcf_of(calls, sites, "kit", 38))
    array = write(tmp_path / "kit.txt", text_of("23andMe", calls, 38))
    tables = [rs.read_cohort(file, ["t1d"], impute_hla=True) for file in (vcf, array)]
    assert set(rs.read_hla(array, impute=True)["gene"]) >= {"A", "B", "C", "DRB1", "DQB1"}
    expected, got = (table.hla for table in tables)
    assert set(got.genes) >= {"DRB1", "DQB1"}
    for gene in expected.genes:
        np.testing.assert_array_equal(got.genes[gene].probability, expected.genes[gene].probability)


SITES = [  # REF, ALT, the letters that are seen, copies of REF
    ("A", "G", "AA", 2), ("A", "G", "AG", 1), ("A", "G", "GA", 1), ("A", "G", "GG", 0),
    ("A", "T", "AT", 1), ("A", "T", "TT", 0), ("C", "G", "CC", 2),
]  # fmt: skip


def read(tmp_path: Path, rows: str, *variants: Variant, reading: Reading | None = None):
    path = tmp_path / "kit.txt"
    head = "# 23andMe build 37\n# rsid\tchromosome\tposition\tgenotype\n"
    path.write_text(head + rows.replace(" ", "\t"))
    with open_source([path]) as source:
        return read_dosages(source, variants, Build.GRCh37, {}, reading)


@pytest.mark.parametrize(("ref", "alt", "seen", "copies"), SITES)
@pytest.mark.parametrize("effect_is_ref", [True, False])
def test_copies(
    ref: str, alt: str, seen: str, copies: int, effect_is_ref: bool, tmp_path: Path
) -> None:
    effect, other = (ref, alt) if effect_is_ref else (alt, ref)
    found = read(tmp_path, f"rs1 1 100 {seen}\n", Variant("rs1", "1", 90, 100, effect, other, ref))
    assert found.values[0, 0] == (copies if effect_is_ref else 2 - copies)
    assert (AS_WRITTEN in found.matches[0].note) == ({ref, alt} in ({"A", "T"}, {"C", "G"}))


def test_palindromes_are_dropped_when_asked(tmp_path: Path) -> None:
    drop = Reading(palindromes=Palindromes.DROP)
    found = read(tmp_path, "rs1 1 100 AT\n", Variant("rs1", "1", 90, 100, "A", "T"), reading=drop)
    assert found.matches[0].missing is Missing.AMBIGUOUS_STRAND


@pytest.mark.parametrize(
    ("chromosome", "call", "copies"),
    [
        ("X", "A", 2), ("23", "AG", 1), ("MT", "G", 0), ("26", "A", 2), ("25", "A", 2),
        ("Y", "AA", 2), ("Y", "A0", 2), ("1", "A", np.nan), ("1", "A0", np.nan),
        ("1", "--", np.nan), ("1", "00", np.nan), ("1", "-", np.nan), ("X", "0", np.nan),
    ],
)  # fmt: skip
def test_haploid_and_no_calls(chromosome: str, call: str, copies: float, tmp_path: Path) -> None:
    plain = {"23": "X", "25": "X", "26": "MT"}.get(chromosome, chromosome)
    variant = Variant("rs1", plain, 90, 100, "A", "G", "G")
    found = read(tmp_path, f"rs1 {chromosome} 100 {call}\nrs2 1 9 CC\n", variant)
    assert found.matches[0].missing is Missing.NOT_MISSING
    np.testing.assert_array_equal(found.values[0, 0], np.float32(copies))


@pytest.mark.parametrize(
    ("row", "copies"),
    [
        ("rs1 1 100 II", 2), ("rs1 1 100 DI", 1), ("i9 1 100 DD", 0), ("rs1 1 101 II", 2),
        ("rs1 1 100 --", np.nan),
    ],
)  # fmt: skip
def test_indels(row: str, copies: float, tmp_path: Path) -> None:
    """I is the longer allele; a deletion may stand at its first deleted base, as dbSNP has it."""
    found = read(tmp_path, f"{row}\n", Variant("rs1", "1", 90, 100, "CT", "C", "CT"))
    np.testing.assert_array_equal(found.values[0, 0], np.float32(copies))


@pytest.mark.parametrize(
    ("variant", "row", "reason"),
    [
        (Variant("rs1", "1", 90, 100, "A", "G", "G"), "rs1 1 100 CC", Missing.ALLELES_DIFFER),
        (Variant("rs1", "1", 90, 100, "A", "G", "G"), "rs1 1 100 AC", Missing.ALLELES_DIFFER),
        (Variant("rs1", "1", 90, 100, "A", "G", "G"), "rs1 1 100 II", Missing.ALLELES_DIFFER),
        (Variant("rs1", "1", 90, 100, "A", "G", "G"), "rs1 1 99 AA", Missing.ABSENT),
        (Variant("rs1", "1", 90, 100, "CT", "C", "CT"), "i9 1 101 II", Missing.ABSENT),
        # that a person lacks an allele cannot be told where the other one is not known
        (Variant("rs1", "1", 90, 100, "A", ""), "rs1 1 100 AA", Missing.ALLELES_DIFFER),
        (
            Variant("rs1", "1", 90, 100, "A", "G"), "rs1 1 100 AA\ni2 1 100 GG",
            Missing.DUPLICATE_RECORD,
        ),
    ],
)  # fmt: skip
def test_what_is_not_of_the_variant(
    variant: Variant, row: str, reason: Missing, tmp_path: Path
) -> None:
    assert read(tmp_path, f"{row}\n", variant).matches[0].missing is reason


def test_a_model_of_the_other_strand_is_turned(tmp_path: Path) -> None:
    variant = Variant("rs1", "1", 90, 100, "T", "C", "G")  # A and G on the forward strand
    found = read(tmp_path, "rs1 1 100 AG\n", variant)
    assert (found.values[0, 0], found.matches[0].how) == (1, "flipped")
    assert read(tmp_path, "rs1 1 100 TT\n", variant).matches[0].missing is Missing.ALLELES_DIFFER
