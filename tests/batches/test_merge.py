"""Shards of a cohort merge to the bytes of the unsharded run, and nothing else merges."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.errors import ShardError, UsageError
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.account.coverage import coverage_table, tally_scores
from riskscore.scoring.scores.columns import NUMBERS
from riskscore.scoring.scores.tally import Tally, exact_sum
from riskscore.writing.folders.bundle import write_shard
from riskscore.writing.folders.merge import merge
from riskscore.writing.provenance import sealed

ROOT = Path(__file__).parents[2]
PEOPLE = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
SEXES = ROOT / "reference" / "examples" / "1000G_samples.tsv"
GRS2 = ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz"
Run = Callable[..., CompletedProcess[str]]
Results = Callable[[Path], dict[str, bytes]]


@pytest.fixture(scope="module")
def cohort() -> rs.Cohort:
    models = [rs.load_model(name) for name in ("t1d", "ra")]
    return rs.read_cohort(GRS2, models, exposures=None)


def shards(cohort: rs.Cohort, folder: Path, count: int, sample_set: str = "") -> list[Path]:
    return [
        write_shard(
            rs.score(cohort.of_part(part)),
            folder / f"{sample_set}{part.index}",
            part,
            sample_set=sample_set,
            hashed={"vcf": {"name": "a.vcf.gz", "sha256": "0" * 64}},
        )
        for part in (PeoplePart(index, count) for index in range(1, count + 1))
    ]


def test_real_people_through_the_command_line(
    riskscore: Run, tmp_path: Path, results_in: Results
) -> None:
    command = ("score", PEOPLE, "-m", "t1d", "-m", "ra", "-m", "ms", "--exposures", SEXES)
    assert riskscore(*command, "--out", "whole").returncode == 0
    for index in (1, 2, 3):
        done = riskscore(*command, "--shard", f"{index}/3", "--out", f"part{index}")
        assert done.returncode == 0, done.stderr
    done = riskscore("merge", "part3", "part1", "part2", "--out", "merged")
    assert done.returncode == 0, done.stderr
    whole = results_in(tmp_path / "whole")
    assert whole["scores.tsv"].count(b"\n") == 1 + 3 * 2504
    assert results_in(tmp_path / "merged") == whole


@settings(max_examples=4)
@given(count=st.integers(2, 7))
def test_any_number_of_parts(
    cohort: rs.Cohort, tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    whole = rs.score(cohort)
    parts = [rs.score(cohort.of_part(PeoplePart(index, count))) for index in range(1, count + 1)]
    for place, table in enumerate(whole.tables):
        for name, numbers in table.numbers.items():
            joined = np.concatenate([part.tables[place].numbers[name] for part in parts])
            assert np.array_equal(joined, numbers, equal_nan=True), name
        flags = [flag for part in parts for flag in part.tables[place].flags]
        assert flags == list(table.flags)
        tallies = [tally_scores(part)[place] for part in parts]
        assert reduce(add, tallies) == tally_scores(whole)[place]


def test_more_parts_than_people(cohort: rs.Cohort, tmp_path: Path) -> None:
    few = cohort.of_part(PeoplePart(1, 100))
    assert len(few.samples) == 2
    merge(shards(few, tmp_path / "shards", 5), tmp_path / "merged")
    merge(shards(few, tmp_path / "one", 1), tmp_path / "whole")
    for name in ("scores.tsv", "match_report.tsv", "coverage.tsv"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "merged" / name).read_bytes() == whole


def test_tallies_are_the_sums_they_say(cohort: rs.Cohort) -> None:
    scores = rs.score(cohort)
    table = scores.tables[0]
    rows = {
        row["component"]: row
        for row in coverage_table(tally_scores(scores))
        if row["model"] == "t1d"
    }
    for name, values in [*table.component_coverage.items(), ("all", table.numbers["coverage"])]:
        known = values[~np.isnan(values)]
        assert rows[name]["coverage_mean"] == pytest.approx(known.mean(), abs=1e-11)
        assert rows[name]["coverage_minimum"] == known.min()
    shares = np.random.default_rng(1).random((1000, 3))
    assert exact_sum(shares) / 2**40 == pytest.approx(shares.sum(axis=0), abs=1e-8)
    assert (exact_sum(shares) == exact_sum(shares[::-1])).all()
    tally = tally_scores(scores)[0]
    assert Tally.from_data(json.loads(json.dumps(tally.as_data()))) == tally


def test_the_size_of_shards_does_not_change_the_dataset(
    cohort: rs.Cohort, tmp_path: Path, results_in: Results
) -> None:
    for count in (1, 4):
        folders = shards(cohort, tmp_path / f"in{count}", count, "south")
        folders += shards(cohort.of_part(PeoplePart(1, 3)), tmp_path / f"in{count}", count, "north")
        merge(folders, tmp_path / f"out{count}", tsv=True)
    one, four = results_in(tmp_path / "out1"), results_in(tmp_path / "out4")
    assert one == four
    assert set(one) >= {"scores/model=t1d/scores.parquet", "scores.tsv", "hla_calls.parquet"}


def test_parquet_and_tsv_hold_the_same(cohort: rs.Cohort, tmp_path: Path) -> None:
    import pandas as pd

    merge(shards(cohort, tmp_path / "in", 2, "south"), tmp_path / "out", tsv=True)
    scores = rs.score(cohort).to_frame()
    text = pd.read_csv(tmp_path / "out" / "scores.tsv", sep="\t", keep_default_na=False)
    assert set(text["sample_set"]) == {"south"}
    for model, part in scores.groupby("model"):
        frame = pd.read_parquet(tmp_path / "out" / "scores" / f"model={model}" / "scores.parquet")
        assert frame["sample"].tolist() == part["sample"].tolist()
        for column in NUMBERS:  # the very doubles, not their text
            assert np.array_equal(frame[column], part[column], equal_nan=True), column
        assert frame["flags"].tolist() == part["flags"].tolist()
        written = text[text["model"] == model]
        for column in NUMBERS:  # text has twelve decimals, or twelve digits
            own = part[column].to_numpy()
            apart = np.abs(pd.to_numeric(written[column]).to_numpy() - own)
            near = apart < 1e-9 * np.maximum(1, np.abs(own))
            assert (np.isnan(apart) | near).all(), column
    whole = pd.read_parquet(tmp_path / "out" / "scores")
    assert sorted(set(whole["model"])) == ["ra", "t1d"]
    assert len(whole) == len(scores) == len(text)


@pytest.mark.parametrize(
    ("name", "break_it", "words"),
    [
        ("a part is not there", lambda folders: folders[:-1], "3 parts"),
        ("a part twice", lambda folders: [*folders, folders[0]], "3 parts"),
        ("a part of another split", "split", "3 parts"),
        ("other parameters", "parameters", "parameters"),
        ("other inputs", "inputs", "inputs"),
        ("other numbers", "numbers", "scores.parquet"),
        ("other counts", "counts", "shard.json is not the file that was written"),
        ("a record cut short", "record", "cannot be read"),
        ("no shard", "empty", "no shard.json"),
    ],
)
def test_what_does_not_belong_together(
    cohort: rs.Cohort, tmp_path: Path, name: str, break_it: object, words: str
) -> None:
    folders = shards(cohort.of_part(PeoplePart(1, 20)), tmp_path / "in", 3)
    last = folders[-1]
    record = json.loads((last / "shard.json").read_text())
    if callable(break_it):
        folders = break_it(folders)
    elif break_it == "split":
        folders[-1] = shards(cohort, tmp_path / "other", 4)[3]
    elif break_it == "numbers":
        content = bytearray((last / "scores.parquet").read_bytes())
        content[len(content) // 2] ^= 1
        (last / "scores.parquet").write_bytes(content)
    elif break_it == "record":
        (last / "shard.json").write_text((last / "shard.json").read_text()[:-20])
    elif break_it == "counts":
        record["provenance"]["cohort"]["samples"] -= 1
        (last / "shard.json").write_text(json.dumps(record))
    elif break_it == "empty":
        shutil.rmtree(last)
        last.mkdir()
    else:
        record["provenance"][break_it] = {"models": ["t1d"]}
        (last / "shard.json").write_text(json.dumps(sealed(record)))
    with pytest.raises(ShardError, match=words):
        merge(folders, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parts_answer_alike_or_do_not_add(cohort: rs.Cohort) -> None:
    tally = tally_scores(rs.score(cohort.of_part(PeoplePart(1, 50))))[0]
    things = (replace(tally.things[0], code="flipped"), *tally.things[1:])
    with pytest.raises(ShardError, match="things"):
        tally + replace(tally, things=things)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "1/3/5", "-1/3", ""])
def test_a_shard_that_cannot_be(text: str) -> None:
    with pytest.raises(UsageError, match="not a shard"):
        PeoplePart.parse(text)


def test_a_sample_set_that_failed_is_left_out_and_told(
    riskscore: Run, tmp_path: Path, results_in: Results, make_cohorts: Callable[..., Path]
) -> None:
    """Shards scored one by one and merged are what batch makes of the same files."""
    folder = make_cohorts(tmp_path / "vcf", 3)
    (folder / "c001.vcf.gz").write_bytes(b"PK\x03\x04 a zip")
    (folder / "c002.vcf.gz").unlink()
    manifest = ["sample_set\tvcf", *(f"c{i}\tvcf/c00{i}.vcf.gz" for i in range(3))]
    (tmp_path / "manifest.tsv").write_text("\n".join(manifest) + "\n")
    for i in range(3):
        for index in (1, 2):
            done = riskscore(
                *("score", folder / f"c00{i}.vcf.gz", "-m", "t1d", "--sample-set", f"c{i}"),
                *("--shard", f"{index}/2", "--out", f"part{i}.{index}"),
            )
            assert done.returncode == (3 if i else 0), done.stderr
            assert ("Error" in done.stderr) == bool(i)
    parts = [f"part{i}.{index}" for i in range(3) for index in (2, 1)]
    done = riskscore("merge", *parts, "--out", "merged", "--tsv")
    assert done.returncode == 3, done.stderr
    assert "2 sample sets failed" in done.stderr
    options = ("-m", "t1d", "--shards", "2", "--tsv", "--out", "batch")
    assert riskscore("batch", "manifest.tsv", *options).returncode == 3
    merged = results_in(tmp_path / "merged")
    assert merged == results_in(tmp_path / "batch")
    assert merged["failed.tsv"].decode().splitlines()[1].startswith("c1\tc001.vcf.gz\t1/2,2/2\t")
    none = riskscore("merge", *parts[2:], "--out", "none")  # nothing is left, and told as such
    assert none.returncode == 3, none.stderr
    assert json.loads((tmp_path / "none" / "summary.json").read_text())["sample_sets_failed"] == 2
    other = riskscore("score", folder / "c000.vcf.gz", "-m", "t1d", "--shard", "1/1", "--out", "o")
    assert other.returncode == 0
    assert riskscore("merge", "o", *parts[2:], "--out", "both").returncode == 63
    assert riskscore("merge", *parts[:3], "--out", "half").returncode == 3
    record = tmp_path / "part1.1" / "failed.json"
    record.write_text(record.read_text().replace('"models"', '"other"', 1))
    assert riskscore("merge", *parts, "--out", "mixed").returncode == 63
    record.write_text("{}")
    assert riskscore("merge", *parts, "--out", "broken").returncode == 63


def test_a_sample_set_without_a_shard(riskscore: Run, tmp_path: Path) -> None:
    done = riskscore("score", GRS2, "-m", "t1d", "--sample-set", "a", "--out", "out")
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


def test_genome_wide_models_merge_with_their_match_report(
    riskscore: Run, make_vcf: Callable[..., Path], tmp_path: Path, results_in: Results
) -> None:
    head = [
        "###PGS CATALOG SCORING FILE", "#format_version=2.0", "#pgs_id=PGS999999",
        "#pgs_name=made", "#trait_mapped=made", "#genome_build=GRCh38", "#weight_type=beta",
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight",
    ]  # fmt: skip
    places = [1_000_000 + 500 * i for i in range(2100)]  # more than 2,000: summed in one pass
    (tmp_path / "score.txt").write_text(
        "\n".join([*head, *(f"rs{p}\t6\t{p}\tA\tG\t0.01" for p in places)]) + "\n"
    )
    cells = ["0/1", "1/1", "0/0", "./."]
    rows = [("6", place, f"rs{place}", "G", "A", "GT", cells) for place in places[100:]]
    command = ("score", make_vcf(list("ABCD"), rows), "-m", "score.txt")
    # D has no genotype and so no score, which the exit code says
    assert riskscore(*command, "--out", "whole").returncode == 3
    codes = [
        riskscore(*command, "--shard", f"{index}/3", "--out", f"p{index}").returncode
        for index in (1, 2, 3)
    ]
    assert codes == [0, 0, 3]
    merged = riskscore("merge", "p3", "p1", "p2", "--out", "merged")
    assert merged.returncode in (0, 3), merged.stderr
    whole = results_in(tmp_path / "whole")
    assert whole["match_report.tsv"].count(b"\n") == 2101
    assert results_in(tmp_path / "merged") == whole
