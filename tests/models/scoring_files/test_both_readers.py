"""Plain rows read one by one and column by column: the same variants, by the rules of the format.

A file of many rows is read by columns. What is expected is written from the PGS Catalog's
description of its columns, one row at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from riskscore.models.scoring_files.plain_reader import parse_plain
from riskscore.models.scoring_files.weight_type import WeightType
from tests.models.scoring_files.both_readers import READERS, SNP, read, refused, text_of

ASSEMBLED = {*map(str, range(1, 23)), "X", "Y", "MT"}


def codes(count: int) -> Iterator[str]:
    """Different alleles."""
    for letters in product("ACGT", repeat=6):
        if count:
            yield "A" + "".join(letters)
            count -= 1


# Places --------------------------------------------------------------------------------------

CELLS = list(product(
    ["1", "chr1", "_", "HSCHR6_MHC_COX", "chrM"], ["_", "1000"], ["_", "1037"], ["_", "1038"],
    ["_", "1", "2", "HSCHR6_MHC_COX", "MT", "99"], ["_", "1900"],
))  # fmt: skip


def where(build: str, harmonised: str, cells: Sequence[str]) -> tuple[str, tuple[int, int]]:
    """The chromosome, and the positions in GRCh37 and GRCh38, 0 where there is none.

    chr_position is in genome_build, position_grch37 and position_grch38 in their own. hm_chr and
    hm_pos are in HmPOS_build: on the author's chromosome, or wherever the author says no place.
    What is on no assembled chromosome is no place.
    """
    chrom, position, in_37, in_38, hm_chrom, hm_position = ("" if c == "_" else c for c in cells)
    chrom = {"chr1": "1", "chrM": "M"}.get(chrom, chrom)
    known: dict[str, int] = {}
    if position and build in {"GRCh37", "GRCh38"} and chrom in ASSEMBLED:
        known[build] = int(position)
    for name, text in (("GRCh37", in_37), ("GRCh38", in_38)):
        if text:
            known[name] = int(text)
    if harmonised and hm_position and hm_chrom in ASSEMBLED and (hm_chrom == chrom or not known):
        chrom, known[harmonised] = hm_chrom, int(hm_position)
    return chrom, (known.get("GRCh37", 0), known.get("GRCh38", 0))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("harmonised", ["", "GRCh37", "GRCh38"])
@pytest.mark.parametrize("build", ["GRCh37", "hg38", "NCBI36"])
def test_places(reader: str, build: str, harmonised: str) -> None:
    columns = "rsID chr_name chr_position position_grch37 position_grch38 hm_chr hm_pos"
    rows = [
        f"rs{i} {' '.join(cells)} {letters} A -0.5"
        for i, (cells, letters) in enumerate(zip(CELLS, codes(len(CELLS)), strict=True))
    ]
    text = text_of(f"{columns} effect_allele other_allele effect_weight", rows,
                   genome_build=build, HmPOS_build=harmonised)  # fmt: skip
    found, notes = read(reader, text)
    build = {"hg38": "GRCh38"}.get(build, build)
    expected = [where(build, harmonised, cells) for cells in CELLS]
    assert [(one["chromosome"], one["places"]) for one in found] == expected
    lost = sum(places == (0, 0) for _, places in expected)
    [told] = [note for note in notes if "have no position" in note]
    assert told.startswith(f"{lost} row(s)")


# Letters, names, flags -----------------------------------------------------------------------

ALONE, ODD = "name no other allele", "alleles that are not sequences"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("effect", "other", "inferred", "found", "note"),
    [
        ("A", "G", "_", ("A", "G"), ""),
        ("a", "ct", "_", ("A", "CT"), ""),
        ("A", "G", "T", ("A", "G"), ""),  # what the author says stands
        ("A", "_", "T", ("A", "T"), ""),
        ("A", "_", "t", ("A", "T"), ""),
        ("A", "_", "_", ("A", ""), ALONE),
        ("A", "_", "T/G", ("A", ""), ALONE),
        ("A", "_", "N", ("A", ""), ALONE),
        ("A", "G/T", "_", ("A", ""), ALONE),
        ("A", "G,T", "_", ("A", ""), ALONE),
        ("A", "G/T", "T", ("A", "T"), ""),
        ("A", "G,T", "T", ("A", "T"), ""),
        ("N", "G", "_", ("N", "G"), ODD),
        ("A", "N", "_", ("A", "N"), ODD),
        ("I", "D", "_", ("I", "D"), ODD),
        ("d", "i", "_", ("D", "I"), ODD),
        ("-", "A", "_", ("-", "A"), ODD),
        ("A", "-", "_", ("A", "-"), ODD),
        ("-", "_", "_", ("-", ""), ALONE),
        ("A", "A", "_", None, ""),
        ("A", "a", "_", None, ""),
        ("A", "_", "A", None, ""),
        ("A", "R", "_", None, ""),
        ("A", "ID", "_", None, ""),
        ("A", "G*", "_", None, ""),
    ],
)
def test_letters(
    reader: str, effect: str, other: str, inferred: str, found: tuple[str, str] | None, note: str
) -> None:
    columns = f"{SNP} hm_inferOtherAllele"
    rows = ["rs1 1 100 A C 0.1 _", f"rs2 1 200 {effect} {other} 0.2 {inferred}"]
    text = text_of(columns, rows)
    if found is None:
        refused(reader, text, r"are not two sequences \(f.txt, line 5\)")
        return
    rows_read, notes = read(reader, text)
    assert [one["letters"] for one in rows_read] == [("A", "C"), found]
    assert [note in told for told in notes] == ([True] if note else [])
    assert all(told.startswith("1 row(s) ") for told in notes)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("own", "harmonised", "name"),
    [("rs1", "_", "rs1"), ("rs1", "rs2", "rs2"), ("_", "rs2", "rs2"), (".", "rs2", "rs2"),
     ("rs1", ".", "rs1"), ("rs1", "NA", "rs1")],
)  # fmt: skip
def test_names(reader: str, own: str, harmonised: str, name: str) -> None:
    [one], _ = read(reader, text_of(f"{SNP} hm_rsID", [f"{own} 1 100 A G 0.1 {harmonised}"]))
    assert one["name"] == name


SET, UNSET, NO_FLAG = (
    ["True", "true", "TRUE", "1"],
    ["_", "False", "FALSE", "0", "NA"],
    ["yes", "2"],
)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("word", SET + UNSET + NO_FLAG)
def test_flags(reader: str, word: str) -> None:
    for column in ("is_dominant", "is_recessive"):
        text = text_of(f"{SNP} {column}", ["rs1 1 100 A G 0.1 _", f"rs2 1 200 A G 0.1 {word}"])
        if word in NO_FLAG:
            refused(reader, text, rf"{column} is '{word}'.*line 5")
            continue
        found, _ = read(reader, text)
        coded = column.removeprefix("is_") if word in SET else "additive"
        assert [one["coding"] for one in found] == ["additive", coded]


# Frequencies, ratios, words ------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("column", "name"),
    [("allelefrequency_effect", "file"), ("allelefrequency_effect_EUR", "EUR"),
     ("allelefrequency_effect_European", "EUR"), ("allelefrequency_effect_east_asian", "EAS"),
     ("allelefrequency_effect_South_Asian", "SAS"), ("allelefrequency_effect_african", "AFR"),
     ("allelefrequency_effect_hispanic_or_latin_american", "AMR"),
     ("allelefrequency_effect_Finnish", "Finnish")],
)  # fmt: skip
def test_frequencies(reader: str, column: str, name: str) -> None:
    columns = f"{SNP} {column} allelefrequency_effect_sas2"
    cells = ["0.25 0.5", "_ _", "0 1"]
    rows = [f"rs{i} 1 {i + 1} A G 0.1 {cell}" for i, cell in enumerate(cells)]
    found, _ = read(reader, text_of(columns, rows))
    assert [one["frequency"] for one in found] == [
        {name: 0.25, "sas2": 0.5}, {}, {name: 0.0, "sas2": 1.0},
    ]  # fmt: skip
    for share in ("1.001", "-0.1"):
        rows[1] = f"rs1 1 2 A G 0.1 {share} _"
        refused(reader, text_of(columns, rows), f"{column} is {share}, not a share.*line 5")


@pytest.mark.parametrize("reader", READERS)
def test_ratios_beside_weights(reader: str) -> None:
    """exp(0.5) is 1.6487, exp(-0.3) is 0.7408; OR goes before HR."""
    cells = ["0.5 1.65 _", "0.5 _ 1.65", "0.5 1.65 9", "-0.3 0.74 _", "0.2 _ _"]
    odd = ["0.5 1.5 _", "0.5 _ 1.5", "0.5 1.5 1.65", "0.5 0 _"]
    rows = [f"rs{i} 1 {i + 1} A G {cell}" for i, cell in enumerate(cells + odd)]
    found, notes = read(reader, text_of(f"{SNP} OR HR", rows))
    assert [one["weight"] for one in found] == [0.5, 0.5, 0.5, -0.3, 0.2, 0.5, 0.5, 0.5, 0.5]
    assert notes == ("4 row(s) have a ratio that is not the weight's: the weight is used",)
    _, notes = read(reader, text_of(f"{SNP} OR HR", rows[:5]))
    assert notes == ()
    # Said to be ratios: nothing is compared.
    found, notes = read(reader, text_of(f"{SNP} OR", ["rs1 1 1 A G 1.5 1.2"]), WeightType.OR)
    assert [one["weight"] for one in found] == [pytest.approx(math.log(1.5))]
    assert notes == ("weight_type was said to be OR",)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("cells", "weight"),
    [("_ 1.5 _", math.log(1.5)), ("_ _ 1.5", math.log(1.5)), ("_ 1.5 3", math.log(1.5)),
     ("_ 0 2", None), ("_ -1 _", None), ("_ 1 _", 0.0), ("0 _ _", 0.0)],
)  # fmt: skip
def test_ratios_in_place_of_weights(reader: str, cells: str, weight: float | None) -> None:
    text = text_of(f"{SNP} OR HR", ["rs1 1 100 A G -0.1 _ _", f"rs2 1 200 A G {cells}"])
    if weight is None:
        refused(reader, text, "has no logarithm.*line 5")
    else:
        found, _ = read(reader, text)
        assert [one["weight"] for one in found] == [-0.1, pytest.approx(weight, abs=1e-15)]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("words", "logs"), [(["OR", "OR"], True), (["beta", "beta"], False), (["OR", "beta"], None)]
)
def test_the_type_of_weights_in_a_column(reader: str, words: list[str], logs: bool | None) -> None:
    """As format 1.0 has it; a file of both says nothing of the whole."""
    rows = [f"rs{i} 1 {i + 1} A G 1.5 {word}" for i, word in enumerate(words)]
    text = text_of(f"{SNP} weight_type", rows, weight_type="")
    if logs is None:
        refused(reader, text, "no weight_type says")
    else:
        found, _ = read(reader, text)
        expected = math.log(1.5) if logs else 1.5
        assert [one["weight"] for one in found] == pytest.approx([expected] * 2)


@pytest.mark.parametrize("reader", READERS)
def test_criteria_in_words_are_told(reader: str) -> None:
    rows = ["rs1 1 1 A G 0.1 men_only", "rs2 1 2 A G 0.1 _", "rs3 1 3 A G 0.1 age>40"]
    _, notes = read(reader, text_of(f"{SNP} inclusion_criteria", rows))
    assert notes == ("2 row(s) have inclusion_criteria in words, which are not applied",)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("flags", "by_dosage", "good"),
    [
        ("_ _", "0 0.5 1", True), ("_ _", "_ 0.5 _", True), ("_ _", "0.1 0.5 1", False),
        ("_ _", "0 0.6 1", False), ("_ _", "0 0.5 0.5", False),
        ("True _", "0 0.5 0.5", True), ("True _", "0 0 0.5", False), ("True _", "0 0.5 1", False),
        ("_ True", "0 0 0.5", True), ("_ True", "0 0.5 0.5", False), ("_ True", "0 0 1", False),
    ],
)  # fmt: skip
def test_one_effect_said_twice(reader: str, flags: str, by_dosage: str, good: bool) -> None:
    dosages = "dosage_0_weight dosage_1_weight dosage_2_weight"
    rows = [f"rs1 1 1 A G 0.5 {flags} {by_dosage}"]
    text = text_of(f"{SNP} is_dominant is_recessive {dosages}", rows)
    if good:
        [one], _ = read(reader, text)
        assert one["weight"] == 0.5
    else:
        refused(reader, text, "not the same effect.*line 4")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("effect_weight", ["1e100", "-1e100", "0", "-0.5"], ["1.1e100", "-1.1e100", "inf", "x"]),
        ("OR", ["_", "1e100", "0.5"], ["1.1e100", "inf", "x"]),
        ("chr_position", ["1", "2147483647", "_"], ["0", "2147483648", "-1", "1.5", "x"]),
        ("hm_pos", ["_", "1", "62"], ["0", "2147483648", "-1", "61.5", "x"]),
        ("allelefrequency_effect", ["0", "1", "_", "0.5"], ["-0.001", "1.001", "x", "inf"]),
    ],
)
def test_numbers_at_their_limits(reader: str, column: str, good: list[str], bad: list[str]) -> None:
    """What is just allowed does not hide what is not in a row below."""
    plain = dict(zip(SNP.split(), ["rs", "1", "7", "A", "A", "-0.5"], strict=True))
    plain |= {"hm_chr": "1"} | ({} if column in plain else {column: "_"})

    def text(cells: list[str]) -> str:
        rows = [
            plain | {"rsID": f"rs{i}", "effect_allele": letters, column: cell}
            for i, (cell, letters) in enumerate(zip(cells, codes(len(cells)), strict=True))
        ]
        return text_of(" ".join(plain), [" ".join(row.values()) for row in rows],
                       HmPOS_build="GRCh38")  # fmt: skip

    assert len(read(reader, text(good))[0]) == len(good)
    for cell in bad:
        refused(reader, text([*good, cell]), rf"{column} is .*line {len(good) + 5}\b")


@pytest.mark.parametrize("reader", READERS)
def test_the_first_base_is_a_place(reader: str) -> None:
    columns = "rsID chr_name position_grch37 hm_chr hm_pos effect_allele other_allele effect_weight"
    rows = ["rs1 1 1 1 1 A G 0.1", "rs2 1 _ 1 1 C G 0.1", "rs3 1 1 _ _ T G 0.1"]
    found, notes = read(reader, text_of(columns, rows, HmPOS_build="GRCh38"))
    assert [one["places"] for one in found] == [(1, 1), (0, 1), (1, 0)]
    assert notes == ()
    if reader == "columns":
        twice = text_of(columns, [rows[0], rows[0].replace("rs1", "rs9")], HmPOS_build="GRCh38")
        refused(reader, twice, "occurs twice")
        other = text_of(columns, ["rs1 1 1 _ _ A G 0.1", "rs2 1 1 _ _ G A 0.1"])
        assert any("count the other allele" in note for note in read(reader, other)[1])


# Which rows are plain, and which occur twice -------------------------------------------------

KINDS = f"{SNP} is_interaction is_haplotype is_diplotype variant_type fallback_for dosage_1_weight"


@pytest.mark.parametrize(
    ("row", "plain"),
    [
        ("rs1 1 1 A G 0.1 _ _ _ _ _ _", True), ("rs1 1 1 acgtn G 0.1 _ _ _ _ _ _", True),
        ("rs1 1 1 I D 0.1 0 False _ _ _ _", True), ("rs1 1 1 A G 0.1 _ _ _ _ _ 0.1", True),
        ("rs1 1 1 A G _ _ _ _ _ _ 0.1", False), ("rs1 1 1 A G 0.1 True _ _ _ _ _", False),
        ("rs1 1 1 A G 0.1 _ 1 _ _ _ _", False), ("rs1 1 1 A G 0.1 _ _ true _ _ _", False),
        ("rs1 1 1 A G 0.1 _ _ _ HLA_allele _ _", False), ("rs1 1 1 A G 0.1 _ _ _ _ HLA-A _", False),
        ("rs1 1 1 ID G 0.1 _ _ _ _ _ _", False), ("rs1 1 1 A_x_C G_x_T 0.1 _ _ _ _ _ _", False),
        ("rs1 1 1 R G 0.1 _ _ _ _ _ _", False), ("HLA_A_0201 6 1 A T 0.1 _ _ _ _ _ _", False),
        ("aa_B_9_1_D 6 1 A T 0.1 _ _ _ _ _ _", False), ("A*02:01 6 1 A T 0.1 _ _ _ _ _ _", False),
        ("rsHLA 6 1 A T 0.1 _ _ _ _ _ _", True), ("xAA_ 6 1 A T 0.1 _ _ _ _ _ _", True),
    ],
)  # fmt: skip
def test_which_rows_are_plain(row: str, plain: bool) -> None:
    """One variant by its letters, with one weight."""
    rows = ["rs8 1 8 A G 0.1 _ _ _ _ _ _", row, "rs9 1 9 A G 0.1 _ _ _ _ _ _"]
    found, table, _ = parse_plain(text_of(KINDS, rows), "f.txt", None)
    assert found.line.tolist() == ([4, 5, 6] if plain else [4, 6])
    assert [(r.line, r["rsID"]) for r in table.rows] == (
        [] if plain else [(5, row.partition(" ")[0])]
    )
    assert table.count == 3


def test_names_of_alleles_and_residues_in_one_file() -> None:
    names = ["rs1", "HLA_A*02:01", "AA_B_9_31324201_D", "B*27:05", "rs2"]
    rows = [f"{name} 6 {i} A T 0.1" for i, name in enumerate(names, 1)]
    found, table, _ = parse_plain(text_of(SNP, rows), "f.txt", None)
    assert found.name.tolist() == ["rs1", "rs2"]
    assert [row["rsID"] for row in table.rows] == names[1:4]


FIRST = ("2", "100", "90", "A", "G", "_")
TWICE = "chr_name position_grch38 position_grch37 effect_allele other_allele is_dominant"


@pytest.mark.parametrize("apart", [0, 1, 7])
@pytest.mark.parametrize(
    ("other", "same"),
    [
        (FIRST, True), (("chr2", "100", "90", "a", "g", "False"), True),
        (("3", "100", "90", "A", "G", "_"), False), (("2", "101", "89", "A", "G", "_"), False),
        (("2", "100", "91", "A", "G", "_"), False), (("2", "101", "90", "A", "G", "_"), False),
        (("2", "100", "90", "C", "G", "_"), False), (("2", "100", "90", "A", "C", "_"), False),
        (("2", "100", "90", "A", "_", "_"), False), (("2", "100", "90", "A", "G", "True"), False),
    ],
)  # fmt: skip
def test_rows_that_stand_twice(other: Sequence[str], same: bool, apart: int) -> None:
    """Alike in place, letters and coding; the later one is named. Names do not count."""
    between = [("1", str(50 + i), "_", "A", "G", "_") for i in range(apart)]
    every = enumerate([FIRST, *between, other])
    rows = [f"rs{i} {' '.join(cells)} 0.1" for i, cells in every]
    text = text_of(f"rsID {TWICE} effect_weight", rows)
    if same:
        refused("columns", text, rf"the allele A at its place occurs twice.*line {5 + apart}")
    else:
        assert len(read("columns", text)[0]) == len(rows)


def test_rows_without_a_place_do_not_stand_twice() -> None:
    rows = ["rs1 _ _ A G 0.1", "rs2 _ _ A G 0.1", "rs3 1 5 A G 0.1"]
    found, notes = read("columns", text_of(SNP, rows))
    assert len(found) == 3
    assert any(note.startswith("2 row(s) have no position") for note in notes)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (["2 100 90 A G", "2 100 90 G A"], 1),
        (["2 100 90 A G", "2 100 _ G A"], 0),  # the sums differ: not known to be one place
        (["2 100 _ A G", "2 100 _ G A"], 1),
        (["2 _ 90 A G", "2 _ 90 G A"], 1),
        (["2 100 90 A G", "2 90 100 G A"], 0),
        (["2 100 90 A G", "3 100 90 G A"], 0),
        (["2 100 90 A G", "2 100 90 G C"], 0),
        (["2 100 90 A G", "2 100 90 C A"], 0),
        (["_ _ _ A G", "_ _ _ G A"], 0),
        (["2 100 90 A G", "2 101 91 A G", "2 100 90 G A", "2 101 91 G A"], 2),
    ],
)
def test_an_allele_counted_both_ways(rows: list[str], count: int) -> None:
    columns = "rsID chr_name position_grch38 position_grch37 effect_allele other_allele"
    named = [f"rs{i} {row} 0.1" for i, row in enumerate(rows)]
    _, notes = read("columns", text_of(f"{columns} effect_weight", named))
    told = [note for note in notes if "count the other allele" in note]
    assert told == ([told[0]] if count else [])
    assert all(note.startswith(f"{count} row(s) ") for note in told)
