"""What a manifest, a folder and a pattern of names come to."""

from pathlib import Path

import pytest

from riskscore.batches.sample_sets import find_sample_sets, plan_rows
from riskscore.errors import ManifestError


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("")
    return folder


def named(source: object) -> dict[str, list[str]]:
    return {one.name: [file.name for file in one.files] for one in find_sample_sets(str(source))}


def test_a_folder_is_a_sample_set_a_file(tmp_path: Path) -> None:
    touch(tmp_path, "b.vcf.gz", "b.vcf.gz.tbi", "a.bcf", "a.bcf.csi", "notes.txt", "c.vcf")
    assert named(tmp_path) == {"a": ["a.bcf"], "b": ["b.vcf.gz"], "c": ["c.vcf"]}


def test_chromosomes_of_one_cohort_are_one_set_in_the_order_of_the_genome(tmp_path: Path) -> None:
    touch(tmp_path, *(f"ukb_chr{c}_v3.vcf.gz" for c in ("10", "2", "X", "1")), "other.vcf.gz")
    assert named(tmp_path) == {
        "ukb_v3": [f"ukb_chr{c}_v3.vcf.gz" for c in ("1", "2", "10", "X")],
        "other": ["other.vcf.gz"],
    }


def test_a_single_chromosome_keeps_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "A.chr6.vcf.gz", "B.chr6.vcf.gz")
    assert named(tmp_path) == {"A.chr6": ["A.chr6.vcf.gz"], "B.chr6": ["B.chr6.vcf.gz"]}


def test_the_same_stem_twice_makes_two_sets(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.vcf.gz", "a.bcf")
    assert sorted(named(tmp_path / "in").values()) == [["a.bcf"], ["a.vcf.gz"]]


def test_a_pattern_takes_genotype_files_only(tmp_path: Path) -> None:
    touch(tmp_path / "x", "a.vcf.gz", "a.vcf.gz.tbi")
    touch(tmp_path / "y", "b.vcf.gz")
    assert named(tmp_path / "*" / "*.vcf*") == {"a": ["a.vcf.gz"], "b": ["b.vcf.gz"]}


def test_a_manifest(tmp_path: Path) -> None:
    touch(tmp_path / "data", "c1.vcf.gz", "c2.vcf.gz", "c11.vcf.gz", "x.tsv", "h.tsv", "d.vcf.gz")
    manifest = tmp_path / "m.tsv"
    manifest.write_text(
        "sample_set\tvcf\texposures\thla\n"
        "south\tdata/c{chrom}.vcf.gz\tdata/x.tsv\tdata/h.tsv\n"
        "north\tdata/d.vcf.gz\t\t\n"
        "gone\tdata/not*.vcf.gz\t\t\n"
    )
    sets = {one.name: one for one in find_sample_sets(str(manifest), exposures=Path("all.tsv"))}
    assert list(sets) == ["gone", "north", "south"]
    assert [file.name for file in sets["south"].files] == ["c1.vcf.gz", "c2.vcf.gz", "c11.vcf.gz"]
    assert sets["south"].exposures == tmp_path / "data" / "x.tsv"
    assert sets["south"].hla == (tmp_path / "data" / "h.tsv",)
    assert sets["north"].exposures == Path("all.tsv")
    assert [file.name for file in sets["gone"].files] == ["not*.vcf.gz"]  # fails when it is read
    parts = [
        row["part"] for row in plan_rows(list(sets.values()), 2) if row["sample_set"] == "north"
    ]
    assert parts == ["1/2", "2/2"]


def test_rows_of_one_sample_set_are_its_files(tmp_path: Path) -> None:
    touch(tmp_path, "a6.vcf.gz", "a7.vcf.gz")
    manifest = tmp_path / "m.tsv"
    manifest.write_text("sample_set\tvcf\nall\ta6.vcf.gz\nall\ta7.vcf.gz\n")
    assert named(manifest) == {"all": ["a6.vcf.gz", "a7.vcf.gz"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sample_set\tvcf\ncohort/../../x\ta.vcf.gz\n", "row 2"),
        ("sample_set\tvcf\n.hidden\ta.vcf.gz\n", "row 2"),
        ("sample_set\tvcf\na\t\n", "row 2"),
        ("sample_set\tvcf\tweather\na\ta.vcf.gz\tfine\n", "'weather'"),
        ("sample_set\tfile\na\ta.vcf.gz\n", "'file'"),
        ("sample_set\tvcf\n", "no sample sets"),
        ("sample_set\tvcf\na\ta.vcf.gz\nb\t./a.vcf.gz\n", "twice"),
        ("sample_set\tvcf\ta\n1\t2\n", "line 2"),
        ("sample_set\tvcf\texposures\na\ta.vcf.gz\tx\na\tb.vcf.gz\ty\n", "row 3"),
    ],
)
def test_a_manifest_that_cannot_be_meant(tmp_path: Path, text: str, words: str) -> None:
    manifest = tmp_path / "m.tsv"
    manifest.write_text(text)
    with pytest.raises(ManifestError, match=words) as raised:
        find_sample_sets(str(manifest))
    assert str(tmp_path) not in str(raised.value)


def test_nothing_to_score(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no file"):
        find_sample_sets(str(tmp_path))
    with pytest.raises(ManifestError, match="no file"):
        find_sample_sets(str(tmp_path / "*.vcf.gz"))
