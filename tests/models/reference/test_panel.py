"""HLA frequencies in a mixture of populations, against sums written from the tables."""

import pytest

from riskscore.files.inputs import reference_root
from riskscore.files.tables import read_rows
from riskscore.genetics.hla import AlleleList, HLAAllele, HLAName, OtherAllele
from riskscore.genetics.variant import Variant
from riskscore.models.reference.panel import ReferencePanel, Tag, reference_panel

MIXTURE, PARTS = "EUR=0.7,AFR=0.3", {"EUR": 0.7, "AFR": 0.3}


def of_table(gene: str) -> dict[tuple[str, str], float]:
    rows = read_rows(reference_root() / "hla" / "allele_frequencies.tsv")
    return {
        (r["population"], r["allele"]): float(r["frequency"]) for r in rows if r["gene"] == gene
    }


@pytest.mark.parametrize("allele", ["B*08:01", "B*57:01", "B*53:01"])
def test_an_allele_has_the_mean_share_of_the_parts(allele: str) -> None:
    table = of_table("B")
    expected = sum(part * table.get((name, allele), 0.0) for name, part in PARTS.items())
    assert reference_panel().frequency(HLAAllele.parse(allele), MIXTURE) == pytest.approx(expected)


def test_a_group_is_shared_out_by_the_chromosomes_of_each_population() -> None:
    table, members = of_table("DQB1"), read_rows(reference_root() / "hla" / "g_groups.tsv")
    share = {
        (row["population"], row["allele"]): float(row["share"])
        for row in members
        if row["group"] == "DQB1*02:01"
    }
    of_group = {name: part * table[name, "DQB1*02:01"] for name, part in PARTS.items()}
    expected = sum(weight * share[name, "DQB1*02:02"] for name, weight in of_group.items()) / sum(
        of_group.values()
    )
    found = dict(reference_panel().candidates(HLAAllele.parse("DQB1*02:01G"), MIXTURE))
    assert found[HLAAllele.parse("DQB1*02:02")] == pytest.approx(expected)


def test_a_population_that_is_not_there_leaves_the_mixture_without_frequencies() -> None:
    assert reference_panel().shares("B", "EUR=0.5,XXX=0.5") == {}


def allele(name: str) -> HLAAllele:
    return HLAAllele.parse(name)


SNP = Variant("rs1", "6", 100, 90, "A", "G")


@pytest.mark.parametrize(
    ("both", "tag_alone", "allele_alone", "neither"),
    [(80, 20, 10, 890), (5, 1, 0, 94), (1, 0, 0, 1)],
)
def test_who_carries_an_allele_by_its_tag_counted_on_chromosomes(
    both: int, tag_alone: int, allele_alone: int, neither: int
) -> None:
    total = both + tag_alone + allele_alone + neither
    p, q = (both + allele_alone) / total, (both + tag_alone) / total
    d = both / total - p * q
    r2 = d * d / (p * (1 - p) * q * (1 - q))
    tag = Tag(allele("B*08:01"), SNP, {"EUR": r2}, {"EUR": q})
    without, with_tag = tag.carriage("EUR", p)
    assert without == pytest.approx(allele_alone / (allele_alone + neither), abs=1e-12)
    assert with_tag == pytest.approx(both / (both + tag_alone))


def test_a_tag_of_which_nothing_is_known_is_taken_for_the_allele() -> None:
    known = Tag(allele("B*08:01"), SNP, {"EUR": 0.9, "AFR": 0.5}, {"EUR": 0.2})
    assert known.carriage("AFR", 0.1) == (0, 1)
    assert known.carriage("EAS", 0.1) == (0, 1)
    assert known.carriage("EUR", 0.0) == (0, 1)
    assert known.carriage("EUR", 1.0) == (0, 1)
    assert Tag(allele("B*08:01"), SNP, {"EUR": 1}, {"EUR": 1}).carriage("EUR", 0.1) == (0, 1)
    # 0.9 of r2 between frequencies of 0.2 and 0.02 cannot be: no share leaves 0 to 1
    assert known.carriage("EUR", 0.02) == pytest.approx((0, 0.1))
    assert known.carriage("EUR", 0.9) == pytest.approx((0.875, 1))


def test_a_tag_holds_from_an_r2_of_0_8_on() -> None:
    tag = Tag(allele("B*08:01"), SNP, {"EUR": 0.8, "AFR": 0.79}, {})
    assert [tag.holds(name) for name in ("EUR", "AFR", "EAS")] == [True, False, False]


def made() -> ReferencePanel:
    """DQB1*02:01 stands for 02:01 and 02:02; A*01 has a common allele and a rare one."""
    table = {"A*01:01": 0.3, "A*01:02": 0.1, "A*02:01": 0.6}
    dqb1 = {"DQB1*02:01": 0.4, "DQB1*03:01": 0.6}
    second = Variant("rs0", "6", 50, 40, "C", "T")
    return ReferencePanel(
        {
            ("EUR", "A"): {allele(name): share for name, share in table.items()},
            ("EUR", "DQB1"): {allele(name): share for name, share in dqb1.items()},
        },
        {"EUR": (), "AFR": ()},
        reference_panel().residues,
        (
            Tag(allele("A*01:01"), SNP, {"EUR": 0.9}, {}),
            Tag(allele("A*01:01"), second, {"EUR": 0.9, "AFR": 0.3}, {}),
            Tag(allele("A*02:01"), SNP, {"EUR": 0.99}, {}),
        ),
        {
            "EUR": {
                allele("DQB1*02:01"): ((allele("DQB1*02:01"), 0.75), (allele("DQB1*02:02"), 0.25))
            }
        },
    )


def test_the_best_tag_stands_first() -> None:
    names = [tag.variant.name for tag in made().tags_of(allele("A*01:01"), "EUR")]
    assert names == ["rs0", "rs1"]  # equally good: by name
    assert [t.variant.name for t in made().tags_of(allele("A*02:01"), "EUR")] == ["rs1"]
    assert [t.variant.name for t in made().tags_of(allele("A*01:01"), "AFR")] == ["rs0", "rs1"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (allele("A*01"), {"A*01:01": 0.75, "A*01:02": 0.25}),
        (allele("A*01:01"), {"A*01:01": 1}),
        (allele("A*01:01:01:01"), {"A*01:01": 1}),
        (allele("A*01:11N"), {"A*01:11N": 1}),
        (allele("A*03:01"), {}),
        (allele("DQB1*02"), {"DQB1*02:01": 0.75, "DQB1*02:02": 0.25}),
        (allele("DQB1*02:02"), {"DQB1*02:02": 1}),
        (allele("DQB1*02:02P"), {"DQB1*02:01": 0.75, "DQB1*02:02": 0.25}),  # a group of alleles
        (HLAAllele.absent("DRB3"), {"DRB3*NNNN": 1}),
        (
            AlleleList.of([allele("A*01:02"), allele("A*02:01")]),
            {"A*01:02": 1 / 7, "A*02:01": 6 / 7},
        ),
        (AlleleList.of([allele("A*03:01"), allele("A*11:01")]), {"A*03:01": 0.5, "A*11:01": 0.5}),
        (OtherAllele(allele("A*01"), (allele("A*01:01"),)), {"A*01:02": 1}),
    ],
)
def test_what_a_name_may_stand_for(name: HLAName, found: dict[str, float]) -> None:
    candidates = made().candidates(name, "EUR")
    assert {str(one): share for one, share in candidates} == pytest.approx(found)


def test_the_name_by_which_the_panel_knows_an_allele() -> None:
    panel = made()
    assert str(panel.panel_name(allele("DQB1*02:02:01"), "EUR")) == "DQB1*02:01"
    assert str(panel.panel_name(allele("DQB1*03:01:01G"), "EUR")) == "DQB1*03:01"
    assert str(panel.panel_name(allele("A*24:09N"), "EUR")) == "A*24:09N"
    listed = allele("DQB1*02:01")
    assert panel.may_be_listed(allele("DQB1*02:02"), listed, "EUR")
    assert panel.may_be_listed(allele("DQB1*02"), listed, "EUR")
    assert not panel.may_be_listed(allele("DQB1*03"), listed, "EUR")
    assert not panel.may_be_listed(allele("DQB1*02:03"), listed, "EUR")
    assert panel.frequency(allele("A*01"), "EUR") == pytest.approx(0.4)
    assert panel.shares("A", "AFR") == {}


def test_a_tag_holds_in_a_mixture_where_it_holds_in_each_part() -> None:
    allele = HLAAllele.parse("DRB1*15:01")
    tag = Tag(allele, None, {"EUR": 0.97, "AMR": 0.85, "AFR": 0.2}, {"EUR": 0.14, "AMR": 0.06})
    assert tag.holds("EUR=0.5,AMR=0.5")
    assert not tag.holds("EUR=0.9,AFR=0.1")
    assert tag.holds("EUR=1,AFR=0")
    assert not tag.holds("EUR=0.5,EAS=0.5")  # not measured there
    # q = 0.10 in the mixture; r2 = D^2 / (p(1-p) q(1-q)), and P(allele | tag) = p + D/q.
    p, q = 0.09, 0.10
    d = (0.85 * p * (1 - p) * q * (1 - q)) ** 0.5
    without, beside = tag.carriage("EUR=0.5,AMR=0.5", p)
    assert beside == pytest.approx(min(p + d / q, 1))
    assert without == pytest.approx(p - d / (1 - q))


def small(
    alleles: dict[tuple[str, str], dict[str, float]],
    groups: dict[str, dict[str, dict[str, float]]],
) -> ReferencePanel:
    """A panel of these shares, by population and gene, and of these G groups by population."""
    return ReferencePanel(
        {key: {allele(name): share for name, share in own.items()} for key, own in alleles.items()},
        {"EUR": (), "AFR": ()},
        reference_panel().residues,
        (),
        {
            population: {
                allele(first): tuple((allele(name), share) for name, share in members.items())
                for first, members in own.items()
            }
            for population, own in groups.items()
        },
    )


def test_a_tag_that_nobody_has_is_taken_for_the_allele() -> None:
    assert Tag(allele("B*08:01"), SNP, {"EUR": 0.9}, {"EUR": 0.0}).carriage("EUR", 0.1) == (0, 1)


def test_members_of_a_group_in_a_mixture() -> None:
    """By the chromosomes of each population: 0.5 of 0.4 in EUR, 0.5 of 0.1 in AFR."""
    both = {"B*15:01": 0.75, "B*15:02": 0.25}, {"B*15:01": 0.5, "B*15:03": 0.5}
    panel = small(
        {("EUR", "B"): {"B*15:01": 0.4, "B*27:05": 0.6}, ("AFR", "B"): {"B*15:01": 0.1}},
        {"EUR": {"B*15:01": both[0], "B*44:02": {"B*44:02": 1}}, "AFR": {"B*15:01": both[1]}},
    )
    found = panel.group_members("EUR=0.5,AFR=0.5")
    assert {str(first) for first in found} == {"B*15:01"}  # nobody has the other
    assert {str(name): share for name, share in found[allele("B*15:01")]} == pytest.approx({
        "B*15:01": (0.2 * 0.75 + 0.05 * 0.5) / 0.25, "B*15:02": 0.2 * 0.25 / 0.25,
        "B*15:03": 0.05 * 0.5 / 0.25,
    })  # fmt: skip
    assert panel.group_members("EUR") == panel.groups["EUR"]
    assert panel.group_members("EAS") == {}


def test_a_group_that_one_part_of_a_mixture_lacks() -> None:
    groups = {"B*15:01": {"B*15:01": 0.75, "B*15:02": 0.25}}
    panel = small(
        {("EUR", "B"): {"B*27:05": 1}, ("AFR", "B"): {"B*15:01": 0.1}},
        {"EUR": {"B*15:01": {"B*15:01": 1}}, "AFR": groups},
    )
    found = dict(panel.group_members("EUR=0.5,AFR=0.5")[allele("B*15:01")])
    assert {str(name): share for name, share in found.items()} == pytest.approx(groups["B*15:01"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("B*15", {"B*15:01": 0.3 + 0.1, "B*15:02": 0.1, "B*15:04": 0.2}),  # 15:05 nobody has
        ("B*15:01", {"B*15:01": 1}), ("B*27", {"B*27:05": 1}),
    ],
)  # fmt: skip
def test_an_allele_of_two_groups_has_both_shares(name: str, found: dict[str, float]) -> None:
    shares = {"B*15:01": 0.4, "B*15:03": 0.1, "B*15:04": 0.2, "B*15:05": 0, "B*27:05": 0.3}
    panel = small(
        {("EUR", "B"): shares},
        {"EUR": {"B*15:01": {"B*15:01": 0.75, "B*15:02": 0.25}, "B*15:03": {"B*15:01": 1}}},
    )
    total = sum(found.values())
    expected = {one: share / total for one, share in found.items() if share}
    candidates = panel.candidates(allele(name), "EUR")
    assert {str(one): share for one, share in candidates} == pytest.approx(expected)


def test_the_shipped_haplotypes_are_of_five_superpopulations() -> None:
    rows = read_rows(reference_root() / "hla" / "haplotypes.tsv")
    table = type(reference_panel())().haplotypes
    assert table.genes == ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")
    assert set(table.counts) == {"AFR", "AMR", "EAS", "EUR", "SAS"}
    for name, counts in table.counts.items():
        assert counts.sum() == sum(float(row[name]) for row in rows)
