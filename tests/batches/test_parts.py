"""A part is read as the whole is judged, and memory holds the part and not the whole."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ExposureLevelError
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.hla.table import hla_rows
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of
from riskscore.samples.people_part import PeoplePart
from riskscore.writing.folders.bundle import write_shard
from riskscore.writing.folders.merge import merge

MakeVCF = Callable[..., Path]
Results = Callable[[Path], dict[str, bytes]]
PEOPLE = [f"P{i}" for i in range(60)]


def calls_of(copies: list[int]) -> list[str]:
    return [("0/0", "0/1", "1/1")[count] for count in copies]


def test_palindromes_are_judged_on_all_and_turned_in_the_part(make_vcf: MakeVCF) -> None:
    rare = [2 if i % 12 == 0 else 0 for i in range(60)]  # ALT has a frequency of 1 in 12
    rows = [
        ("6", 100, "flipped", "C", "T", "GT", calls_of(rare)),  # G and A on the other strand
        ("6", 200, "turned", "A", "T", "GT", calls_of(rare)),
        ("6", 300, "kept", "A", "T", "GT", calls_of(rare)),
        ("6", 400, "lost", "A", "T", "GT", calls_of([i % 3 for i in range(60)])),
    ]
    path = make_vcf(PEOPLE, rows)
    flipped = Variant("flipped", "6", 100, 100, "A", "G", "G")
    turned, kept, lost = (
        Variant(name, "6", place, place, "T", "A", "A")
        for name, place in (("turned", 200), ("kept", 300), ("lost", 400))
    )
    expected = {turned: 11 / 12, kept: 1 / 12, lost: 1 / 12}
    variants = [flipped, turned, kept, lost]

    def read(people: range | None = None) -> Dosages:
        with open_source([path], Reading()) as source:
            source.prepare(regions_of(variants, Build.GRCh38))
            return read_dosages(source, variants, Build.GRCh38, expected, people=people)

    whole = read()
    assert [match.missing for match in whole.matches] == [
        *[Missing.NOT_MISSING] * 3, Missing.AMBIGUOUS_STRAND
    ]  # fmt: skip
    copies = np.array(rare, dtype=np.float32)
    assert np.array_equal(whole.values[:3], [copies, 2 - copies, copies])
    for people in (range(5), range(11, 13), range(59, 60), range(3, 3)):
        part = read(people)
        assert repr(part.matches) == repr(whole.matches)
        assert part.warnings == whole.warnings
        assert np.array_equal(
            part.values, whole.values[:, people.start : people.stop], equal_nan=True
        )


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 people as imputation writes them, half of whom are typed as well."""
    folder = tmp_path_factory.mktemp("simulated") / "people"
    rs.simulate(["t1d", "ra", "ms"], 60, r2=0.7, seed=1, out=folder)
    names = [f"SIM{i:06}" for i in range(1, 31)]
    (folder / "typed.tsv").write_text(
        "sample\tDRB1_1\tDRB1_2\n" + "".join(f"{name}\t15:01\t03:01\n" for name in names)
    )
    return folder


@pytest.mark.parametrize("typed", [False, True])
def test_everybody_alone_is_as_among_all(simulated: Path, typed: bool) -> None:
    models = [rs.load_model(name) for name in ("t1d", "ms")]

    def read(part: PeoplePart | None = None) -> rs.Cohort:
        return rs.read_cohort(
            simulated / "cohort.vcf.gz",
            models,
            exposures=simulated / "exposures.tsv",
            hla=[simulated / "typed.tsv"] if typed else [],
            part=part,
        )

    whole = read()
    scores = rs.score(whole)
    rows = hla_rows(whole.samples, whole.hla)
    for part in (PeoplePart(1, 60), PeoplePart(31, 60), PeoplePart(2, 2), PeoplePart(1, 100)):
        people = part.rows(60)
        own, cut = read(part), whole.of_part(part)
        assert own.samples == cut.samples == tuple(f"SIM{i + 1:06}" for i in people)
        assert own.exposures.columns == cut.exposures.columns
        assert own.sex == cut.sex
        assert np.array_equal(own.dosages.values, cut.dosages.values, equal_nan=True)
        assert hla_rows(own.samples, own.hla) == [
            row for row in rows if row["sample"] in own.samples
        ]
        for gene, calls in own.hla.genes.items():
            others = cut.hla.genes[gene]  # may name alleles that nobody of the part has
            for place in range(len(people)):
                assert calls.pairs(place) == others.pairs(place)
        for mine, all_ in zip(rs.score(own).tables, scores.tables, strict=True):
            for name, numbers in all_.numbers.items():
                expected = numbers[people.start : people.stop]
                assert np.array_equal(mine.numbers[name], expected, equal_nan=True), name


def test_parts_of_partly_typed_people_merge(
    simulated: Path, tmp_path: Path, results_in: Results
) -> None:
    models = [rs.load_model("ms")]
    for count in (1, 2):
        folders = []
        for part in (PeoplePart(index, count) for index in range(1, count + 1)):
            scores = rs.score(
                simulated / "cohort.vcf.gz", models, hla=simulated / "typed.tsv", part=part
            )
            folders.append(
                write_shard(
                    scores,
                    tmp_path / f"{count}.{part.index}",
                    part,
                    sample_set="all",
                    hashed={"vcf": {"name": "a.vcf.gz", "sha256": "0" * 64}},
                )
            )
        merge(folders, tmp_path / f"out{count}", tsv=True)
    one = results_in(tmp_path / "out1")
    assert b"; HLA records of the VCF" in one["match_report.tsv"]
    assert results_in(tmp_path / "out2") == one


def test_a_wrong_cell_of_anybody_is_an_error_in_every_part(simulated: Path, tmp_path: Path) -> None:
    lines = (simulated / "exposures.tsv").read_text().splitlines()
    place = lines[0].split("\t").index("smoking")
    last = lines[-1].split("\t")
    lines[-1] = "\t".join([*last[:place], "sometimes", *last[place + 1 :]])
    (tmp_path / "wrong.tsv").write_text("\n".join(lines) + "\n")
    for part in (None, PeoplePart(1, 60), PeoplePart(60, 60)):
        with pytest.raises(ExposureLevelError, match="'sometimes'"):
            rs.read_cohort(
                simulated / "cohort.vcf.gz",
                [rs.load_model("ra")],
                exposures=tmp_path / "wrong.tsv",
                part=part,
            )


def test_memory_is_that_of_the_part(make_vcf: MakeVCF) -> None:
    """More loci of people who are not in the part cost nothing: they pass, and are not held."""
    people, few, many = 3000, 10, 110
    cells = ["0/1"] * people
    rows = [("6", 1000 + 10 * i, f"rs{i}", "A", "T", "GT", cells) for i in range(many)]
    variants = [Variant(f"rs{i}", "6", 1000 + 10 * i, None, "T", "A", "A") for i in range(many)]
    path = make_vcf([f"P{i}" for i in range(people)], rows)

    def peak(loci: int, part: range) -> int:
        with open_source([path], Reading()) as source:
            source.prepare(regions_of(variants, Build.GRCh38))
            gc.collect()
            tracemalloc.start()
            try:
                found = read_dosages(source, variants[:loci], Build.GRCh38, {}, people=part)
                assert found.values.shape == (loci, len(part))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    row = people * np.dtype(np.float32).itemsize
    peak(few, range(people))  # what is loaded once
    whole = peak(many, range(people)) - peak(few, range(people))
    assert whole > (many - few) * row  # a palindrome is held both ways
    part = peak(many, range(people // 100)) - peak(few, range(people // 100))
    assert part < (many - few) * row / 4


def test_hla_and_exposures_of_a_part_have_its_columns(simulated: Path) -> None:
    """Arrays have an entry a person of the part, and no view keeps those of the others alive."""
    cohort = rs.read_cohort(
        simulated / "cohort.vcf.gz",
        [rs.load_model("t1d"), rs.load_model("ra")],
        exposures=simulated / "exposures.tsv",
        part=PeoplePart(2, 6),
    )
    assert len(cohort.samples) == 10
    assert cohort.dosages.values.shape[1] == 10
    assert cohort.dosages.values.base is None
    assert {len(tag.copies) for tag in cohort.hla.tags.values()} <= {10}
    assert {len(cells) for cells in cohort.exposures.columns.values()} == {10}
    assert len(cohort.sex) == 10
    assert cohort.hla.genes
    for calls in cohort.hla.genes.values():
        assert 0 <= calls.sample.min() <= calls.sample.max() < 10
