"""A batch: what it leaves, what it does again and what not, and what it says of itself."""

import contextlib
import getpass
import gzip
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import pysam
import pytest

from riskscore.batches.run import Outcome, Progress, run_batch
from riskscore.batches.sample_sets import find_sample_sets
from riskscore.batches.verify import verify
from riskscore.errors import BatchLockedError, ModelNotFoundError, OutputError, PopulationError
from riskscore.samples.question import Question
from riskscore.writing.folders.dataset import write_dataset

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "reference" / "schemas" / "provenance.schema.json").read_text())
Run = Callable[..., CompletedProcess[str]]
Results = Callable[[Path], dict[str, bytes]]
Make = Callable[..., Path]


def batch(source: Path, out: Path, **options: Any) -> Outcome:
    exposures = options.pop("exposures", None)
    sets = find_sample_sets(str(source), exposures=exposures)
    return run_batch(sets, Question.of("t1d"), out, **options)


def counts(outcome: Outcome) -> tuple[int, int, int]:
    progress = outcome.progress
    return progress.done - progress.reused, progress.reused, progress.failed


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, make_cohorts: Make) -> Path:
    """Three cohorts in ``in`` and their results in ``out``."""
    home = tmp_path_factory.mktemp("done")
    outcome = batch(make_cohorts(home / "in", 3), home / "out", tsv=True, jobs=2)
    assert counts(outcome) == (3, 0, 0)
    return home


@pytest.fixture
def again(done: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may spoil."""
    for name in ("in", "out"):
        shutil.copytree(done / name, tmp_path / name)
    return tmp_path


def test_run_again_scores_nothing_and_changes_nothing(again: Path, results_in: Results) -> None:
    before = results_in(again / "out")
    assert counts(batch(again / "in", again / "out", tsv=True)) == (0, 3, 0)
    assert results_in(again / "out") == before


def test_a_new_file_is_all_that_is_scored(
    again: Path, make_cohorts: Make, results_in: Results
) -> None:
    more = make_cohorts(again / "more", 4)
    for path in more.glob("c003*"):
        shutil.copy(path, again / "in" / path.name)
    assert counts(batch(again / "in", again / "out", tsv=True)) == (1, 3, 0)
    batch(again / "in", again / "fresh", tsv=True)
    assert results_in(again / "out") == results_in(again / "fresh")


@pytest.mark.parametrize("what", ["content", "index", "file gone"])
def test_what_has_changed_is_scored_again(again: Path, what: str, results_in: Results) -> None:
    first = again / "in" / "c000.vcf.gz"
    if what == "content":  # and with the times it had
        times = first.stat()
        for ending in ("", ".tbi"):
            shutil.copy(again / "in" / f"c001.vcf.gz{ending}", f"{first}{ending}")
        os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
        expected = (1, 2, 0)
    elif what == "index":
        Path(f"{first}.tbi").unlink()
        expected = (1, 2, 0)
    else:
        first.unlink()
        Path(f"{first}.tbi").unlink()
        expected = (0, 2, 0)
    assert counts(batch(again / "in", again / "out", tsv=True)) == expected
    batch(again / "in", again / "fresh", tsv=True)
    assert results_in(again / "out") == results_in(again / "fresh")


def test_times_are_believed_only_when_they_can_be(again: Path) -> None:
    memory = again / "out" / "work" / "inputs.json"
    rows = json.loads(memory.read_text())
    assert {row[0] for row in rows.values()} == {-1}  # all were made a moment before
    assert not any(name.startswith("/") for name in rows)


@pytest.mark.parametrize("change", ["options", "shards", "spoilt"])
def test_other_parameters_are_another_shard(again: Path, change: str) -> None:
    sets = find_sample_sets(str(again / "in"))
    question, parts = Question.of("t1d"), 1
    if change == "options":
        question = Question.of(question, prevalence=0.01)
    elif change == "shards":
        parts = 2
    else:
        shard = next((again / "out" / "work" / "shards").iterdir()) / "scores.parquet"
        shard.write_bytes(shard.read_bytes()[:-3])
    outcome = run_batch(sets, question, again / "out", shards=parts)
    assert (
        counts(outcome) == {"options": (3, 0, 0), "shards": (6, 0, 0), "spoilt": (1, 2, 0)}[change]
    )


def test_another_file_of_the_question_is_another_shard(again: Path) -> None:
    """A table of incidence: the provenance names it, and what it says bears on the risks."""
    table = again / "mine.tsv"
    head = "sex\tage_from\tage_to\trate_per_100000\n"
    sets, out = find_sample_sets(str(again / "in")), again / "new"
    for rate, expected in (("20", (3, 0, 0)), ("20", (0, 3, 0)), ("30", (3, 0, 0))):
        table.write_text(f"{head}female\t0\t100\t{rate}\nmale\t0\t100\t{rate}\n")
        question = Question.of("t1d", incidence=table, from_age=0, to_age=20)
        assert counts(run_batch(sets, question, out)) == expected
    told = json.loads((out / "provenance.json").read_text())
    checksum = hashlib.sha256(table.read_bytes()).hexdigest()
    for one in told["sample_sets"].values():
        assert one["inputs"]["incidence"] == {"name": "mine.tsv", "sha256": checksum}


def test_a_shard_whose_process_dies_is_named_and_the_rest_goes_on(
    tmp_path: Path, make_cohorts: Make, results_in: Results
) -> None:
    source, killed = make_cohorts(tmp_path / "in", 4), []

    def kill_once(progress: Progress) -> None:
        if progress.done == 1 and not killed:
            for child in active_children():
                killed.append(child.pid)
                os.kill(child.pid or 0, signal.SIGKILL)

    outcome = batch(source, tmp_path / "out", watch=kill_once)
    assert counts(outcome) == (3, 0, 1)
    (failure,) = outcome.failures
    assert (failure.error, failure.exit_code) == ("WorkerError", 64)
    assert "SIGKILL" in failure.message
    assert counts(batch(source, tmp_path / "out")) == (1, 3, 0)
    batch(source, tmp_path / "fresh")
    assert results_in(tmp_path / "out") == results_in(tmp_path / "fresh")


def test_a_locked_folder(done: Path, riskscore: Run) -> None:
    import fcntl

    with (done / "out" / "work" / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = riskscore("batch", done / "in", "-m", "t1d", "--out", done / "out")
    assert ran.returncode == BatchLockedError.exit_code
    assert "another run" in ran.stderr
    assert str(done) not in ran.stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, make_cohorts: Make) -> None:
    source = make_cohorts(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("precious")
    with pytest.raises(OutputError, match="other things"):
        batch(source, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.doc"]


def test_what_is_wrong_for_all_ends_the_batch_at_once(tmp_path: Path, make_cohorts: Make) -> None:
    sets = find_sample_sets(str(make_cohorts(tmp_path / "in", 1)))
    with pytest.raises(ModelNotFoundError):
        run_batch(sets, Question.of("gout"), tmp_path / "out")
    with pytest.raises(PopulationError):
        run_batch(sets, Question.of("t1d", population="XYZ"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_progress_for_machines(done: Path, tmp_path: Path, riskscore: Run) -> None:
    ran = riskscore("batch", done / "in", "-m", "t1d", "--out", "out", "-j", "1", "--json-progress")
    lines = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert [line["done"] for line in lines] == [0, 1, 2, 3]
    assert lines[-1] | {"people": 12, "shards": 3, "failed": 0, "reused": 0} == lines[-1]
    assert lines[-1]["seconds_left"] == 0
    assert lines[0]["seconds_left"] is None


def test_progress_on_a_terminal(done: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [str(Path(sys.executable).parent / "riskscore"), "batch", str(done / "in")]
    ran = subprocess.Popen([*command, "-m", "t1d", "--out", str(tmp_path / "o")], stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end closes
        while block := os.read(ours, 4096):
            shown += block
    os.close(ours)
    assert ran.wait() == 0
    for words in (b"3/3", b"12 people", b"a second", b"0 s left"):
        assert words in shown


def test_summary_and_its_neighbours(done: Path) -> None:
    out = done / "out"
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["sample_sets"], summary["people"]) == (3, 12)
    assert summary["samples_in_several_sets"] == 0
    assert summary["models"] == {"t1d": {"scored": 12, "not_scored": 0}}
    table = json.loads((out / "riskscore_mqc.json").read_text())
    assert (table["id"], table["plot_type"]) == ("riskscore", "table")
    assert list(table["data"]) == ["c000", "c001", "c002"]
    assert set(table["data"]["c000"]) == set(table["headers"])
    assert (out / "versions.yml").read_text().startswith("riskscore:\n  python: 3.")
    assert (out / "failed.tsv").read_text().splitlines() == [
        "sample_set\tfile\tpart\terror\texit_code\tmessage"
    ]


def test_people_of_two_sets_are_counted(tmp_path: Path, make_cohorts: Make) -> None:
    source = make_cohorts(tmp_path / "in", 1)
    for ending in (".vcf.gz", ".vcf.gz.tbi"):
        shutil.copy(source / f"c000{ending}", source / f"again{ending}")
    batch(source, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["people"], summary["samples_in_several_sets"]) == (8, 4)


def test_provenance_fits_its_schema(done: Path, tmp_path: Path, riskscore: Run) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    check = jsonschema.Draft202012Validator(SCHEMA)
    riskscore("score", done / "in" / "c000.vcf.gz", "-m", "t1d", "--out", "bundle")
    for folder in (done / "out", tmp_path / "bundle"):
        told = json.loads((folder / "provenance.json").read_text())
        check.validate(told)
        for spoilt in (
            told | {"host": "node7"},
            told | {"software": told["software"] | {"python": "/usr/bin/python3"}},
            told | {"outputs": {"/data/scores.tsv": "0" * 64}},
            {name: value for name, value in told.items() if name != "models"},
        ):
            assert not check.is_valid(spoilt)


def test_nothing_tells_who_ran_it_and_where(done: Path, results_in: Results) -> None:
    words = {platform.node(), str(done), str(ROOT), str(Path.home())} - {"", "/"}
    if len(getpass.getuser()) > 3:
        words.add(f"/{getpass.getuser()}/")
    for name, data in results_in(done / "out").items():
        assert not [word for word in words if word.encode() in data], name


def test_verify_names_what_changed(again: Path, riskscore: Run) -> None:
    out = again / "out"
    assert {finding.state for finding in verify(out)} == {"same"}
    (out / "summary.json").write_text("{}")
    (out / "coverage.tsv").unlink()
    (out / "scores" / "model=t1d" / "more.parquet").write_bytes(b"")
    with (again / "in" / "c001.vcf.gz").open("ab") as stream:
        stream.write(b"\0")
    (again / "in" / "c002.vcf.gz").unlink()
    found = {finding.what: finding.state for finding in verify(out) if finding.bad}
    assert found == {
        "output summary.json": "changed",
        "output coverage.tsv": "gone",
        "output scores/model=t1d/more.parquet": "strange",
        "vcf c001.vcf.gz of c001": "changed",
        "vcf c002.vcf.gz of c002": "gone",
    }
    ran = riskscore("verify", out)
    assert ran.returncode == 66
    assert "changed\toutput summary.json" in ran.stdout
    assert str(again) not in ran.stdout + ran.stderr


def test_a_batch_of_which_nothing_could_be_scored(tmp_path: Path, riskscore: Run) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.vcf").write_text("no VCF\n")
    assert riskscore("batch", "in", "-m", "t1d", "--out", "out").returncode == 3
    assert riskscore("verify", "out").returncode == 0
    done = riskscore("report", "out", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text()
    assert "Nothing could be scored" in page
    assert 'data-chart="chart-coverage"' not in page


def test_verify_a_bundle(done: Path, tmp_path: Path, riskscore: Run) -> None:
    vcf = done / "in" / "c000.vcf.gz"
    riskscore("score", vcf, "-m", "t1d", "--out", "bundle")
    ran = riskscore("verify", "bundle")
    assert ran.returncode == 0
    assert "unchecked\tvcf c000.vcf.gz" in ran.stdout
    assert "same\tvcf c000.vcf.gz" in riskscore("verify", "bundle", "--inputs", done / "in").stdout
    (tmp_path / "bundle" / "provenance.json").unlink()
    assert riskscore("verify", "bundle").returncode == 11


def test_a_dry_run_writes_nothing(done: Path, tmp_path: Path, riskscore: Run) -> None:
    ran = riskscore("batch", done / "in", "-m", "t1d", "--out", "o", "--dry-run", "--shards", "2")
    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    assert rows[0] == ["sample_set", "part", "vcf", "exposures", "hla"]
    assert [row[:2] for row in rows[1:3]] == [["c000", "1/2"], ["c000", "2/2"]]
    assert list(tmp_path.iterdir()) == []


def test_chromosomes_are_joined_and_hla_and_exposures_are_read(
    tmp_path: Path, riskscore: Run
) -> None:
    whole = ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz"
    with gzip.open(whole, "rt") as stream:
        lines = stream.readlines()
    head = [line for line in lines if line.startswith("#")]
    samples = head[-1].split()[9:]
    chromosomes = {line.split("\t", 1)[0] for line in lines[len(head) :]}
    assert len(chromosomes) > 3
    (tmp_path / "data").mkdir()
    for name in chromosomes:
        body = [line for line in lines if line.split("\t", 1)[0] == name]
        plain = tmp_path / "data" / f"cohort_chr{name.removeprefix('chr')}.vcf"
        plain.write_text("".join(head + body))
        pysam.tabix_index(str(plain), preset="vcf")
    hla = tmp_path / "data" / "hla.tsv"
    hla.write_text("sample\tDRB1_1\tDRB1_2\n" + "".join(f"{s}\t04:01\t15:01\n" for s in samples))
    people = tmp_path / "data" / "people.tsv"
    people.write_text("sample\tsex\tsmoking\n" + "".join(f"{s}\tfemale\tever\n" for s in samples))
    (tmp_path / "m.tsv").write_text(
        "sample_set\tvcf\texposures\thla\n"
        "all\tdata/cohort_chr{chrom}.vcf.gz\tdata/people.tsv\tdata/hla.tsv\n"
    )
    models = ("-m", "t1d", "-m", "ra")
    ran = riskscore("batch", "m.tsv", *models, "--tsv", "--shards", "3", "--out", "out")
    assert ran.returncode == 0, ran.stderr
    text = riskscore("score", whole, *models, "--exposures", people, "--hla", hla).stdout
    expected = text.splitlines()
    found = (tmp_path / "out" / "scores.tsv").read_text().splitlines()
    assert len(found) == 1 + 2 * len(samples)
    assert [row.partition("\t")[2] for row in found] == expected
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())["sample_sets"]["all"]
    assert len(told["inputs"]["vcf"]) == len(chromosomes)
    assert {told["inputs"][role]["name"] for role in ("exposures", "hla")} == {
        "people.tsv", "hla.tsv"
    }  # fmt: skip
    jsonschema.Draft202012Validator(SCHEMA).validate(
        json.loads((tmp_path / "out" / "provenance.json").read_text())
    )


def test_other_reference_tables_are_another_shard(
    again: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards know the tables of frequencies that all models share, as they know the models."""
    monkeypatch.setattr(
        "riskscore.writing.provenance.reference_tables",
        lambda: {"hla": "0" * 64, "populations": "1" * 64},
    )
    assert counts(batch(again / "in", again / "out")) == (3, 0, 0)


def test_a_provenance_with_a_digit_changed_is_told(again: Path) -> None:
    record = again / "out" / "provenance.json"
    text = record.read_text()
    record.write_text(text.replace('"samples": 4', '"samples": 3', 1))
    assert record.read_text() != text
    found = {finding.what: finding.state for finding in verify(again / "out") if finding.bad}
    assert found == {"output provenance.json": "changed"}


def test_a_shard_whose_record_was_changed_is_scored_again(again: Path) -> None:
    record = next((again / "out" / "work" / "shards").iterdir()) / "shard.json"
    record.write_text(record.read_text().replace('"samples": 4', '"samples": 3', 1))
    assert counts(batch(again / "in", again / "out")) == (1, 2, 0)


def test_a_file_name_that_is_no_text(tmp_path: Path, make_cohorts: Make) -> None:
    """Its letters are told by escapes, and it fails nobody else."""
    source = make_cohorts(tmp_path / "in", 1)
    odd = Path(os.fsdecode(bytes(source) + b"/odd\xff.vcf.gz"))
    shutil.copy(source / "c000.vcf.gz", odd)
    outcome = batch(source, tmp_path / "out", tsv=True)
    assert (counts(outcome), outcome.progress.people) == ((2, 0, 0), 8)
    assert {finding.state for finding in verify(tmp_path / "out")} == {"same"}
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert told["sample_sets"]["odd_"]["inputs"]["vcf"]["name"] == "odd\udcff.vcf.gz"
    odd.write_bytes(b"")
    assert counts(batch(source, tmp_path / "out", tsv=True)) == (0, 1, 1)
    assert "odd\\udcff.vcf.gz" in (tmp_path / "out" / "failed.tsv").read_text()


def test_a_model_id_makes_no_path(tmp_path: Path) -> None:
    run = {"models": [{"id": "../../elsewhere"}]}
    with pytest.raises(OutputError, match="no name for a folder"):
        write_dataset([], [], run, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
