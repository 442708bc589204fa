"""Which rows of a model contradict a table of the disease: each rule at its limits, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from riskscore.errors import ModelDoubtError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.model import Card, HaplotypeScheme, NamedHaplotype, RiskModel
from riskscore.models.plain import PlainVariants
from riskscore.models.provenance import Comparison, Doubt, Finding, compare, require_trust
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    NO_COPY,
    RECESSIVE,
    Coding,
    DiplotypeFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Status,
    Term,
    VariantFactor,
)

NAMED = {"name": "a disease", "mondo": "MONDO:0000001"}


def model(
    terms: Sequence[Term],
    name: str = "mine",
    disease: Mapping[str, str] = NAMED,
    scheme: HaplotypeScheme | None = None,
    plain: PlainVariants | None = None,
) -> RiskModel:
    card = Card(disease, "", "", "", (), (), (), ())
    return RiskModel(
        name, name, "1.0.0", "", tuple(terms), card, scheme=scheme, plain=plain, checksum=name
    )


def term(factor: Factor, weight: float, name: str = "") -> Term:
    return Term(name or str(factor), (factor,), weight, "", "a paper", Status.FOUND)


def snp(
    letters: tuple[str, str],
    weight: float,
    place: int = 100,
    frequency: Mapping[str, float] | None = None,
    coding: Coding = ADDITIVE,
) -> Term:
    one = Variant(f"rs{place}", "1", place, None, *letters)
    return term(VariantFactor(one, coding, frequency or {}), weight)


def found(mine: Sequence[Term], theirs: Sequence[Term]) -> tuple[list[Finding], int]:
    comparison = compare(model(mine), [model(theirs, "theirs")])
    return list(comparison.findings), comparison.compared


# One variant in both --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        (("A", "G"), ("A", "G"), True), (("G", "A"), ("A", "G"), False),
        (("T", "C"), ("A", "G"), True), (("C", "T"), ("A", "G"), False),  # the other strand
        (("A", ""), ("A", "G"), True), (("G", ""), ("A", "G"), False),
        (("T", ""), ("A", "G"), True), (("C", ""), ("A", "G"), False),
        (("A", "C"), ("A", "G"), None), (("A", "T"), ("A", "G"), None),  # another variant
        (("A", "T"), ("A", "T"), True), (("T", "A"), ("A", "T"), False),  # a palindrome, by letters
        (("A", ""), ("A", "T"), None), (("C", ""), ("C", "G"), None),  # the strand is not told
        (("AT", "A"), ("AT", "A"), True), (("A", "AT"), ("AT", "A"), False),
        (("CA", ""), ("AT", "A"), None),
    ],
)  # fmt: skip
def test_whether_two_rows_count_one_allele(
    mine: tuple[str, str], theirs: tuple[str, str], same: bool | None
) -> None:
    """The same weight agrees for the same allele and contradicts for the other."""
    for weight in (0.3, -0.3):
        findings, compared = found([snp(mine, weight)], [snp(theirs, 0.3)])
        assert compared == (same is not None)
        agree = same is None or same == (weight > 0)
        told = [(f.doubt, f.term, f.ours, f.theirs, f.against) for f in findings]
        right = 0.3 if same else -0.3
        wrong = [(Doubt.DIRECTION, "rs100", weight, right, "theirs")]
        assert told == ([] if agree else wrong)


@pytest.mark.parametrize(
    ("ours", "theirs", "contrary"),
    [(0.02, -0.02, True), (0.019, -0.3, False), (0.3, -0.019, False), (0.3, 0.3, False),
     (-0.3, -0.3, False), (0.0, 0.3, False), (-5, 0.02, True)],
)  # fmt: skip
def test_small_effects_have_no_sure_direction(ours: float, theirs: float, contrary: bool) -> None:
    findings, compared = found([snp(("A", "G"), ours)], [snp(("A", "G"), theirs)])
    assert (len(findings), compared) == (contrary, 1)


@pytest.mark.parametrize(
    ("coding", "half"),
    [(ADDITIVE, 1), (DOMINANT, 0.5), (RECESSIVE, 0.5), (NO_COPY, -0.5),
     (Coding("by dosage", (0.5, -0.25, 2)), 0.75)],
)  # fmt: skip
def test_a_weight_is_that_of_one_copy_of_two(coding: Coding, half: float) -> None:
    """Half of what two copies weigh above none."""
    contrary = -1 if half > 0 else 1
    findings, _ = found([snp(("A", "G"), 0.8, coding=coding)], [snp(("A", "G"), contrary)])
    assert [f.ours for f in findings] == [pytest.approx(0.8 * half)]
    findings, _ = found([snp(("A", "G"), contrary)], [snp(("A", "G"), 0.8, coding=coding)])
    assert [f.theirs for f in findings] == [pytest.approx(0.8 * half)]


@pytest.mark.parametrize(
    ("mine", "known", "turned"),
    [
        (0.8, 0.3, True), (0.3, 0.8, True), (0.3, 0.3, False), (0.6, 0.4, False),
        (0.65, 0.4, True), (0.5, 0.25, False), (0.1, 0.4, False),  # no nearer to the other allele
        (0.9, 0.65, False), (0.301, 0.501, False),  # 0.2 apart, and no more
    ],
)  # fmt: skip
@pytest.mark.parametrize("population", ["EUR", "file"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_frequency_that_fits_the_other_allele(
    mine: float, known: float, turned: bool, population: str, swapped: bool
) -> None:
    """More than 0.2 off, and nearer to 1 less it; of the allele that both count."""
    letters = ("G", "A") if swapped else ("A", "G")
    weight = -0.3 if swapped else 0.3
    share = 1 - known if swapped else known
    ours = snp(("A", "G"), 0.3, frequency={population: mine})
    findings, compared = found([ours], [snp(letters, weight, frequency={"EUR": share})])
    assert [(f.doubt, f.ours) for f in findings] == ([(Doubt.FREQUENCY, mine)] if turned else [])
    assert [f.theirs for f in findings] == ([pytest.approx(known)] if turned else [])
    assert compared == 1


def test_which_frequencies_are_compared() -> None:
    """EUR before the file's own; nothing with another population, nor with a table without."""
    letters = ("A", "G")
    both = snp(letters, 0.3, frequency={"EUR": 0.3, "file": 0.8})
    table = [snp(letters, 0.3, frequency={"EUR": 0.3})]
    assert found([both], table)[0] == []
    assert found([snp(letters, 0.3, frequency={"AFR": 0.8})], table)[0] == []
    assert found([snp(letters, 0.3, frequency={"file": 0.8})], [snp(letters, 0.3)])[0] == []
    zero = [snp(letters, 0.3, frequency={"EUR": 0.0})]
    assert len(found([snp(letters, 0.3, frequency={"file": 0.9})], zero)[0]) == 1


def test_variants_are_the_same_by_their_place() -> None:
    """In either build, on the same chromosome; haplotypes of SNPs and products are left out."""

    def at(chromosome: str, in_38: int | None, in_37: int | None) -> list[Term]:
        return [term(VariantFactor(Variant("rs1", chromosome, in_38, in_37, "A", "G")), 0.3)]

    table = at("1", 100, 90)
    for place, count in (
        (at("1", 100, None), 1), (at("1", None, 90), 1), (at("1", 100, 80), 1),
        (at("2", 100, 90), 0), (at("1", 90, 100), 0), (at("1", None, None), 0),
    ):  # fmt: skip
        assert found(place, table)[1] == count
    pair = Variant.haplotype(
        [Variant("a", "1", 100, 90, "A", "G"), Variant("b", "1", 5, 4, "A", "G")]
    )
    assert found([term(VariantFactor(pair), 0.3)], table)[1] == 0
    product = Term("x", (*table[0].factors, *table[0].factors), 0.3, "", "", Status.FOUND)
    assert found([product], table)[1] == 0


def test_plain_rows_are_compared_where_the_table_has_their_place() -> None:
    plain = PlainVariants(
        name=np.array(["rs1", "rs2", "rs3", "rs4"], dtype=object),
        chromosome=np.array(["1", "1", "1", "2"], dtype=object),
        position_grch38=np.array([100, 0, 7, 100], dtype=np.int32),
        position_grch37=np.array([0, 200, 9, 0], dtype=np.int32),
        effect_allele=np.array(["A", "G", "A", "A"], dtype=object),
        other_allele=np.array(["G", "A", "G", "G"], dtype=object),
        weight=np.array([-0.3, 0.4, 0.5, 0.6]),
        coding=np.zeros(4, dtype=np.uint8),
        frequency={"file": np.array([np.nan, 0.9, 0.5, 0.5])},
        line=np.array([11, 12, 13, 14]),
        source="a file",
    )
    second = Variant("rs2", "1", 201, 200, "A", "G")
    table = [
        snp(("A", "G"), 0.3, frequency={"EUR": 0.9}),
        term(VariantFactor(second, ADDITIVE, {"EUR": 0.9}), 0.4),
    ]
    comparison = compare(model([], plain=plain), [model(table, "theirs")])
    assert comparison.compared == 2
    assert {(f.doubt, f.term, f.source) for f in comparison.findings} == {
        (Doubt.DIRECTION, "rs1", "a file, line 11"),
        (Doubt.DIRECTION, "rs2", "a file, line 12"),
        (Doubt.FREQUENCY, "rs2", "a file, line 12"),
    }


# Alleles and haplotypes -----------------------------------------------------------------------


def alleles(names: str, coding: Coding = ADDITIVE) -> HLAAlleleFactor:
    parsed = [HLAAllele.parse(name) for name in names.split("/")]
    return HLAAlleleFactor(parsed[0].gene, tuple(parsed), coding)


@pytest.mark.parametrize(
    ("mine", "compared"),
    [
        (alleles("B*27:05/B*27:02"), 1), (alleles("B*27:02/B*27:05"), 1), (alleles("B*27:05"), 0),
        (alleles("B*27:05/B*27:02", DOMINANT), 0), (alleles("B*27:05/B*27:03"), 0),
    ],
)  # fmt: skip
def test_alleles_that_both_count_alike(mine: HLAAlleleFactor, compared: int) -> None:
    table = [term(alleles("B*27:05/B*27:02"), 1.5)]
    findings, count = found([term(mine, -1.2, "mine")], table)
    assert count == compared
    assert [(f.ours, f.theirs) for f in findings] == [(-1.2, 1.5)] * compared
    assert found([term(mine, 1.2, "mine")], table)[0] == []


def scheme(named: Mapping[str, str]) -> HaplotypeScheme:
    found = []
    for rank, (name, text) in enumerate(named.items(), 1):
        genes: dict[str, tuple[HLAAllele, ...]] = {}
        for part in text.split():
            parsed = tuple(HLAAllele.parse(one) for one in part.split("/"))
            genes[parsed[0].gene] = parsed
        found.append(NamedHaplotype(name, genes, None, rank, {}))
    return HaplotypeScheme(tuple(found))


TABLE = {"DR3": "DRB1*03:01 DQB1*02:01", "DR4": "DRB1*04:01/DRB1*04:02 DQB1*03:02",
         "DR15": "DRB1*15:01 DQB1*06:02"}  # fmt: skip
PAIRS = [("DR3", "DR3"), ("DR3", "DR4"), ("DR4", "DR4")]


def haplotypes(name: str, named: Mapping[str, str], weights: Mapping[str, float]) -> RiskModel:
    terms = []
    for key, weight in weights.items():
        first, _, second = key.partition("+")
        terms.append(term(DiplotypeFactor((first, second)) if second else HaplotypeFactor(first),
                          weight))  # fmt: skip
    return model(terms, name, scheme=scheme(named))


def told(mine: RiskModel, theirs: RiskModel) -> tuple[set[tuple[str, str]], int]:
    comparison = compare(mine, [theirs])
    return {(f.doubt.name, f.term) for f in comparison.findings}, comparison.compared


WEIGHTS = {"DR3": 1.0, "DR4": 2.0, "DR15": -1.5}


@pytest.mark.parametrize(
    ("named", "compared"),
    [
        ({"DR3": "DRB1*03:01 DQB1*02:01"}, 1), ({"other": "DRB1*03:01 DQB1*02:01"}, 1),
        ({"DR3": "DRB1*03"}, 1), ({"DR3": "DRB1*03:01:01 DQA1*05:01"}, 1),  # genes of both agree
        ({"DR3": "DRB1*03:01 DQB1*02:02"}, 0), ({"DR3": "DQA1*05:01"}, 0),  # no gene in common
        ({"DR3": "DRB1*03:01 DQB1*02:01", "again": "DRB1*03 DQB1*02:01"}, 0),  # told apart there
        ({"any": "DRB1*03/DRB1*15 DQB1*02/DQB1*06"}, 0),  # a class of two of theirs
    ],
)  # fmt: skip
def test_haplotypes_are_the_same_by_their_alleles(named: Mapping[str, str], compared: int) -> None:
    mine = haplotypes("mine", named, dict.fromkeys(named, -0.5))
    findings, count = told(mine, haplotypes("theirs", TABLE, WEIGHTS))
    assert count == compared
    assert findings == ({("DIRECTION", next(iter(named)))} if compared else set())


def test_without_haplotypes_on_one_side_none_are_compared() -> None:
    one = haplotypes("theirs", TABLE, WEIGHTS)
    assert told(model([]), one) == (set(), 0)
    assert told(one, model([], "mine")) == (set(), 0)


def test_haplotypes_sorted_apart() -> None:
    """The table's own numbers beside other labels; one that stayed is not named."""
    named = {**TABLE, "DR7": "DRB1*07:01 DQB1*02:02"}
    table = haplotypes("theirs", named, {**WEIGHTS, "DR7": 0.1})
    turned = {"DR3": 2.0, "DR4": -1.5, "DR15": 1.0, "DR7": 0.15}
    moved = {("SORTED_APART", name) for name in ("DR3", "DR4", "DR15")}
    assert told(haplotypes("mine", named, turned), table) == (moved, 4)
    near = {"DR3": 1.04, "DR4": 2.04, "DR15": -1.54, "DR7": 0.1}
    assert told(haplotypes("mine", named, near), table) == (set(), 4)


def test_a_number_as_far_off_as_rounding_goes_is_the_tables_own() -> None:
    named = {**TABLE, "DR7": "DRB1*07:01 DQB1*02:02"}
    table = haplotypes("theirs", named, {**WEIGHTS, "DR7": 0.0})
    turned = {"DR3": 2.0, "DR4": -1.5, "DR15": 1.0, "DR7": 0.06}
    assert told(haplotypes("mine", named, turned), table)[0] == {
        ("SORTED_APART", name) for name in ("DR3", "DR4", "DR15")
    }


def test_haplotypes_alone_and_pairs_alone_are_taken_as_they_are() -> None:
    """Nothing is taken off a haplotype, nor off a pair whose haplotypes have no row."""
    mine, table = {"DR3": 3.0, "DR4": 4.0, "DR15": 2.0}, {"DR3": 1.0, "DR4": 2.0, "DR15": 3.0}
    assert told(haplotypes("mine", TABLE, mine), haplotypes("theirs", TABLE, table)) == (set(), 3)
    pairs = ["DR3+DR3", "DR3+DR4", "DR4+DR15"]
    higher = haplotypes("mine", TABLE, dict(zip(pairs, [8.0, 9.0, 7.0], strict=True)))
    table = dict(zip(pairs, [5.0, 6.0, 7.0], strict=True))
    assert told(higher, haplotypes("theirs", TABLE, table)) == (set(), 3)


def test_haplotypes_are_told_before_pairs() -> None:
    weights = {"DR3+DR4": 1.0, "DR3": 1.0}
    comparison = compare(
        haplotypes("mine", TABLE, dict.fromkeys(weights, -1.0)), [haplotypes("x", TABLE, weights)]
    )
    assert [f.term for f in comparison.findings] == ["DR3", "DR3+DR4"]


def test_pairs_are_compared_whole_or_by_what_they_add() -> None:
    """A pair's weight takes its haplotypes' place; another file may have what it adds."""
    single = {"DR3": 1.0, "DR4": 2.0, "DR15": -1.5}
    pairs = dict(zip(["DR3+DR3", "DR3+DR4", "DR4+DR15"], [5.0, 6.0, 7.0], strict=True))
    table = haplotypes("theirs", TABLE, {**single, **pairs})
    assert told(haplotypes("mine", TABLE, {**single, **pairs}), table) == (set(), 6)
    turned = dict(zip(pairs, [6.0, 7.0, 5.0], strict=True))
    apart = {("SORTED_APART", name) for name in pairs}
    assert told(haplotypes("mine", TABLE, {**single, **turned}), table) == (apart, 6)
    # What each adds is the table's number beside another pair: 6, 7, 5 above 2, 3 and 0.5.
    added = dict(zip(pairs, [6.0 + 2.0, 7.0 + 3.0, 5.0 + 0.5], strict=True))
    assert told(haplotypes("mine", TABLE, {**single, **added}), table) == (apart, 6)
    swapped = {"DR4+DR3": -6.0}  # the order of a pair does not count
    contrary = {("DIRECTION", "DR4+DR3")}
    assert told(haplotypes("mine", TABLE, {**single, **swapped}), table) == (contrary, 4)


# How many are too many ------------------------------------------------------------------------


def comparison(doubt: Doubt, count: int, compared: int) -> Comparison:
    finding = Finding(doubt, "rs1", 0.1, -0.1, "x", "")
    return Comparison((finding,) * count, compared)


@pytest.mark.parametrize(
    ("doubt", "count", "compared", "doubtful"),
    [
        (Doubt.DIRECTION, 3, 14, True), (Doubt.DIRECTION, 3, 15, False),  # a fifth is not more
        (Doubt.DIRECTION, 2, 2, False), (Doubt.DIRECTION, 0, 0, False),
        (Doubt.FREQUENCY, 3, 3, True), (Doubt.FREQUENCY, 4, 100, False),
        (Doubt.SORTED_APART, 1, 100, True),
    ],
)  # fmt: skip
def test_how_many_rows_make_a_file_doubtful(
    doubt: Doubt, count: int, compared: int, doubtful: bool
) -> None:
    assert comparison(doubt, count, compared).doubtful == doubtful


def many(count: int, sign: float) -> list[Term]:
    return [snp(("A", "G"), sign * 0.1 * (1.37**k), 100 + k) for k in range(count)]


@pytest.mark.parametrize(
    ("count", "more"), [(3, ""), (5, ""), (6, "; and 1 more"), (9, "; and 4 more")]
)
def test_five_rows_are_named_and_the_rest_counted(count: int, more: str) -> None:
    table = model(many(count, 1), "theirs")
    with pytest.raises(ModelDoubtError) as error:
        require_trust(model(many(count, -1)), [table])
    named = "; ".join(f"rs{100 + k} points the other way" for k in range(min(count, 5)))
    assert error.value.what == (
        f"{count} of the {count} rows of mine that the published tables of the disease also have "
        f"contradict them: {named}{more}"
    )
    assert "(theirs)" in error.value.fix
    assert require_trust(model(many(count, 1)), [table]).findings == ()


def test_a_row_is_told_once_however_many_tables_it_contradicts() -> None:
    tables = [model(many(2, 1), name) for name in ("first", "second")]
    comparison = compare(model(many(3, -1)), tables)
    assert [(f.term, f.against) for f in comparison.findings] == [
        ("rs100", "first"), ("rs101", "first"),
    ]  # fmt: skip
    assert comparison.compared == 2


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ({"name": "x", "mondo": "M:1"}, {"name": "y", "mondo": "M:1"}, True),
        ({"name": "x", "mondo": "M:1"}, {"name": "x", "mondo": "M:2"}, False),
        ({"name": "x", "mondo": "M:1"}, {"name": "x"}, False),
        ({"name": "Lupus", "mondo": ""}, {"name": "lupus", "mondo": "M:1"}, True),
        ({"name": "lupus"}, {"name": "other"}, False),
    ],
)
def test_tables_of_the_same_disease(
    mine: Mapping[str, str], theirs: Mapping[str, str], same: bool
) -> None:
    table = model(many(1, 1), "theirs", theirs)
    assert compare(model(many(1, 1), disease=mine), [table]).compared == same


def test_a_model_is_not_compared_with_itself() -> None:
    assert compare(model(many(3, 1)), [model(many(3, 1))]).compared == 0
