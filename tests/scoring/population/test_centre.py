"""What a score is centred on when its model brings no frequencies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs

HEADER = ["##reference=GRCh38", *(f"##contig=<ID={c}>" for c in ("1", "2", "3", "4"))]
COLUMNS = "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight"
ROWS = (("rs1", "1", 100, "A", "G", 0.5), ("rs2", "2", 200, "C", "T", -0.3),
        ("rs3", "3", 300, "G", "T", 0.2))  # fmt: skip
WEIGHTS = np.array([row[5] for row in ROWS])


def scoring_file(path: Path, frequency: tuple[str, ...] = ()) -> Path:
    lines = ["#pgs_id=PGS999002", "#genome_build=GRCh38", "#weight_type=beta"]
    lines.append(COLUMNS + ("\tallelefrequency_effect" if frequency else ""))
    for i, row in enumerate(ROWS):
        own = f"\t{frequency[i]}" if frequency else ""
        lines.append("\t".join(map(str, row)) + own)
    path.write_text("\n".join(lines) + "\n")
    return path


def people(
    make_vcf: Callable[..., Path], count: int, absent: int = 0
) -> tuple[Path, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """A VCF of some people, and their copies of the effect alleles; nan where there is no call."""
    generator = np.random.default_rng(11)
    copies = generator.integers(0, 3, (len(ROWS), count)).astype(float)
    copies[0, 1] = np.nan
    records = []
    for i, (name, chrom, place, effect, other, _) in enumerate(ROWS):
        if i < len(ROWS) - absent:
            cells = ["./." if np.isnan(n) else ("0/0", "0/1", "1/1")[int(n)] for n in copies[i]]
            records.append((chrom, place, name, other, effect, "GT", cells))
    records.append(("3", 999, "other", "A", "C", "GT", ["0/0"] * count))
    return make_vcf([f"S{i}" for i in range(count)], records, header=HEADER), copies


def scores(vcf: Path, path: Path) -> rs.Scores:
    return rs.score(vcf, [path])


def test_enough_people_are_their_own_reference(
    make_vcf: Callable[..., Path], tmp_path: Path
) -> None:
    vcf, copies = people(make_vcf, 60)
    table = scores(vcf, scoring_file(tmp_path / "a.txt")).of("PGS999002")
    mean = np.nanmean(copies, axis=1, keepdims=True)
    expected = WEIGHTS @ (np.where(np.isnan(copies), mean, copies) - mean)
    np.testing.assert_allclose(table.numbers["log_odds"], expected, atol=1e-6)
    np.testing.assert_allclose(table.numbers["odds_ratio"], np.exp(expected), rtol=1e-6)
    assert np.isnan(table.numbers["probability"]).all()
    assert not np.isnan(table.numbers["percentile"]).any()
    assert {flag.split(";")[-1] for flag in table.flags} == {"centred_on=cohort"}


def test_frequencies_of_the_file_come_first(make_vcf: Callable[..., Path], tmp_path: Path) -> None:
    vcf, copies = people(make_vcf, 60)
    path = scoring_file(tmp_path / "a.txt", ("0.1", "0.2", "0.7"))
    table = scores(vcf, path).of("PGS999002")
    mean = 2 * np.array([[0.1], [0.2], [0.7]])
    expected = WEIGHTS @ (np.where(np.isnan(copies), mean, copies) - mean)
    np.testing.assert_allclose(table.numbers["log_odds"], expected, atol=1e-6)
    assert {flag.split(";")[-1] for flag in table.flags} == {"centred_on=file"}


@pytest.mark.parametrize("frequency", [(), ("0.1", "", "0.7")])
def test_few_people_without_frequencies_are_not_centred(
    make_vcf: Callable[..., Path], tmp_path: Path, frequency: tuple[str, ...]
) -> None:
    vcf, copies = people(make_vcf, 4)
    result = scores(vcf, scoring_file(tmp_path / "a.txt", frequency))
    table = result.of("PGS999002")
    # A missing genotype takes the mean of the file or of the people, as plink2 does.
    mean = np.nanmean(copies, axis=1, keepdims=True)
    if frequency:
        mean[0] = 2 * 0.1
    expected = WEIGHTS @ np.where(np.isnan(copies), mean, copies)
    np.testing.assert_allclose(table.numbers["log_odds"], expected, atol=1e-6)
    np.testing.assert_allclose(table.numbers["published_score"], expected, atol=1e-6)
    for name in ("odds_ratio", "percentile", "probability"):
        assert np.isnan(table.numbers[name]).all()
    assert {flag.split(";")[-1] for flag in table.flags} == {"not_centred"}
    ledger = result.explain("S0")
    assert ledger["contribution"].sum() == pytest.approx(expected[0], abs=1e-6)


def test_what_nobody_knows_is_left_out_and_counted(
    make_vcf: Callable[..., Path], tmp_path: Path
) -> None:
    vcf, copies = people(make_vcf, 4, absent=1)
    table = scores(vcf, scoring_file(tmp_path / "a.txt")).of("PGS999002")
    seen = np.where(np.isnan(copies), np.nanmean(copies, axis=1, keepdims=True), copies)[:2]
    np.testing.assert_allclose(table.numbers["log_odds"], WEIGHTS[:2] @ seen, atol=1e-6)
    np.testing.assert_allclose(table.numbers["published_score"], WEIGHTS[:2] @ seen, atol=1e-6)
    assert all("absent=rs3" in flag for flag in table.flags)
    assert (table.numbers["coverage"] < 1).all()


def test_a_model_with_frequencies_is_centred_on_its_population() -> None:
    model = rs.load_model("hashimoto")
    person = rs.person([model], variants={v.name: 1.0 for v in model.variants})
    table = rs.score(person).of("hashimoto")
    assert table.reference.basis == "population"
    assert "centred" not in table.flags[0]


def test_both_alleles_of_a_snp_have_their_own_mean(
    make_vcf: Callable[..., Path], tmp_path: Path
) -> None:
    """APOE e3 counts the T of rs429358, e4 its C: centred on 2(1 - f) and 2f copies."""
    generator = np.random.default_rng(2)
    e4, e2 = generator.binomial(2, 0.15, 80), generator.binomial(2, 0.08, 80)
    cells = np.array(["0/0", "0/1", "1/1"])
    vcf = make_vcf(
        [f"S{i}" for i in range(80)],
        [
            ("19", 44908684, "rs429358", "T", "C", "GT", list(cells[e4])),
            ("19", 44908822, "rs7412", "C", "T", "GT", list(cells[e2])),
        ],
        header=["##reference=GRCh38", "##contig=<ID=19>"],
    )
    path = tmp_path / "apoe.txt"
    path.write_text(
        "#pgs_id=PGS999009\n#genome_build=GRCh38\n#weight_type=beta\n"
        "rsID\tchr_name\teffect_allele\teffect_weight\tlocus_name\n"
        ".\t19\te4\t1.2\tAPOE\n.\t19\te3\t0.3\tAPOE\n"
    )
    found = rs.score(vcf, [path]).of("PGS999009").numbers["log_odds"]
    raw = 1.2 * e4 + 0.3 * (2 - e4 - e2)
    np.testing.assert_allclose(found, raw - raw.mean(), atol=1e-6)
