"""A scoring file of more than 2,000 rows is summed as it passes; what is told of it is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.scoring_files.pgs import read_scoring_file
from riskscore.models.scoring_files.plain_reader import LARGE
from riskscore.scoring.account.coverage import match_report

Make = Callable[..., Path]
SIZES = (60, LARGE + 60)
HEADER = "#pgs_id=PGS999001\n#genome_build=GRCh38\n#weight_type=beta\n"
COLUMNS = ("rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "effect_weight")


def _scoring(path: Path, rows: Sequence[Sequence[object]], size: int) -> rs.RiskModel:
    """A score of these rows, and of as many more of a chromosome that the VCF has not."""
    more = [[f"x{i}", 7, i + 1, "A", "C", 0.01] for i in range(size - len(rows))]
    text = "\n".join("\t".join(map(str, row)) for row in [COLUMNS, *rows, *more])
    path.write_text(f"{HEADER}{text}\n")
    return read_scoring_file(path)


@pytest.mark.parametrize("size", SIZES)
def test_people_without_genotypes(make_vcf: Make, tmp_path: Path, size: int) -> None:
    """P0 has none and is not scored, P1 every second one, and the rest are told nothing of."""
    rows = [[f"r{i}", 6, 100 + i, "A", "G", 0.1] for i in range(40)]
    cells = [
        ["./.", "./." if i % 2 else "0/1", "0/0", *["0/1"] * 20] for i in range(len(rows))
    ]  # fmt: skip
    vcf = make_vcf(
        [f"P{i}" for i in range(23)],
        [("6", 100 + i, ".", "G", "A", "GT", row) for i, row in enumerate(cells)],
    )
    scores = rs.score(vcf, _scoring(tmp_path / "s.txt", rows, size))
    [table] = scores.tables
    for name in ("genetic_score", "log_odds", "coverage", "published_score"):
        assert np.isnan(table.numbers[name][0])
        assert not np.isnan(table.numbers[name][1:]).any() or name == "published_score"
    assert table.unscored == 1
    component = "genome_wide" if size > LARGE else "Non_HLA"
    assert table.flags[0].startswith(f"not_scored;no_call={component}(40)")
    assert f"no_call={component}(20)" in table.flags[1]
    assert "no_call" not in table.flags[2]
    report = {row.name: row for row in match_report(scores)}
    assert report["r0"].observed == pytest.approx(22 / 23)
    assert report["r1"].observed == pytest.approx(21 / 23)
    assert 0 < report["r1"].lost_share < report["r1"].variance_share


@pytest.mark.parametrize("size", SIZES)
def test_a_dosage_against_gt_is_told(make_vcf: Make, tmp_path: Path, size: int) -> None:
    rows = [[f"r{i}", 6, 100 + i, "A", "G", 0.1] for i in range(4)]
    cells = ["0/0:2", "0/1:1", "1/1:0.1", "0/0:0"]
    vcf = make_vcf(
        list("ABCD"),
        [("6", 100 + i, ".", "G", "A", "GT:DS", cells) for i in range(3)]
        + [("6", 103, ".", "G", "A", "GT:DS", ["0/0:0"] * 4)],
    )
    warnings = rs.read_cohort(vcf, _scoring(tmp_path / "s.txt", rows, size)).warnings
    assert any("the dosage contradicts GT in 6 cells of 3 loci" in told for told in warnings)


def _palindromes(
    make_vcf: Make, folder: Path, size: int, others: int, odd: str, **choices: str
) -> tuple[float, str]:
    """The sum of one person, and the flag: ``others`` weigh nothing, two palindromes 0.5 and 3.

    Of ``odd`` others one is "flipped" or of "other letters" in the VCF.
    """
    rows: list[list[object]] = [[f"r{i}", 6, 100 + i, "A", "G", 0.0] for i in range(others)]
    rows += [["at", 6, 9000, "A", "T", 0.5], ["cg", 6, 9001, "G", "C", 3.0]]
    letters = [("G", "A")] * others
    letters[0] = {"flipped": ("C", "T"), "other letters": ("G", "C")}.get(odd, letters[0])
    records = [("6", 100 + i, ".", ref, alt, "GT", ["0/1"]) for i, (ref, alt) in enumerate(letters)]
    records += [
        ("6", 9000, ".", "T", "A", "GT", ["0/1"]),
        ("6", 9001, ".", "G", "C", "GT", ["0/1"]),
    ]
    vcf = make_vcf(["p"], records)
    model = _scoring(folder / "s.txt", rows, size)
    scores = rs.score(vcf, model, reading=rs.Reading(**choices))  # type: ignore[arg-type]
    [table] = scores.tables
    return float(table.numbers["published_score"][0]), table.flags[0]


@pytest.mark.parametrize("size", [160, LARGE + 160])
@pytest.mark.parametrize(
    ("others", "odd", "believed"),
    [
        (20, "", True),
        (19, "", False),
        (30, "other letters", False),
        (100, "other letters", False),  # 99 that fit, and not all
        (101, "other letters", True),
        (120, "flipped", False),
        (30, "flipped", False),
    ],
)
def test_palindromes_without_frequencies(
    make_vcf: Make, tmp_path: Path, size: int, others: int, odd: str, believed: bool
) -> None:
    """Believed where other variants of the score prove one strand."""
    total, flag = _palindromes(make_vcf, tmp_path, size, others, odd)
    assert total == pytest.approx(0.5 + 3.0 if believed else 0.0, abs=1e-6)
    assert ("palindromes=as_written(2)" in flag) is believed
    assert ("ambiguous_strand=" in flag) is not believed
    kept, flag = _palindromes(make_vcf, tmp_path, size, others, odd, palindromes="keep")
    assert kept == pytest.approx(3.5, abs=1e-6)
    assert "palindromes=as_written(2)" in flag
    dropped, flag = _palindromes(make_vcf, tmp_path, size, others, odd, palindromes="drop")
    assert dropped == pytest.approx(0, abs=1e-6)
    assert "ambiguous_strand=" in flag


def test_drop_leaves_out_what_a_frequency_could_decide(make_vcf: Make) -> None:
    """rs689 of GRS1 is A/T with a frequency of 0.71 (Oram 2016)."""
    model = rs.load_model("t1d-grs1")
    [place] = {v.position_grch38 for v in model.variants if v.name == "rs689"}
    cells = ["0/1"] * 40 + ["1/1"] * 60
    vcf = make_vcf(
        [f"p{i}" for i in range(100)], [("11", place, "rs689", "A", "T", "GT", cells)],
        header=["##contig=<ID=11,length=135086622>"],
    )  # fmt: skip
    variant = next(v for v in model.variants if v.name == "rs689")
    strand = rs.read_cohort(vcf, model).dosages.match(variant)
    assert not strand.missing
    with pytest.raises(rs.errors.NothingMatchedError):
        rs.read_cohort(vcf, model, reading=rs.Reading(palindromes="drop"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weight", [400.0, -4000.0])
def test_weights_past_what_exp_can_hold(
    make_vcf: Make, tmp_path: Path, size: int, weight: float
) -> None:
    """Odds ratios past the largest number are infinite; numpy has nothing to say of it."""
    vcf = make_vcf(
        ["P0", "P1", "P2"], [("6", 100, ".", "G", "A", "GT", ["0/0", "0/1", "1/1"])]
    )  # fmt: skip
    rows = [["r0", 6, 100, "A", "G", weight]]
    [table] = rs.score(vcf, _scoring(tmp_path / "s.txt", rows, size)).tables
    log_odds = table.numbers["log_odds"]
    assert np.diff(log_odds) == pytest.approx([weight, weight])
    ratio = table.numbers["odds_ratio"]
    assert np.isnan(ratio).all() or np.isinf(ratio[log_odds > 710]).all()


@pytest.mark.parametrize("size", SIZES)
def test_a_variant_counted_by_both_alleles_is_noted(tmp_path: Path, size: int) -> None:
    """A third allele at the place is another variant, and two rows of it are no doubt."""
    letters = (("A", "G", 0.1), ("G", "A", -0.1), ("T", "A", 0.2))
    rows = [["r0", 6, 100, *row] for row in letters]
    model = _scoring(tmp_path / "s.txt", rows, size)
    told = [note for note in model.card.limits if "both are summed" in note]
    assert len(told) == 1
    assert "1 row(s) count the other allele" in told[0]
