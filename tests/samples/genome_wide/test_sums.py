"""A pass over a file for a genome-wide score: against a scalar sum, and the same bits every way."""

import random
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.models.plain import PlainVariants
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.genome_wide.exact_sums import ExactSums
from riskscore.samples.genome_wide.plain_sums import PlainSums
from riskscore.samples.genome_wide.sums import read_plain
from riskscore.samples.loci.strand import MINIMUM_ON_STRAND
from tests.samples.files.blocks.bgzf_files import write_vcf
from tests.samples.files.blocks.test_bcf import write_bcf

PAIRS = [(a, b) for a in "ACGT" for b in "ACGT" if a != b]
TURNED = {"A": "T", "C": "G", "G": "C", "T": "A"}
SAMPLES = 60


def made(rng: random.Random, count: int, fields_: str) -> tuple[list[str], list[dict[str, str]]]:
    """Sorted lines and, for most of them, a row of a score."""
    lines, rows = [], []
    for chrom in ("chr1", "chr6"):
        position = 1000
        for _ in range(count // 2):
            position += rng.choice([1, 7, 90, 4000, 40_000])
            ref, alt = rng.choice(PAIRS)
            form = rng.choice(fields_.split())
            gaps = rng.random() < 0.2
            cells = []
            for _ in range(SAMPLES):
                a, b = rng.randint(0, 1), rng.randint(0, 1)
                gt = "./." if gaps and rng.random() < 0.1 else f"{a}{rng.choice('|/')}{b}"
                ds = "." if gt == "./." else f"{min(2, max(0, a + b + rng.uniform(-0.4, 0.4))):.3f}"
                cells.append(gt if form == "GT" else f"{gt}:{ds}")
            fixed = [chrom, str(position), "rs", ref, alt, ".", "PASS", ".", form]
            lines.append("\t".join([*fixed, *cells]) + "\n")
            kind = rng.random()
            if kind < 0.8:
                effect, other = (ref, alt) if kind < 0.3 else (alt, ref)
                rows.append(
                    {
                        "chromosome": chrom[3:],
                        "position": str(position),
                        "effect": effect,
                        "other": other,
                        "weight": f"{rng.gauss(0, 0.1):.6f}",
                        "coding": rng.choice(["additive"] * 8 + ["dominant", "recessive"]),
                        "line": str(len(lines) - 1),
                    }
                )
    return lines, rows


def plain_of(rows: list[dict[str, str]]) -> PlainVariants:
    def words(name: str) -> np.ndarray:
        return np.array([row[name] for row in rows], dtype=object)

    positions = np.array([int(row["position"]) for row in rows], dtype=np.int32)
    codings = ("additive", "dominant", "recessive")
    return PlainVariants(
        name=words("line"),
        chromosome=words("chromosome"),
        position_grch38=positions,
        position_grch37=np.zeros_like(positions),
        effect_allele=words("effect"),
        other_allele=words("other"),
        weight=np.array([float(row["weight"]) for row in rows]),
        coding=np.array([codings.index(row["coding"]) for row in rows], dtype=np.uint8),
        frequency={},
        line=np.arange(len(rows)),
        source="made",
    )


def naive(lines: list[str], rows: list[dict[str, str]]) -> list[float]:
    """The sum, cell by cell, from the text; a missing cell counts the mean of the others."""
    totals = [0.0] * SAMPLES
    for row in rows:
        columns = lines[int(row["line"])].rstrip("\n").split("\t")
        copies: list[float | None] = []
        for cell in columns[9:]:
            gt, _, ds = cell.partition(":")
            value = None if gt == "./." else float(ds) if ds else float(gt.count("1"))
            if value is not None and row["effect"] == columns[3]:
                value = 2 - value
            copies.append(None if value is None else coded(value, row["coding"]))
        known = [value for value in copies if value is not None]
        mean = sum(known) / len(known)
        for i, value in enumerate(copies):
            totals[i] += float(row["weight"]) * (mean if value is None else value)
    return totals


def coded(copies: float, coding: str) -> float:
    if coding == "dominant":
        return min(copies, 1.0)
    return max(copies - 1.0, 0.0) if coding == "recessive" else copies


def swept(path: Path, plain: PlainVariants, *, quick: bool = True) -> PlainSums:
    with open_source([path], fast=quick) as source:
        return read_plain(source, plain, Build.GRCh38, Reading())


def same_bits(one: PlainSums, other: PlainSums) -> bool:
    return all(
        np.asarray(getattr(one, f.name)).tobytes() == np.asarray(getattr(other, f.name)).tobytes()
        for f in fields(PlainSums)
    )


@pytest.mark.parametrize("seed", range(12))
def test_against_a_scalar_sum_and_every_way_the_same_bits(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    lines, rows = made(rng, 400, rng.choice(["GT", "GT GT:DS", "GT:DS"]))
    plain = plain_of(rows)
    path = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, rng.choice([300, 65_280]))
    found = swept(path, plain)
    assert (found.missing == Missing.NOT_MISSING).all()
    np.testing.assert_allclose(found.total, naive(lines, rows), rtol=0, atol=1e-6)
    assert same_bits(found, swept(path, plain, quick=False))
    order = np.random.default_rng(seed).permutation(len(rows))
    turned = swept(path, plain_of([rows[i] for i in order]))
    assert turned.total.tobytes() == found.total.tobytes()
    bcf = write_bcf(tmp_path, path, rng)
    assert same_bits(found, swept(bcf, plain))
    assert same_bits(found, swept(bcf, plain, quick=False))


def test_records_of_calls_alone_are_met_along_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is looked for by its place, missing calls or not, in a VCF and in a BCF."""
    rng = random.Random(13)
    lines, rows = made(rng, 400, "GT")
    rows = [row for row in rows if row["coding"] == "additive"]
    vcf = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 3000)
    for path in (vcf, write_bcf(tmp_path, vcf, rng)):
        with open_source([path]) as source:
            monkeypatch.setattr(source, "fetch", None)
            found = read_plain(source, plain_of(rows), Build.GRCh38, Reading())
        assert found.observed.all()
        assert found.no_calls.any()
        np.testing.assert_allclose(found.total, naive(lines, rows), rtol=0, atol=1e-6)


def test_parts_of_a_score_add_up_to_the_bit() -> None:
    """One unit of rounding serves all parts, whichever rows they hold."""
    rows = weights = np.random.default_rng(5).normal(0, 0.1, 300)
    exact = ExactSums(weights, SAMPLES)
    whole = exact.weights
    assert np.abs(np.ldexp(whole.astype(float), -exact.bits) - weights).max() < 1e-12
    copies = np.random.default_rng(1).integers(0, 3, (len(rows), SAMPLES)).astype(np.float32)
    halves = [ExactSums(weights, SAMPLES) for _ in range(2)]
    for i in range(len(rows)):
        exact.add(0, i, copies[i])
        halves[i % 2].add(0, i, copies[i])
    assert (halves[0].sums + halves[1].sums == exact.sums).all()


def test_letters_on_the_other_strand_and_palindromes(tmp_path: Path) -> None:
    rng = random.Random(8)
    lines, rows = made(rng, 400, "GT")
    path = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 65_280)
    palindromic = np.array([TURNED[row["effect"]] == row["other"] for row in rows])
    assert (~palindromic).sum() > MINIMUM_ON_STRAND
    assert swept(path, plain_of(rows)).observed.all()
    turned = [
        {**row, "effect": TURNED[row["effect"]], "other": TURNED[row["other"]]} for row in rows
    ]
    found = swept(path, plain_of(turned))
    assert (found.missing[palindromic] == Missing.AMBIGUOUS_STRAND).all()
    assert found.observed[~palindromic].all()
    straight = [row for row, told in zip(rows, ~palindromic, strict=True) if told]
    np.testing.assert_allclose(found.total, naive(lines, straight), rtol=0, atol=1e-6)
    few = swept(path, plain_of(rows[:20]))  # too few to prove the strand
    assert (few.missing[palindromic[:20]] == Missing.AMBIGUOUS_STRAND).all()


def test_what_is_not_there_is_missing_and_not_zero(tmp_path: Path) -> None:
    rng = random.Random(9)
    lines, rows = made(rng, 300, "GT")
    path = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 65_280)
    absent = {**rows[0], "position": "999"}
    elsewhere = {**rows[0], "chromosome": "2"}
    record = lines[int(rows[0]["line"])].split("\t")
    others = [letter for letter in "ACGT" if letter not in (record[3], record[4])]
    other_letters = {**rows[0], "effect": others[0], "other": record[3]}
    if TURNED[others[0]] == record[3] or TURNED[others[0]] == record[4]:
        other_letters["effect"] = others[1]
    whole: Mapping[str, str] = rows[0]
    found = swept(path, plain_of([*rows, absent, elsewhere, dict(whole) | other_letters]))
    assert found.missing[len(rows)] == Missing.ABSENT
    assert found.missing[len(rows) + 1] == Missing.OUTSIDE_INDEX
    assert found.missing[len(rows) + 2] == Missing.ALLELES_DIFFER
    np.testing.assert_allclose(found.total, naive(lines, rows), rtol=0, atol=1e-6)


def test_stretches_without_a_variant_of_the_score_are_not_inflated(tmp_path: Path) -> None:
    rng = random.Random(4)
    lines, rows = made(rng, 2000, "GT:DS")
    path = write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 2000)
    with open_source([path]) as source:
        read_plain(source, plain_of([rows[0], rows[-1]]), Build.GRCh38, Reading())
        assert source._blocks._blocks.inflated < 200


def test_lines_longer_than_what_is_inflated_at_once(tmp_path: Path) -> None:
    """Half a million people: a piece then holds no whole line, and tells nothing of distances."""
    rng = random.Random(11)
    lines, rows = made(rng, 12, "GT GT:DS")
    plain = plain_of(rows)
    quick = swept(write_vcf(tmp_path / "a.vcf.gz", SAMPLES, lines, rng, 8), plain)
    whole = swept(write_vcf(tmp_path / "b.vcf.gz", SAMPLES, lines, rng, 65_280), plain, quick=False)
    assert same_bits(quick, whole)
    assert quick.observed.any()
