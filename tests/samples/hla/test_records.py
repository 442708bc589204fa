"""HLA records in every dialect, made from the samples that tools published, read as one truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskscore.errors import VCFFormatError
from riskscore.genetics.hla import HLAAllele, covered
from riskscore.samples.hla.calls import HLACalls
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.samples.hla.table import read_hla_calls

Make = Callable[..., Path]
SAMPLES = ["a", "b", "c"]
# The truth: DRB1 of three people.
TRUTH = {"a": ("04:01", "15:01"), "b": ("15:01", "15:01"), "c": ("03:01", "04:05")}
NAMES = ["03", "03:01", "04", "04:01", "04:05", "15", "15:01"]


def copies(name: str) -> list[int]:
    return [sum(allele.startswith(name) for allele in TRUTH[s]) for s in SAMPLES]


def gt(count: int, present: str = "1", absent: str = "0", joint: str = "/") -> str:
    return joint.join([absent] * (2 - count) + [present] * count)


def read(path: Path) -> HLACalls:
    samples, calls = read_hla_calls(path)
    assert list(samples) == SAMPLES
    return calls


def pairs(calls: HLACalls, gene: str = "DRB1") -> dict[str, tuple[str, ...]]:
    found = {}
    for place, sample in enumerate(SAMPLES):
        best = calls.genes[gene].best(place)
        if best is not None:
            found[sample] = tuple(sorted(str(a).split("*")[1] for a in best[:2]))
    return found


def rows(write: Callable[[str, list[int]], tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [write(name, copies(name)) for name in NAMES]


def tapas(name: str, counts: list[int]) -> tuple[Any, ...]:  # D1
    cells = [f"{gt(n, joint='|')}:{n}:{int(n == 0)},{int(n == 1)},{int(n == 2)}" for n in counts]
    info = "AR2=0.95;DR2=0.96;AF=0.2;IMP"
    return ("6", 32546551, f"HLA_DRB1*{name}", "A", "T", "GT:DS:GP", cells, info)


def minimac(name: str, counts: list[int]) -> tuple[Any, ...]:  # D2
    cells = [
        f"{gt(n, joint='|')}:{n}.000:{int(n > 1)},{int(n > 0)}:"
        f"{int(n == 0)},{int(n == 1)},{int(n == 2)}"
        for n in counts
    ]
    info = "AF=0.2;MAF=0.2;R2=0.99156;IMPUTED"
    return ("6", 32546552, f"HLA_DRB1*{name}", "A", "T", "GT:DS:HDS:GP", cells, info)


def minimac_hds_only(name: str, counts: list[int]) -> tuple[Any, ...]:  # D2, Minimac4's default
    cells = [f"{int(n > 1)},{int(n > 0)}" for n in counts]
    return ("6", 32546552, f"HLA_DRB1*{name}", "A", "T", "HDS", cells, "R2=0.9")


def beagle_um(name: str, counts: list[int]) -> tuple[Any, ...]:  # D3: ALT is absence
    cells = [
        f"{gt(2 - n, joint='|')}:{2 - n}:{int(n == 2)},{int(n == 1)},{int(n == 0)}" for n in counts
    ]
    return ("6", 32584287, f"HLA_DRB1_{name}", "P", "A", "GT:DS:GP", cells, "DR2=0.9;AF=0.8;IMP")


def panel_um(name: str, counts: list[int]) -> tuple[Any, ...]:  # D4
    return (
        "6",
        32584287,
        f"HLA_DRB1_{name}",
        "P",
        "A",
        "GT",
        [gt(2 - n, joint="|") for n in counts],
    )


def snp2hla(name: str, counts: list[int]) -> tuple[Any, ...]:  # D5, converted by PLINK
    plain = name.replace(":", "")
    return ("6", 32660042, f"HLA_DRB1_{plain}", "A", "P", "GT", [gt(n) for n in counts])


def hibag(name: str, counts: list[int]) -> tuple[Any, ...]:  # D6
    letters = f"P_{name.replace(':', '')}"
    cells = [f"{gt(n)}:{n}.0000" for n in counts]
    return ("6", 32546551, f"HLA-DRB1*{name}", "A", letters, "GT:DS", cells)


def finngen(name: str, counts: list[int]) -> tuple[Any, ...]:  # D7: REF is present here
    cells = [f"{int(n == 2)},{int(n == 1)},{int(n == 0)}" for n in counts]
    return ("6", 32546551, f"DRB1*{name}", "<present>", "<absent>", "GP", cells)


def plink_swapped(name: str, counts: list[int]) -> tuple[Any, ...]:  # D8: major allele in REF
    identifier, common = f"HLA_DRB1_{name.replace(':', '')}", sum(counts) > len(counts)
    ref, alt = ("p", "a") if common else ("a", "p")
    cells = [gt(2 - n if common else n) for n in counts]
    return ("6", 32660042, identifier, ref, alt, "GT", cells)


DIALECTS = {
    "D1": (tapas, "HLA-TAPAS (A/T)"),
    "D2": (minimac, "HLA-TAPAS (A/T)"),
    "D2 HDS": (minimac_hds_only, "HLA-TAPAS (A/T)"),
    "D3": (beagle_um, "SNP2HLA (A/P)"),
    "D4": (panel_um, "SNP2HLA (A/P)"),
    "D5": (snp2hla, "SNP2HLA (A/P)"),
    "D6": (hibag, "HIBAG"),
    "D7": (finngen, "FinnGen"),
    "D8": (plink_swapped, "SNP2HLA (A/P)"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(make_vcf: Make, dialect: str) -> None:
    write, name = DIALECTS[dialect]
    calls = read(make_vcf(SAMPLES, rows(write)))
    assert pairs(calls) == {s: tuple(sorted(pair)) for s, pair in TRUTH.items()}
    (report,) = calls.reports
    assert report.dialect == name
    assert report.records == {1: 3, 2: 4}
    assert report.resolution == 2
    assert (report.called, report.not_called, report.sum_refused) == (3, 0, 0)
    assert report.sum_mean == pytest.approx(2)
    ref_present = {"D3": 7, "D4": 7, "D7": 7, "D8": sum(sum(copies(n)) > 3 for n in NAMES)}
    assert report.flipped == ref_present.get(dialect, 0)


def test_one_letter_wrong_is_refused_by_name(make_vcf: Make) -> None:
    made = rows(snp2hla)
    made[3] = (*made[3][:3], "G", "C", *made[3][5:])  # recoded to bases
    with pytest.raises(VCFFormatError, match="G>C of HLA_DRB1_0401"):
        read(make_vcf(SAMPLES, made))


@pytest.mark.parametrize(
    "letters", [("A", "A"), ("P", "T"), ("A", "T,C"), ("x", "2"), ("A", "P_0402")]
)
def test_letters_that_do_not_tell(make_vcf: Make, letters: tuple[str, str]) -> None:
    made = [("6", 32546551, "HLA_DRB1*04:01", *letters, "GT", ["0/1", "0/0", "0/1"])]
    with pytest.raises(VCFFormatError, match="which one means present"):
        read(make_vcf(SAMPLES, made))


def test_resolutions_are_not_added_up(make_vcf: Make) -> None:
    """With one and two fields side by side a carrier of 15:01 still has two alleles."""
    calls = read(make_vcf(SAMPLES, rows(tapas)))
    drb1 = calls.genes["DRB1"]
    total = np.bincount(drb1.sample, drb1.probability, 3)
    assert total == pytest.approx([1, 1, 1])
    assert all(allele.resolution == 2 for allele in drb1.alleles)


def test_each_person_is_named_as_finely_as_the_persons_own_records_allow(make_vcf: Make) -> None:
    """Of DRB1*15:01 there is no record: its carriers have DRB1*15, and another one than 15:02."""
    made = [row for row in rows(tapas) if row[2] != "HLA_DRB1*15:01"]
    made.append(tapas("15:02", [0, 0, 0]))
    calls = read(make_vcf(SAMPLES, made))
    assert pairs(calls) == {"a": ("04:01", "15"), "b": ("15", "15"), "c": ("03:01", "04:05")}
    other = next(name for name in calls.genes["DRB1"].alleles if str(name) == "DRB1*15")
    assert covered([HLAAllele.parse("DRB1*15:02")], other) is False
    assert covered([HLAAllele.parse("DRB1*15:01")], other) is None


@pytest.mark.parametrize("write", [tapas, minimac], ids=["by genotype", "by haplotype dosage"])
def test_people_alike_have_the_calls_of_one_of_them(
    make_vcf: Make, write: Callable[[str, list[int]], tuple[Any, ...]]
) -> None:
    """Three people many times over, in a mixed order, are called as the three are by themselves."""
    whose = np.random.default_rng(7).integers(0, 3, 200).tolist()
    made = [write(name, [copies(name)[i] for i in whose]) for name in NAMES]
    path = make_vcf([f"P{place}" for place in range(200)], made, name="many.vcf.gz")
    gene = read_hla_calls(path)[1].genes["DRB1"]
    expected = [sorted(TRUTH[SAMPLES[i]]) for i in whose]
    assert [sorted(str(a).split("*")[1] for a in gene.best(p)[:2]) for p in range(200)] == expected  # type: ignore[index]
    assert np.bincount(gene.sample, gene.probability).tolist() == [1.0] * 200


def test_phase_is_that_of_a_persons_own_genotypes(make_vcf: Make) -> None:
    """A record in which nobody is phased takes nothing from who is phased in the others."""
    made = [
        ("6", 1 + 32546551, "HLA_DRB1*03:01", "A", "T", "GT", ["1|0", "0/1", "0|0"]),
        ("6", 2 + 32546551, "HLA_DRB1*04:01", "A", "T", "GT", ["0|1", "1/0", "1|1"]),
        ("6", 3 + 32546551, "HLA_DRB1*15:01", "A", "T", "GT", ["0/0", "0/0", "0/0"]),
    ]
    gene = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    assert [str(name) for name in gene.phase(0) or ()] == ["DRB1*03:01", "DRB1*04:01"]
    assert gene.phase(1) is None


def test_nobody_is_named_more_coarsely_for_what_another_lacks(make_vcf: Make) -> None:
    """A person of 15:06 twice, alone and beside people whose second allele has no fine record."""

    def made(counts: dict[str, list[int]]) -> list[tuple[Any, ...]]:
        return [tapas(name, n) for name, n in counts.items()]

    alone = {"08": [0] * 3, "08:01": [0] * 3, "15": [2] * 3, "15:01": [0] * 3, "15:06": [2] * 3}
    among = {"08": [0, 2, 2], "08:01": [0, 1, 1], "15": [2, 0, 0], "15:01": [0] * 3,
             "15:06": [2, 0, 0]}  # fmt: skip
    one = pairs(read(make_vcf(SAMPLES, made(alone), name="alone.vcf.gz")))
    several = pairs(read(make_vcf(SAMPLES, made(among), name="among.vcf.gz")))
    assert one["a"] == several["a"] == ("15:06", "15:06")
    assert several["b"] == ("08", "08:01")


def test_an_allele_written_finer_than_the_rest_is_not_lost(make_vcf: Make) -> None:
    made = [row for row in rows(tapas) if row[2] != "HLA_DRB1*03:01"]
    made.append(tapas("03:01:01:01", [0, 0, 1]))
    calls = read(make_vcf(SAMPLES, made))
    assert pairs(calls)["c"] == ("03:01:01:01", "04:05")


def test_what_is_missing_of_two_alleles_is_an_unknown_one(make_vcf: Make) -> None:
    """Best-guess genotypes of 1, 2, 3 alleles at a locus: of three nothing can be said."""
    made = [
        ("6", 1 + 32546551, "HLA_DRB1*03:01", "A", "T", "GT", ["0|0", "0|1", "0|1"]),
        ("6", 2 + 32546551, "HLA_DRB1*04:01", "A", "T", "GT", ["0|1", "0|1", "0|1"]),
        ("6", 3 + 32546551, "HLA_DRB1*15:01", "A", "T", "GT", ["0|0", "0|0", "0|1"]),
    ]
    calls = read(make_vcf(SAMPLES, made))
    (report,) = calls.reports
    assert pairs(calls) == {"a": ("", "04:01"), "b": ("03:01", "04:01")}
    unknown = calls.genes["DRB1"].alleles[-1]
    assert covered([HLAAllele.parse("DRB1*15:01")], unknown) is False  # it has a record
    assert covered([HLAAllele.parse("DRB1*15:02")], unknown) is None
    assert (report.called, report.not_called, report.sum_refused) == (2, 1, 2)
    assert (report.sum_low, report.sum_high) == (1, 3)


@pytest.mark.parametrize("total", [0.3, 0.9, 1.2, 1.79, 1.81, 1.96, 2.0, 2.1, 2.5, 2.9])
def test_certainty_has_no_step_at_any_sum(total: float) -> None:
    """The copies of the names and of the unknown allele are continuous in the dosages."""
    names = [HLAAllele.parse(f"DRB1*{fields}") for fields in ("04:01", "07:01", "15:01")]

    def copies_of(sum_: float) -> dict[str, float]:
        dosages = np.array([[0.5], [0.3], [0.2]]) * sum_
        calls = calls_from_dosages("DRB1", names, dosages, "")
        found: dict[str, float] = {}
        for a, b, p in calls.pairs(0):
            for name in (str(a), str(b)):
                found[name] = found.get(name, 0.0) + p
        return found

    here, near = copies_of(total), copies_of(total + 0.01)
    assert sum(here.values()) == pytest.approx(2)
    for name in here.keys() | near.keys():
        assert here.get(name, 0.0) == pytest.approx(near.get(name, 0.0), abs=0.06)
    if total < 1.95:
        assert here["DRB1*"] == pytest.approx(2 - total, abs=1e-6)


def test_reversed_polarity_does_not_sum_to_two(make_vcf: Make) -> None:
    """Counting absence of n alleles gives 2n - 2: such a file is never scored."""
    flipped = [(*row[:3], "A", "P", *row[5:]) for row in rows(panel_um)]
    calls = read(make_vcf(SAMPLES, flipped))
    assert calls.genes["DRB1"].called(3).sum() == 0
    assert calls.reports[0].sum_refused == 3


def test_a_missing_fine_call_leaves_the_coarse_one(make_vcf: Make) -> None:
    """The first allele of c is DRB1*03, perhaps 03:01, whose record has no call."""
    made = rows(snp2hla)
    made[1] = (*made[1][:6], ["0/0", "0/0", "./."])
    calls = read(make_vcf(SAMPLES, made))
    assert pairs(calls)["c"] == ("03", "04:05")
    coarse = next(name for name in calls.genes["DRB1"].alleles if str(name) == "DRB1*03")
    assert covered([HLAAllele.parse("DRB1*03:01")], coarse) is None
    assert pairs(calls)["a"] == ("04:01", "15:01")


def test_nothing_called_is_no_call(make_vcf: Make) -> None:
    made = [(*row[:6], ["./.", *row[6][1:]]) for row in rows(snp2hla)]
    assert set(pairs(read(make_vcf(SAMPLES, made)))) == {"b", "c"}


def test_a_phase_set_is_kept_and_two_of_one_gene_say_nothing(make_vcf: Make) -> None:
    made = [
        ("6", 1 + 32546551, "HLA_DRB1*03:01", "A", "T", "GT:PS", ["1|0:7", "1|0:7", "1|0:."]),
        ("6", 2 + 32546551, "HLA_DRB1*04:01", "A", "T", "GT:PS", ["0|1:7", "0|1:9", "0|1:."]),
    ]
    drb1 = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    assert drb1.phase_set.tolist()[::2] == [7, 0]
    assert drb1.ordered.tolist() == [True, False, True]


@pytest.mark.parametrize("odd", ["h1", "2147483648", "9" * 30])
def test_a_phase_set_that_is_no_integer_of_vcf_is_a_set_of_its_own(
    make_vcf: Make, odd: str
) -> None:
    made = [
        ("6", 1 + 32546551, "HLA_DRB1*03:01", "A", "T", "GT:PS", [f"1|0:{odd}", "1|0:h", "1|0:0"]),
        ("6", 2 + 32546551, "HLA_DRB1*04:01", "A", "T", "GT:PS", [f"0|1:{odd}", "0|1:h", "0|1:0"]),
    ]
    drb1 = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    assert len({0, *drb1.phase_set.tolist()}) == 3
    assert drb1.ordered.all()


def test_dosages_keep_their_means(make_vcf: Make) -> None:
    """Verbatim imputation output: fractional dosages of four alleles."""
    dosages = {"03:01": 0.31, "04:01": 0.97, "04:05": 0.12, "15:01": 0.60}
    made = [
        ("6", 32546551, f"HLA_DRB1*{name}", "A", "T", "DS", [str(d), "0", "0"])
        for name, d in dosages.items()
    ]
    drb1 = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    mean: dict[str, float] = {}
    for i, j, p in zip(drb1.first, drb1.second, drb1.probability, strict=True):
        for place in (i, j):
            name = str(drb1.alleles[place]).split("*")[1]
            mean[name] = mean.get(name, 0.0) + p
    assert mean == pytest.approx(dosages, abs=1e-4)
    assert all(i != j for i, j in zip(drb1.first, drb1.second, strict=True))


def test_haplotype_dosages_keep_chromosomes(make_vcf: Make) -> None:
    """HDS 1,0 / 0,0.6 / 0,0.4: one allele is certain, the other chromosome open."""
    made = [
        ("6", 32546551, f"HLA_DRB1*{name}", "A", "T", "GT:DS:HDS", [f"0|0:{d}:{hds}"] * 3)
        for name, d, hds in (("03:01", 1, "1,0"), ("04:01", 0.6, "0,0.6"), ("15:01", 0.4, "0,0.4"))
    ]
    drb1 = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    found = {
        (str(drb1.alleles[i]), str(drb1.alleles[j])): p
        for s, i, j, p in zip(drb1.sample, drb1.first, drb1.second, drb1.probability, strict=True)
        if s == 0
    }
    assert found == pytest.approx(
        {("DRB1*03:01", "DRB1*04:01"): 0.6, ("DRB1*03:01", "DRB1*15:01"): 0.4}
    )
    assert drb1.ordered.all()


def test_genotype_probabilities_before_dosages(make_vcf: Make) -> None:
    """Of a dosage of 1 it is GP that knows how much is two copies."""
    made = [
        ("6", 1, f"HLA_DRB1*{name}", "A", "T", "DS:GP", ["1:0.25,0.5,0.25"] * 3)
        for name in ("03:01", "04:01")
    ]
    made = [(row[0], 32546551 + i, *row[2:]) for i, row in enumerate(made)]
    drb1 = read(make_vcf(SAMPLES, made)).genes["DRB1"]
    found = {tuple(sorted((str(a), str(b)))): p for a, b, p in drb1.pairs(0)}
    assert found == pytest.approx(
        {
            ("DRB1*03:01", "DRB1*03:01"): 0.25,
            ("DRB1*03:01", "DRB1*04:01"): 0.5,
            ("DRB1*04:01", "DRB1*04:01"): 0.25,
        }
    )


def test_quality_is_carried(make_vcf: Make) -> None:
    made = [(*row[:7], f"DR2={0.5 if '04:05' in row[2] else 0.9}") for row in rows(tapas)]
    (report,) = read(make_vcf(SAMPLES, made)).reports
    weights = {"03:01": 1, "04:01": 1, "04:05": 1, "15:01": 3}
    mean = sum(n * (0.5 if name == "04:05" else 0.9) for name, n in weights.items()) / 6
    assert report.quality == pytest.approx(mean)
    assert report.quality_low == 1


def test_absent_genes_are_calls(make_vcf: Make) -> None:
    def record(name: str, counts: Iterable[int]) -> tuple[Any, ...]:
        return ("6", 32546551, name, "A", "T", "GT", [gt(n) for n in counts])

    made = [record("HLA_DRB4*01:03", [1, 0, 2]), record("HLA_DRB4*99:99", [1, 2, 0])]
    drb4 = read(make_vcf(SAMPLES, made)).genes["DRB4"]
    assert [tuple(map(str, drb4.pairs(s)[0][:2])) for s in range(3)] == [
        ("DRB4*01:03", "DRB4*NNNN"),
        ("DRB4*NNNN", "DRB4*NNNN"),
        ("DRB4*01:03", "DRB4*01:03"),
    ]


def test_what_is_no_allele_is_passed_over(make_vcf: Make) -> None:
    made = rows(tapas)
    made += [
        ("6", 32546555, "AA_DRB1_140_32549515_exon3", "T", "A", "GT", ["1|1"] * 3),
        ("6", 32546556, "SNPS_DRB1_10290_32547230_intron5_.", "A", "T", "GT", ["0|0"] * 3),
        ("6", 32546557, "HLA_DRB1", "A", "T", "GT", ["0|0"] * 3),
        ("6", 32546558, "rs3135388", "G", "A", "GT", ["0|0"] * 3),
    ]
    assert pairs(read(make_vcf(SAMPLES, made)))["b"] == ("15:01", "15:01")


def test_a_name_twice_may_agree_but_not_differ(make_vcf: Make) -> None:
    made = rows(tapas)
    assert pairs(read(make_vcf(SAMPLES, [*made, made[1]], name="twice.vcf.gz")))["b"] == (
        "15:01",
        "15:01",
    )
    other = tapas("03:01", [1, 0, 0])
    with pytest.raises(VCFFormatError, match=r"two records are named DRB1\*03:01"):
        read(make_vcf(SAMPLES, [*made, other], name="differ.vcf.gz"))


def test_a_monomorphic_record_has_no_second_letter(make_vcf: Make) -> None:
    made = [*rows(snp2hla), ("6", 32660042, "HLA_DRB1_0402", "A", ".", "GT", ["0/0"] * 3)]
    assert pairs(read(make_vcf(SAMPLES, made))) == {s: tuple(sorted(p)) for s, p in TRUTH.items()}
    everybody = [("6", 32660042, "HLA_DRB1_0402", "P", ".", "GT", ["0/0"] * 3)]
    assert pairs(read(make_vcf(SAMPLES, everybody, name="all.vcf.gz")))["a"] == ("04:02", "04:02")


def test_dosages_rounded_to_three_digits_are_called() -> None:
    """An allele of dosage 1.000 beside others that sum to 0.999 is one that everybody has once."""
    names = [HLAAllele.parse(f"DRB1*{fields}") for fields in ("04:01", "07:01", "08:01", "15:01")]
    rounded = np.array([[0.619], [0.376], [0.004], [1.0]])
    calls = calls_from_dosages("DRB1", names, rounded, "")
    pairs = {str(a): p for a, b, p in calls.pairs(0) if str(b) == "DRB1*15:01"}
    expected = {"DRB1*04:01": 0.619, "DRB1*07:01": 0.376, "DRB1*08:01": 0.004}
    assert pairs == pytest.approx({name: p / 0.999 for name, p in expected.items()}, abs=1e-6)
