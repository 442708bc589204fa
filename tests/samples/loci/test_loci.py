"""Variants met in records: every allele case, with its reason code and its copies."""

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.loci import loci
from riskscore.samples.loci.dosages import Dosages

Read = Callable[..., Dosages]
nan = math.nan
A_G = Variant("a_g", "6", 100, 90, "A", "G", "G")
G_A = Variant("g_a", "6", 100, 90, "G", "A", "G")
NO_REFERENCE = Variant("unknown", "6", 100, 90, "A", "G")
PALINDROME = Variant("a_t", "6", 100, 90, "A", "T", "A")
INSERTION = Variant("insertion", "6", 100, 90, "GC", "G", "G")
DELETION = Variant("deletion", "6", 100, 90, "T", "TG", "TG")


def only(dosages: Dosages) -> tuple[str, list[float]]:
    """The code and the copies of the one variant that was asked for."""
    (match,) = dosages.matches
    code = match.missing.name.lower() if match.missing else match.how
    return code, [round(value, 6) for value in dosages.values[0].tolist()]


def check(found: tuple[str, list[float]], code: str, copies: list[float]) -> None:
    assert found[0] == code
    assert np.array_equal(found[1], copies, equal_nan=True), found


LOST = [nan, nan, nan]


@pytest.mark.parametrize(
    ("row", "code", "copies"),
    [
        ("6 100 r G A PASS . GT 0/0 0/1 1/1", "found", [0, 1, 2]),
        ("chr6 100 r G A PASS . GT 0/0 0/1 1/1", "found", [0, 1, 2]),
        ("06 100 r g a PASS . GT 0/0 0/1 1/1", "found", [0, 1, 2]),
        ("6 100 r A G PASS . GT 0/0 0/1 1/1", "swapped", [2, 1, 0]),
        ("6 100 r C T PASS . GT 0/0 0/1 1/1", "flipped", [0, 1, 2]),
        ("6 100 r T C PASS . GT 0/0 0/1 1/1", "flipped", [2, 1, 0]),
        ("6 100 r G A,T PASS . GT 0/1 1/2 2/2", "found", [1, 1, 0]),
        ("6 100 r A T,G PASS . GT 0/1 1/2 0/0", "swapped", [1, 0, 2]),
        ("6 100 r A G,* PASS . GT 0/0 0/2 1/2", "swapped", [2, 1, 0]),
        ("6 100 r A G,<NON_REF> PASS . GT 0/0 0/2 1/1", "swapped", [2, 1, 0]),
        ("6 100 r A G,<*> PASS . GT 0/0 0/1 1/1", "swapped", [2, 1, 0]),
        ("6 100 r GT AT PASS . GT 0/0 0/1 1/1", "found", [0, 1, 2]),
        ("6 100 r GT AT,G PASS . GT 0/1 1/2 2/2", "found", [1, 1, 0]),
        ("6 100 r AT GT,A PASS . GT 0/1 1/2 2/2", "swapped", [1, 1, 2]),
        ("6 100 r G C PASS . GT 0/0 0/1 1/1", "alleles_differ", LOST),
        ("6 100 r G * PASS . GT 0/0 0/1 1/1", "alleles_differ", LOST),
        ("6 100 r GA AA PASS . GT 0/0 0/1 1/1", "found", [0, 1, 2]),
        ("6 100 r GA AT PASS . GT 0/0 0/1 1/1", "alleles_differ", LOST),
        ("6 101 r G A PASS . GT 0/0 0/1 1/1", "absent", LOST),
        ("7 100 r G A PASS . GT 0/0 0/1 1/1", "no_chromosome", LOST),
        ("6_alt 100 r G A PASS . GT 0/0 0/1 1/1", "no_chromosome", LOST),
        ("6 100 HLA_A*01:01 G A PASS . GT 0/0 0/1 1/1", "absent", LOST),
        ("6 100 AA_A_9_100 G A PASS . GT 0/0 0/1 1/1", "absent", LOST),
    ],
)
def test_one_record(read: Read, row: str, code: str, copies: list[float]) -> None:
    variant = A_G if row.split()[3] not in {"AT"} else Variant("a_g", "6", 100, 90, "A", "G", "A")
    check(only(read([row], variant)), code, copies)


def test_split_records_leave_the_same_as_joined_ones(read: Read) -> None:
    effect = Variant("ref", "6", 100, 90, "A", "G", "A")
    joined = ["6 100 r A G,T PASS . GT 0/0 0/1 0/2 1/2 2/2 ./."]
    split = [
        "6 100 r A G PASS . GT 0/0 0/1 0/0 1/0 0/0 ./.",
        "6 100 r A T PASS . GT 0/0 0/0 0/1 0/1 1/1 ./.",
    ]
    expected = [2, 1, 1, 0, 0, nan]
    for rows in (joined, split, split[::-1]):
        check(only(read(rows, effect)), "swapped", expected)
    for rows in (joined, split, split[::-1]):
        check(only(read(rows, G_A)), "found", [0, 1, 0, 1, 0, nan])


def test_split_dosages_that_sum_to_more_than_two_are_no_call(read: Read) -> None:
    effect = Variant("ref", "6", 100, 90, "A", "G", "A")
    rows = ["6 100 r A G PASS . DS 1.9 1.0", "6 100 r A T PASS . DS 1.9 0.5"]
    found = read(rows, effect)
    check(only(found), "swapped", [nan, 0.5])
    assert found.matches[0].note == "more_than_two_alleles=1"


def test_a_deletion_beside_a_snp_leaves_its_letter(read: Read) -> None:
    # The base after it is deleted: the letter A is still there.
    effect = Variant("ref", "6", 100, 90, "A", "G", "A")
    rows = ["6 100 r A G PASS . GT 0/1 0/0", "6 100 r AC A PASS . GT 0/1 1/1"]
    check(only(read(rows, effect)), "swapped", [1, 2])


def test_duplicates_that_agree_are_one(read: Read) -> None:
    row = "6 100 r G A PASS . GT 0/1 {} 1/1"
    found = read([row.format("0/0"), row.format("./.")], A_G)
    check(only(found), "found", [1, 0, 2])
    assert found.matches[0].note == "2 records agree"
    swapped = "6 100 r A G PASS . GT 0/1 1/1 0/0"
    check(only(read([row.format("0/0"), swapped.replace("A G", "G A")], A_G)), *DUPLICATE)


DUPLICATE = ("duplicate_record", LOST)


def test_duplicates_that_differ_are_lost_and_named(read: Read) -> None:
    rows = ["6 100 r G A PASS . GT 0/1 0/0 1/1", "6 100 s G A PASS . GT 0/1 0/1 1/1"]
    found = read(rows, A_G)
    check(only(found), *DUPLICATE)
    assert found.matches[0].record == "6:100 G>A; 6:100 G>A"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("6 100 r G GC PASS . GT 0/0 0/1 1/1", "found"),
        ("6 100 r GA GCA PASS . GT 0/0 0/1 1/1", "found"),
        ("6 99 r TG TGC PASS . GT 0/0 0/1 1/1", "found"),
        ("6 101 r C CC PASS . GT 0/0 0/1 1/1", "found"),
        ("6 102 r C CC PASS . GT 0/0 0/1 1/1", "alleles_differ"),
        ("6 101 r A AC PASS . GT 0/0 0/1 1/1", "alleles_differ"),
        ("6 110 r A T PASS . GT 0/0 0/1 1/1", "absent"),
    ],
)
def test_an_insertion_in_other_words(read: Read, row: str, code: str) -> None:
    found = read([row], INSERTION)
    check(only(found), code, [0, 1, 2] if code == "found" else LOST)
    if code == "alleles_differ":
        assert "norm" in found.matches[0].note


def test_a_model_that_names_no_letters_is_told_so(read: Read) -> None:
    """An insertion written G and -, or I and D, stands in a VCF as the letters themselves."""
    for letters in (("G", "-"), ("I", "D")):
        found = read(["6 100 r T TG PASS . GT 0/0 0/1 1/1"], Variant("r", "6", 100, 100, *letters))
        check(only(found), "alleles_differ", LOST)
        assert "names no letters" in found.matches[0].note


def test_a_deletion_and_its_reference(read: Read) -> None:
    row = "6 100 r TGG TG PASS . GT 0/0 0/1 1/1"
    check(only(read([row], DELETION)), "found", [0, 1, 2])
    kept = Variant("kept", "6", 100, 90, "TG", "T", "TG")
    check(only(read([row], kept)), "swapped", [2, 1, 0])
    repeat = "6 100 r TGG TG,T,TGGG PASS . GT 0/2 1/3 0/0"
    check(only(read([repeat], kept)), "swapped", [1, 0, 2])


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ("R2=0.29", "low_imputation_quality"),
        ("DR2=0.29", "low_imputation_quality"),
        ("INFO=0.1", "low_imputation_quality"),
        ("AF=0.5;AR2=0.1", "low_imputation_quality"),
        ("R2=0.3", "found"),
        ("DR2=0.99;AR2=0.1", "found"),
        (".", "found"),
        ("TYPED", "found"),
    ],
)
def test_imputation_quality(read: Read, info: str, code: str) -> None:
    row = f"6 100 r G A PASS {info} GT 0/0 0/1 1/1"
    check(only(read([row], A_G, min_r2=0.3)), code, [0, 1, 2] if code == "found" else LOST)
    check(only(read([row], A_G)), "found", [0, 1, 2])


def test_imputation_quality_of_each_alt(read: Read) -> None:
    row = "6 100 r G A,T PASS R2=0.9,0.1 GT 0/0 0/1 1/1"
    check(only(read([row], A_G, min_r2=0.3)), "found", [0, 1, 2])
    t = Variant("t", "6", 100, 90, "T", "G")
    assert only(read([row], t, min_r2=0.3))[0] == "low_imputation_quality"


@pytest.mark.parametrize(
    ("value", "code"), [("PASS", "found"), (".", "found"), ("q10", "filtered")]
)
def test_filter_by_choice(read: Read, value: str, code: str) -> None:
    row = f"6 100 r G A {value} . GT 0/0 0/1 1/1"
    accepted = frozenset({"PASS", "."})
    assert only(read([row], A_G, filters=accepted))[0] == code
    assert only(read([row], A_G))[0] == "found"


def test_gvcf_blocks_are_hom_ref_at_their_quality(read: Read) -> None:
    block = "6 {} . {} <NON_REF> . END={} GT:GQ 0/0:{} 0/0:19 ./.:0"
    over = block.format(50, "C", 150, 60)
    check(only(read([over], A_G)), "reference_block", [0, nan, nan])
    check(only(read([over], G_A)), "reference_block", [2, nan, nan])
    assert read([over], G_A).matches[0].note == "low_gq=1"
    check(only(read([over], NO_REFERENCE)), "absent", LOST)
    at = block.format(100, "A", 100, 99)
    check(only(read([at], NO_REFERENCE)), "reference_block", [2, nan, nan])
    short = block.format(50, "C", 99, 60)
    check(only(read([short], A_G)), "absent", LOST)
    wrong = block.format(100, "T", 100, 60)
    check(only(read([wrong], A_G)), "absent", LOST)


def test_a_variant_record_with_non_ref_beside_blocks(read: Read) -> None:
    rows = [
        "6 50 . C <NON_REF> . END=99 GT:GQ 0/0:60",
        "6 100 . G A,<NON_REF> . . GT:GQ 0/1:60",
        "6 101 . C <NON_REF> . END=150 GT:GQ 0/0:60",
    ]
    check(only(read(rows, A_G)), "found", [1])
    check(only(read(rows, G_A)), "swapped", [1])


def test_a_site_without_a_variant(read: Read) -> None:
    check(only(read(["6 100 . G . . . GT 0/0 ./. 0/0"], A_G)), "reference_block", [0, nan, 0])


def test_an_insertion_is_not_a_deletion_read_backwards(read: Read) -> None:
    rows = ["6 100 r TG T PASS . GT 0/0 0/1 1/1", "6 100 s T TG PASS . GT 0/1 0/0 0/0"]
    check(only(read(rows, DELETION)), "found", [0, 1, 2])
    check(only(read(rows[1:], DELETION)), "alleles_differ", LOST)


def test_a_deletion_needs_all_of_its_reference_in_the_block(read: Read) -> None:
    row = "6 90 . C <NON_REF> . END={} GT:GQ 0/0:60 0/0:60 0/0:60"
    check(only(read([row.format(101)], DELETION)), "reference_block", [0, 0, 0])
    assert only(read([row.format(100)], DELETION))[0] == "absent"


def test_absent_is_missing_unless_the_user_says_otherwise(read: Read) -> None:
    row = ["6 7 . C T . . GT 0/0 0/0 0/0"]
    check(only(read(row, A_G)), "absent", LOST)
    check(only(read(row, A_G, absent="frequency")), "at_frequency", LOST)
    check(only(read(row, A_G, absent="homref")), "assumed_homref", [0, 0, 0])
    check(only(read(row, G_A, absent="homref")), "assumed_homref", [2, 2, 2])
    found = read(row, NO_REFERENCE, absent="homref")
    check(only(found), "absent", LOST)
    assert "reference allele is not known" in found.matches[0].note
    elsewhere = Variant("far", "7", 100, 90, "A", "G", "A")
    check(only(read(row, elsewhere, absent="homref")), "no_chromosome", LOST)


def test_a_file_of_variants_only_says_so_and_names_the_option(read: Read) -> None:
    places = [Variant(f"v{p}", "6", p, p, "A", "G", "G") for p in range(100, 105)]
    rows = [f"6 {p} . G A PASS . GT 0/1 1/1" for p in range(100, 104)]
    (warning,) = read(rows, *places).warnings
    assert "variants only" in warning
    assert "--absent homref" in warning
    assert read([rows[0].replace("1/1", "0/0"), *rows[1:]], *places).warnings == ()
    assert read(rows, *places[:4]).warnings == ()


def test_conflicts_are_counted_and_reported(read: Read) -> None:
    found = read(["6 100 r G A PASS . GT:DS 0/0:2 0/1:0 1/1:2"], A_G)
    check(only(found), "found", [2, 0, 2])
    assert found.matches[0].note == "ds_gt_conflict=2"
    (warning,) = found.warnings
    assert "contradicts GT in 2 cells of 1 loci" in warning


def test_missing_codes_are_all_advised() -> None:
    from riskscore.genetics.missing import ADVICE

    silent = {Missing.NOT_MISSING, Missing.NOT_APPLICABLE}
    assert set(Missing) - set(ADVICE) <= silent


ALTS = [f"T{''.join(letters)}" for letters in product("ACGT", repeat=5)]  # 1,024 insertions
MANY = "6:100 G>TAAAAA,TAAAAC,TAAAAG,TAAAAT,TAAACA,TAAACC,TAAACG,TAAACT,TAAAGA,TAAAGC,… and "


@pytest.mark.parametrize(
    ("ref", "alts", "missing", "record"),
    [
        ("G", [*ALTS, "A"], Missing.NOT_MISSING, MANY + "1,015 more"),
        ("G", ALTS, Missing.ALLELES_DIFFER, MANY + "1,014 more"),
        ("G", ["A" * 2_100], Missing.ALLELES_DIFFER, f"6:100 G>{'A' * 100}… and 2,000 more"),
    ],
)
def test_of_a_multitude_of_letters_the_first_are_shown(
    read: Read, ref: str, alts: list[str], missing: Missing, record: str
) -> None:
    dosages = read([f"6 100 r {ref} {','.join(alts)} PASS . GT 0/0 0/0 0/0"], A_G)
    (match,) = dosages.matches
    assert (match.missing, match.record) == (missing, record)
    assert missing is Missing.NOT_MISSING or match.how == record.removeprefix("6:100 ")


def test_of_a_multitude_of_records_the_first_are_named(read: Read) -> None:
    rows = [f"6 100 r{i} G A PASS . GT 0/{i % 2} 0/0 0/0" for i in range(1_003)]
    (match,) = read(rows, A_G).matches
    assert match.missing is Missing.DUPLICATE_RECORD
    assert match.record == "6:100 G>A; 6:100 G>A; 6:100 G>A; … and 1,000 more"


def test_a_second_process_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies and their variances, of everybody and of some people; a missing variant has none."""
    rs.simulate("ms", 40, seed=1, r2=0.6, out=tmp_path / "sim")
    path = tmp_path / "sim" / "cohort.vcf.gz"
    alone = rs.read_cohort(path, "ms", reading=rs.Reading(processes=1)).dosages
    monkeypatch.setattr(loci, "_WORTH_A_PROCESS", 0)
    both = rs.read_cohort(path, "ms", reading=rs.Reading(processes=2)).dosages
    assert alone.variances is not None
    assert both.variances is not None
    assert both.matches == alone.matches
    assert np.array_equal(both.values, alone.values, equal_nan=True)
    assert np.array_equal(both.variances, alone.variances)
    unsure = np.modf(alone.values)[0] > 0
    assert (alone.variances[unsure] > 0).all()
    part = alone.of_people(range(10, 20))
    assert part.variances is not None
    assert np.array_equal(part.variances, alone.variances[:, 10:20])
