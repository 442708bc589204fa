"""A cohort of which half is typed: tags stand in for the single person who is not.

Each half is compared with a run in which all people are as that half is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.scored import ModelScores

Make = Callable[..., Path]
PANEL = reference_panel()
SAMPLES = [f"s{i}" for i in range(40)]
TYPED = SAMPLES[::2]
TAGS = {"DRB1*15:01": "rs3135388", "DQA1*01:01": "rs13193645"}
DRB1, DQA1 = ("15:01", "03:01", "13:03", "01:01"), ("01:02", "05:01", "05:05", "01:01")


@pytest.fixture
def vcf(make_vcf: Make) -> Path:
    """Two tags and a SNP of the model in all people; s3 has no call of the first tag."""
    rng = np.random.default_rng(5)
    rows = []
    variants = [t.variant for t in PANEL.tags if t.variant.name in TAGS.values()]
    model = rs.load_model("ms")
    for v in [*dict.fromkeys(variants), next(v for v in model.variants if v.chromosome == "6")]:
        cells = ["/".join(map(str, rng.integers(0, 2, 2))) for _ in SAMPLES]
        if v.name == TAGS["DRB1*15:01"]:
            cells[3] = "./."
        rows.append(
            (v.chromosome, v.position_grch38, v.name, v.other_allele, v.effect_allele, "GT", cells)
        )
    return make_vcf(SAMPLES, sorted(rows, key=lambda row: row[1]))


def table(path: Path, samples: list[str]) -> Path:
    rng = np.random.default_rng(6)
    lines = ["sample\tDRB1_1\tDRB1_2\tDQA1_1\tDQA1_2"]
    for sample in SAMPLES:
        i, j = rng.integers(0, 4, 2)
        if sample in samples:
            cells = [*(f"DRB1*{DRB1[k]}" for k in (i, j)), *(f"DQA1*{DQA1[k]}" for k in (i, j))]
            lines.append("\t".join([sample, *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


def of(scores: Scores, model: str = "ms") -> ModelScores:
    return scores.of(model)


def run(vcf: Path, hla: Path | tuple[()] = (), *, weak: bool = False) -> Scores:
    return rs.score(rs.read_cohort(vcf, [rs.load_model("ms")], hla=hla, weak_tags=weak))


def same(one: ModelScores, other: ModelScores, people: list[int]) -> None:
    for name, values in one.numbers.items():
        np.testing.assert_array_equal(values[people], other.numbers[name][people], err_msg=name)
    for source, variance in one.variance.items():
        np.testing.assert_array_equal(variance[people], other.variance[source][people])


def tags_in(flags: str) -> list[str]:
    return [flag for flag in flags.split(";") if flag.startswith("tag=")]


def first_line(scores: Scores, sample: str, column: str) -> str:
    """What the ledger says of the first term of DRB1*15:01."""
    rows = scores.explain(sample)
    return str(rows.loc[rows["term"] == "HLA-DRB1*15:01", column].iloc[0])


def test_each_half_is_scored_as_the_whole_cohort_would_be(vcf: Path, tmp_path: Path) -> None:
    mixed = of(run(vcf, table(tmp_path / "half.tsv", TYPED)))
    typed = of(run(vcf, table(tmp_path / "all.tsv", SAMPLES)))
    tagged = of(run(vcf))
    own = [i for i, sample in enumerate(SAMPLES) if sample in TYPED]
    others = [i for i in range(len(SAMPLES)) if i not in own]
    same(mixed, typed, own)
    assert [mixed.flags[i] for i in own] == [typed.flags[i] for i in own]
    assert not any(tags_in(mixed.flags[i]) for i in own)
    same(mixed, tagged, others)
    for i in others:
        expected = tags_in(tagged.flags[i])
        if SAMPLES[i] == "s3":  # her tag has no call: nothing stands in
            expected = [flag for flag in expected if "DRB1*15:01" not in flag]
        assert tags_in(mixed.flags[i]) == expected
        assert len(expected) == (1 if SAMPLES[i] == "s3" else 2)


def test_the_ledger_says_what_spoke(vcf: Path, tmp_path: Path) -> None:
    mixed = run(vcf, table(tmp_path / "half.tsv", TYPED))
    found = {sample: first_line(mixed, sample, "found") for sample in SAMPLES[:4]}
    assert "(P 1)" in found["s0"]
    assert found["s1"] == "tag rs3135388"
    assert found["s3"] == "HLA-DRB1 not called"


def test_a_weak_tag_stands_in_for_nobody(
    vcf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = tuple(replace(t, r2={**t.r2, "EUR": 0.5}) for t in PANEL.tags)
    weak = ReferencePanel(
        PANEL.alleles, PANEL.drdq, PANEL.residues, tags, PANEL.groups, PANEL.haplotypes
    )
    monkeypatch.setattr("riskscore.samples.read.reference_panel", lambda: weak)
    half = table(tmp_path / "half.tsv", TYPED)
    refused = run(vcf, half)
    assert first_line(refused, "s0", "missing") == ""
    assert first_line(refused, "s1", "missing") == "tag_not_valid"
    assert "tag_not_valid" in refused.of("ms").flags[1]
    insisted = of(run(vcf, half, weak=True))
    assert any("weak, r2 0.50" in flag for flag in tags_in(insisted.flags[1]))
    assert tags_in(insisted.flags[0]) == []


def test_shards_of_a_mixed_cohort_are_the_whole(vcf: Path, tmp_path: Path) -> None:
    half = table(tmp_path / "half.tsv", SAMPLES[:20])
    model = rs.load_model("ms")
    whole = of(run(vcf, half))
    for index in (1, 2):
        part = PeoplePart(index, 2)
        found = of(rs.score(vcf, [model], hla=half, part=part))
        rows = part.rows(len(SAMPLES))
        assert list(found.flags) == list(whole.flags[rows.start : rows.stop])
        for name, values in found.numbers.items():
            np.testing.assert_array_equal(values, whole.numbers[name][rows.start : rows.stop])


def test_a_stand_in_is_not_added_to_a_tag(make_vcf: Make) -> None:
    """rs1270942 "must not be added" (model.yaml of sle) to DR3, nor to what the tag says of it."""
    model = rs.load_model("sle")
    tag = next(t.variant for t in PANEL.tags if t.variant.name == "rs2187668")
    stand_in = next(v for v in model.variants if v.name == "rs1270942")
    rows = [
        (v.chromosome, v.position_grch38, v.name, v.other_allele, v.effect_allele, "GT", cells)
        for v, cells in ((stand_in, ["0/1", "0/1"]), (tag, ["0/1", "./."]))
    ]
    path = make_vcf(["tagged", "not"], sorted(rows, key=lambda row: row[1]))
    scores = rs.score(rs.read_cohort(path, [model], build="GRCh38"))
    missing = [
        scores.explain(sample).set_index("term").loc["rs1270942", "missing"]
        for sample in ("tagged", "not")
    ]
    assert missing == ["not_applicable", ""]
    first, second = scores.of("sle").flags
    assert "stand_in" not in first
    assert "stand_in=rs1270942" in second
