"""Copies of haplotypes of SNPs, against cases by hand and every phase the genotypes allow."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from tests.as_bcf import as_bcf

SNPS = [("rs1", 100, "A", "G"), ("rs2", 200, "C", "T"), ("rs3", 300, "G", "A")]  # effect, other
HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=1,length=248956422>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">\n'
    '##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
)
Table = Callable[..., Path]


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., rs.RiskModel]:
    """A scoring file of one haplotype: the effect alleles of the first ``count`` SNPs."""

    def make(count: int = 2, extra: str = "", cell: str = "") -> rs.RiskModel:
        path = tmp_path / f"PGS{999000 + count}.txt"
        names, places, effects, others = (
            ";".join(str(snp[column]) for snp in SNPS[:count]) for column in range(4)
        )
        columns = "rsID chr_name chr_position effect_allele other_allele is_haplotype effect_weight"
        row = [names, "1", places, effects, others, "True", "0.5", *([cell] if extra else [])]
        head = "\t".join([*columns.split(), *([extra] if extra else [])])
        path.write_text(
            f"#pgs_id={path.stem}\n#genome_build=GRCh38\n#weight_type=beta\n{head}\n"
            + "\t".join(row)
        )
        return rs.load_model(path)

    return make


@pytest.fixture
def vcf(tmp_path: Path) -> Table:
    """Cells of each SNP, a list of people each; ALT is the effect allele, of rs2 REF is."""

    def make(*cells: Sequence[str], fields: str = "GT:PS", name: str = "a.vcf") -> Path:
        people = len(cells[0])
        lines = [HEAD + "".join(f"\t{name[0]}{i}" for i in range(people))]
        for (snp, place, effect, other), own in zip(SNPS, cells, strict=False):
            ref, alt = (effect, other) if snp == "rs2" else (other, effect)
            lines.append("\t".join(["1", str(place), snp, ref, alt, ".", ".", ".", fields, *own]))
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return make


def copies(model: rs.RiskModel, files: Path | list[Path]) -> list[float | None]:
    cohort = rs.read_cohort(files, [model])
    (haplotype,) = model.snp_haplotypes
    return [None if np.isnan(x) else float(x) for x in cohort.dosages.of(haplotype)]


# First SNP: 1 is the effect allele. Second: 0 is (REF is the effect allele).
BY_HAND = [
    ("1/1", "0/0", 2.0),
    ("1/1", "0/1", 1.0),  # one heterozygous SNP needs no phase
    ("0/1", "0/0", 1.0),
    ("0/1", "1/1", 0.0),  # a SNP without the allele settles it
    ("0/0", "0/1", 0.0),
    ("0/1", "0/1", None),
    ("0|1", "1|0", 1.0),
    ("0|1", "0|1", 0.0),
    ("0|1", "0/1", None),
    ("0|1:7", "1|0:7", 1.0),
    ("0|1:7", "1|0:8", None),  # two phase sets
    ("0|1:7", "1|0", None),
    ("0|1:100000001", "1|0:100000002", None),  # the same, as 32-bit floats
    ("./.", "0/0", None),
    ("./.", "1/1", 0.0),
    (".|1", "0|0", None),
]


@pytest.mark.filterwarnings("ignore:.*no index")
def test_by_hand(model: Callable[..., rs.RiskModel], vcf: Table) -> None:
    first, second, expected = zip(*BY_HAND, strict=True)
    assert copies(model(), vcf(first, second)) == list(expected)


def every_count(genotypes: Sequence[tuple[tuple[bool, bool], str]]) -> set[int]:
    """The copies in each pair of chromosomes that the genotypes and phase sets allow.

    A genotype is whether each allele is the effect allele, and the name of its phase set.
    """
    sets = sorted({name for _, name in genotypes})
    found = set()
    for turned in product((False, True), repeat=len(sets)):
        turn = dict(zip(sets, turned, strict=True))
        chromosomes = [(pair[turn[name]], pair[not turn[name]]) for pair, name in genotypes]
        found.add(sum(all(pair[side] for pair in chromosomes) for side in (0, 1)))
    return found


def cell(pair: tuple[bool, bool], phased: bool, phase_set: int, reference: bool) -> str:
    alleles = [str(int(effect != reference)) for effect in pair]
    text = ("|" if phased else "/").join(alleles)
    return f"{text}:{phase_set}" if phased and phase_set else text


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [2, 3])
def test_exactly_what_phase_settles(
    model: Callable[..., rs.RiskModel], vcf: Table, tmp_path: Path, seed: int, count: int
) -> None:
    """Generated people, unphased, phased, in one phase set or several; also as BCF."""
    rng = np.random.default_rng(seed)
    cells: list[list[str]] = [[] for _ in range(count)]
    expected: list[float | None] = []
    for _ in range(300):
        told = []
        for place in range(count):
            pair = (bool(rng.random() < 0.6), bool(rng.random() < 0.6))
            phased, phase_set = bool(rng.random() < 0.7), int(rng.integers(0, 3))
            cells[place].append(cell(pair, phased, phase_set, SNPS[place][0] == "rs2"))
            told.append((pair, f"set {phase_set}" if phased else f"alone {place}"))
        counts = every_count(told)
        expected.append(float(counts.pop()) if len(counts) == 1 else None)
    assert {None, 0.0, 1.0, 2.0} == set(expected)
    path = vcf(*cells)
    assert copies(model(count), path) == expected
    bcf = as_bcf(path, tmp_path / "a.bcf", index=False)
    assert copies(model(count), bcf) == expected


def test_batches_of_people(model: Callable[..., rs.RiskModel], vcf: Table) -> None:
    one = vcf(["0|1:7", "0/1"], ["1|0:7", "0/1"], name="a.vcf")
    two = vcf(["0|1", "1/1"], ["1|0", "0/1"], fields="GT", name="b.vcf")
    assert copies(model(), [one, two]) == [1.0, None, 1.0, 1.0]


def test_dosages_that_are_no_calls_are_not_counted(
    model: Callable[..., rs.RiskModel], vcf: Table
) -> None:
    """Of imputed copies only whole ones are a call; none of one SNP is none of the haplotype."""
    path = vcf(["0|1:0.9", "0|1:1", "0|0:0"], ["0|0:0", "0|0:0", "0|1:0.8"], fields="GT:DS")
    assert copies(model(), path) == [None, 1.0, 0.0]
    scores = rs.score(path, model(extra="allelefrequency_effect", cell="0.3"))
    assert scores.explain("a0")["missing"].tolist() == ["ambiguous"]


def test_phase_in_a_pgen(
    model: Callable[..., rs.RiskModel], vcf: Table, tmp_path: Path, oracle: Callable[[str], str]
) -> None:
    """plink2 keeps the phase of ``|`` and knows no phase sets."""
    pytest.importorskip("pgenlib")
    cells = [(one, two) for one, two, _ in BY_HAND if ":" not in one + two and "." not in one]
    expected = [n for one, two, n in BY_HAND if (one, two) in cells]
    path = vcf(*zip(*cells, strict=True), fields="GT")
    command = [oracle("plink2"), "--vcf", str(path), "--make-pgen", "--silent"]
    subprocess.run([*command, "--out", str(tmp_path / "a")], check=True)
    assert copies(model(), tmp_path / "a.pgen") == expected


def test_a_snp_that_is_not_heterozygous_needs_no_phase(
    model: Callable[..., rs.RiskModel], vcf: Table
) -> None:
    """The third SNP has dosages alone: two copies settle nothing, and one lacks its phase."""
    path = vcf(["0|1", "0|1"], ["1|0", "1|0"], ["2", "1"])
    text = path.read_text()
    path.write_text(text.replace("GT:PS\t2", "DS\t2"))
    assert copies(model(3), path) == [1.0, None]


def test_two_records_that_disagree_on_phase(model: Callable[..., rs.RiskModel], vcf: Table) -> None:
    path = vcf(["0|1", "0/1", "1/1"], ["1|0", "1|0", "1|0"], fields="GT")
    again = path.read_text().splitlines()[-1].replace("1|0", "0|1")
    path.write_text(path.read_text() + again + "\n")
    assert copies(model(), path) == [None, None, 1.0]


def test_scores_say_who_is_not_phased(model: Callable[..., rs.RiskModel], vcf: Table) -> None:
    """The mean is of the haplotype's own frequency, and stands in where phase is lacking."""
    path = vcf(["1/1", "0/1", "0|1"], ["0/0", "0/1", "1|0"])
    scores = rs.score(path, model(extra="allelefrequency_effect", cell="0.3"))
    table = next(iter(scores.tables))
    mean = 2 * 0.3 * 0.5
    score = table.numbers["genetic_score"]
    assert score[[0, 2]].tolist() == pytest.approx([1 - mean, 0.5 - mean])
    assert np.isnan(score[1])  # nothing else of the model could stand for it
    assert table.unscored == 1
    assert table.numbers["coverage"][[0, 2]].tolist() == [1, 1]
    assert "not_phased=rs1:A;rs2:C" in table.flags[1]
    assert not any("not_phased" in table.flags[i] for i in (0, 2))
    assert scores.explain("a1")["missing"].tolist() == ["not_phased"]


def test_people_without_phase_make_no_frequency(
    model: Callable[..., rs.RiskModel], vcf: Table
) -> None:
    """They are all heterozygous, so the mean of the others would not be that of everybody."""
    phased = vcf(["0|1"] * 60, ["1|0"] * 60)
    assert "centred_on=cohort" in next(iter(rs.score(phased, model()).tables)).flags[0]
    some = vcf(["0|1"] * 60 + ["0/1"], ["1|0"] * 60 + ["0/1"], name="b.vcf")
    assert "not_centred" in next(iter(rs.score(some, model()).tables)).flags[0]


def test_people_written_down(model: Callable[..., rs.RiskModel]) -> None:
    own = model(extra="allelefrequency_effect", cell="0.3")
    known = rs.score(rs.person([own], variants={"rs1": 2, "rs2": 1}))
    assert known.of(own.id).numbers["genetic_score"][0] == pytest.approx(0.5 - 0.3)
    both = rs.score(rs.person([own], variants={"rs1": 1, "rs2": 1}))
    assert "not_phased" in both.of(own.id).flags[0]


def test_the_row_is_written_as_it_was_read(
    model: Callable[..., rs.RiskModel], tmp_path: Path
) -> None:
    from riskscore.models.scoring_files.export import export_pgs

    first = model(3, extra="allelefrequency_effect", cell="0.25")
    path = tmp_path / "PGS999777.txt"
    path.write_text(export_pgs(first).text)
    (term,), (again,) = first.terms, rs.load_model(path).terms
    assert again.factors == term.factors
    assert again.factors[0].frequency == term.factors[0].frequency  # type: ignore[union-attr]
    assert again.weight == term.weight


def test_the_haplotype_is_not_drawn_from_nothing(model: Callable[..., rs.RiskModel]) -> None:
    with pytest.raises(rs.errors.UsageError, match="cannot be drawn"):
        rs.simulate(model(extra="allelefrequency_effect_EUR", cell="0.3"), 10, prevalence=0.01)


def test_a_part_is_judged_with_the_whole(model: Callable[..., rs.RiskModel], vcf: Table) -> None:
    """One person without phase takes the frequency from everybody, in whichever part they are."""
    from riskscore.samples.people_part import PeoplePart

    cells = (["0|1"] * 60 + ["0/1", "1/1"], ["1|0"] * 60 + ["0/1", "0/0"])
    path, own = vcf(*cells), model()
    (haplotype,) = own.snp_haplotypes
    whole = rs.read_cohort(path, [own]).dosages
    parts = [rs.read_cohort(path, [own], part=PeoplePart(i, 2)) for i in (1, 2)]
    values = np.concatenate([part.dosages.of(haplotype) for part in parts])
    np.testing.assert_array_equal(values, whole.of(haplotype))
    assert all(repr(p.dosages.match(haplotype)) == repr(whole.match(haplotype)) for p in parts)
