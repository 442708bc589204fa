"""DR-DQ haplotypes from tag SNPs: the published rule, and what tags leave open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import riskscore as rs
from riskscore.genetics.hla import HLAName, covered
from riskscore.genetics.missing import Missing
from riskscore.models.model import Excess, HaplotypeScheme
from riskscore.models.reference.panel import DRDQ, reference_panel
from riskscore.models.terms import Part
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HaplotypeCalls, HLACalls
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.samples.loci.dosages import Dosages, LocusMatch
from riskscore.scoring.design import Measurements
from riskscore.scoring.kinds.scheme import own_frequencies
from riskscore.scoring.kinds.scheme_tags import DiplotypeCalls, called_from_tags
from riskscore.scoring.kinds.tag_haplotypes import published_pairs, tag_pairs
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading
from riskscore.scoring.population.build import build_reference

PANEL = reference_panel()
MODEL = rs.load_model("t1d")
assert MODEL.scheme
SCHEME = MODEL.scheme
CLASSES = len(SCHEME.haplotypes)
NAMES = (*SCHEME.names, "other")
KNOWN = own_frequencies(SCHEME, "EUR")
assert KNOWN is not None
SHARES = KNOWN
Pair = tuple[int, int]


def cohort_of(dosages: NDArray[np.float64], hla: HLACalls | None = None) -> Cohort:
    """People known by their tags, (classes, people); a row of nan is a tag not in the file."""
    matches = tuple(
        LocusMatch(h.tag, Missing.ABSENT if np.isnan(row).all() else Missing.NOT_MISSING)
        for h, row in zip(SCHEME.haplotypes, dosages, strict=True)
        if h.tag
    )
    return Cohort(
        tuple(f"s{i}" for i in range(dosages.shape[1])),
        (MODEL,),
        Dosages(matches, dosages.astype(np.float32)),
        hla or HLACalls(),
        Exposures(),
    )


def by_person(calls: DiplotypeCalls, people: int) -> list[dict[Pair, float]]:
    found: list[dict[Pair, float]] = [{} for _ in range(people)]
    for s, i, j, p in zip(calls.sample, calls.first, calls.second, calls.probability, strict=True):
        found[s][int(i), int(j)] = found[s].get((int(i), int(j)), 0.0) + float(p)
    return found


def called(cohort: Cohort) -> DiplotypeCalls:
    return called_from_tags(cohort, SCHEME, SHARES, range(len(cohort.samples)))


def counts(*classes: int) -> NDArray[np.float64]:
    d = np.zeros((CLASSES, 1))
    for place in classes:
        d[place] += 1
    return d


def one(d: NDArray[np.float64]) -> dict[Pair, float]:
    return by_person(called(cohort_of(d)), 1)[0]


def test_two_tags_or_fewer_are_plain() -> None:
    assert one(counts(1, 5)) == {(1, 5): 1}
    assert one(counts(5, 5)) == {(5, 5): 1}
    assert one(counts(3)) == {(3, CLASSES): 1}
    assert one(counts()) == {(CLASSES, CLASSES): 1}


def test_classes_that_are_all_there_are() -> None:
    """Of frequencies that sum to 1 nothing is left: what no tag counts is of no class all the
    same, unless a tag is missing.
    """
    shares = np.array([0.25, 0.75, 0.0])
    none, gap = np.zeros((2, 1)), np.array([[0.0], [np.nan]])
    for dosages, pair in ((none, (2, 2)), (gap, (1, 1)), (np.array([[1.0], [0.0]]), (0, 2))):
        found = tag_pairs(dosages, shares)
        assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [pair]
        assert found.probability.tolist() == pytest.approx([1.0])


@pytest.mark.parametrize("rule", [HaplotypeCalls.POSTERIOR, HaplotypeCalls.PUBLISHED])
def test_why_there_is_no_call(rule: HaplotypeCalls) -> None:
    """Of the first no tag is called, of the second all, of the third one is not; where the file
    lacks a tag, the published rule has a call of nobody.
    """
    whole = np.zeros((CLASSES, 3))
    whole[:, 0], whole[4, 2] = np.nan, np.nan
    lacking = whole.copy()
    lacking[2] = np.nan
    published = rule is HaplotypeCalls.PUBLISHED
    lost = Missing.NO_CALL if published else 0
    absent = Missing.ABSENT if published else 0
    for dosages, reasons in (
        (whole, [Missing.NO_CALL, 0, lost]),
        (lacking, [Missing.ABSENT if published else Missing.NO_CALL, absent, absent]),
        (np.full((CLASSES, 3), np.nan), [Missing.ABSENT] * 3),
    ):
        cohort = replace(cohort_of(dosages), haplotype_calls=rule)
        calls = called(cohort)
        assert calls.missing.tolist() == reasons
        assert np.unique(calls.sample).tolist() == [i for i, r in enumerate(reasons) if not r]


def test_three_tags_leave_every_two_of_them_open() -> None:
    found = one(counts(1, 5, 7))
    weights = {
        (1, 5): SHARES[1] * SHARES[5],
        (1, 7): SHARES[1] * SHARES[7],
        (5, 7): SHARES[5] * SHARES[7],
    }
    total = sum(weights.values())
    assert found == pytest.approx({pair: w / total for pair, w in weights.items()})
    twice = one(counts(1, 1, 5))
    a, b = SHARES[1] ** 2, 2 * SHARES[1] * SHARES[5]
    assert twice == pytest.approx({(1, 1): a / (a + b), (1, 5): b / (a + b)})
    calls = called(cohort_of(counts(1, 5, 7)))
    assert calls.excess.tolist() == [1]


def test_a_missing_tag_leaves_its_class_open_where_there_is_room() -> None:
    lost = counts(1)
    lost[5] = np.nan
    share = SHARES[5] / (SHARES[5] + SHARES[CLASSES])
    assert one(lost) == pytest.approx({(1, 5): share, (1, CLASSES): 1 - share})
    full = counts(1, 3)
    full[5] = np.nan
    assert one(full) == {(1, 3): 1}


def test_without_any_tag_there_is_no_call() -> None:
    calls = called(cohort_of(np.full((CLASSES, 1), np.nan)))
    assert calls.missing.tolist() == [Missing.ABSENT]
    assert len(calls.sample) == 0


def naive(none: list[float], single: list[float], two: list[float]) -> dict[Pair, float]:
    """All outcomes of the tags, one by one; those above two shared out by frequency."""
    other, weights, excess = len(none), {}, 0.0
    for outcome in product(range(3), repeat=other):
        p = 1.0
        for k, n in enumerate(outcome):
            p *= (none[k], single[k], two[k])[n]
        if sum(outcome) > 2:
            excess += p
            continue
        carried = [k for k, n in enumerate(outcome) for _ in range(n)] + [other, other]
        pair = (min(carried[:2]), max(carried[:2]))
        weights[pair] = weights.get(pair, 0.0) + p
    over = {}
    for i in range(other):
        over[i, i] = SHARES[i] ** 2 * two[i]
        for j in range(i + 1, other):
            over[i, j] = 2 * SHARES[i] * SHARES[j] * (1 - none[i]) * (1 - none[j])
    if excess > 1e-12:
        for pair, w in over.items():
            weights[pair] = weights.get(pair, 0.0) + excess * w / sum(over.values())
    return weights


@given(st.lists(st.floats(0, 2), min_size=5, max_size=5))
def test_imputed_tags_against_every_outcome(dosages: list[float]) -> None:
    d = np.array(dosages)
    none, two = np.clip(1 - d, 0, 1), np.clip(d - 1, 0, 1)
    expected = naive(none.tolist(), (1 - none - two).tolist(), two.tolist())
    shares = np.append(SHARES[:5], 0.1)
    pairs = tag_pairs(d[:, None], shares)
    found = {
        (int(i), int(j)): p
        for i, j, p in zip(pairs.first, pairs.second, pairs.probability, strict=True)
    }
    for pair in expected.keys() | found.keys():
        assert found.get(pair, 0.0) == pytest.approx(expected.get(pair, 0.0), abs=1e-7)


def reference_tool(dosages: list[float], homozygote_first: bool) -> Pair:
    """The published rule, step by step: round half to even, rank, keep two, 0 where unresolved."""
    rounded = [round(d) for d in dosages]  # Python rounds a half to the even number
    called = [k for k, n in enumerate(rounded) for _ in range(n)]
    if homozygote_first:
        called = next(([k, k] for k, n in enumerate(rounded) if n == 2), called)
    kept = [*called[:2], len(dosages), len(dosages)][:2]
    return min(kept), max(kept)


halves = st.integers(0, 8).map(lambda n: n / 4)


@given(st.lists(st.lists(halves, min_size=4, max_size=4), min_size=1, max_size=6), st.booleans())
def test_published_rule(people: list[list[float]], homozygote_first: bool) -> None:
    rule = Excess.HOMOZYGOTE_FIRST if homozygote_first else Excess.RANK
    pairs = published_pairs(np.array(people).T, rule)
    found = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert found == [reference_tool(person, homozygote_first) for person in people]
    assert (pairs.probability == 1).all()
    assert pairs.excess.tolist() == [float(sum(map(round, person)) > 2) for person in people]


def test_published_mode_is_asked_for() -> None:
    cohort = cohort_of(np.hstack([counts(1, 5, 7), counts(1, 5)]))
    published = replace(cohort, haplotype_calls=HaplotypeCalls.PUBLISHED)
    found = by_person(called(published), 2)
    assert found == [{(1, 5): 1}, {(1, 5): 1}]


def classify(scheme: HaplotypeScheme, alleles: Mapping[str, HLAName]) -> int | None:
    """The class of a typed haplotype; the number of classes for none; None if it cannot be told.

    Classes are tried in order of rank, each gene against the alleles the class allows.
    """
    unsure = False
    for place, haplotype in enumerate(scheme.haplotypes):
        verdicts = [covered(haplotype.alleles[gene], alleles[gene]) for gene in scheme.genes]
        if all(verdicts):
            return place
        unsure |= None in verdicts and False not in verdicts
    return None if unsure else len(scheme.haplotypes)


def generated(people: int) -> tuple[NDArray[np.int64], HLACalls]:
    """Classes of both haplotypes, (people, 2), and the typed alleles, of people of the panel."""
    rng = np.random.default_rng(7)
    listed = PANEL.drdq["EUR"]
    weights = np.array([share for _, share in listed])
    drawn = rng.choice(len(listed), (people, 2), p=weights / weights.sum())
    place = [classify(SCHEME, dict(zip(DRDQ, alleles, strict=True))) for alleles, _ in listed]
    genes = {}
    for k, gene in enumerate(DRDQ):
        names = sorted({alleles[k] for alleles, _ in listed})
        presence = np.zeros((len(names), people))
        for side in drawn.T:
            for person, haplotype in enumerate(side):
                presence[names.index(listed[haplotype][0][k]), person] += 1
        genes[gene] = calls_from_dosages(gene, names, presence, "generated")
    return np.array(place)[drawn], HLACalls(genes)


def tags_of(classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the tags of these haplotypes count, without error."""
    tags = np.zeros((CLASSES, len(classes)))
    for person, place in product(range(len(classes)), (0, 1)):
        if classes[person, place] < CLASSES:
            tags[classes[person, place], person] += 1
    return tags


def true_pairs(classes: NDArray[np.int64]) -> list[Pair]:
    return [(int(min(pair)), int(max(pair))) for pair in classes]


def by_types(hla: HLACalls, people: int) -> list[dict[Pair, float]]:
    """What typed alleles say of the classes."""
    pairs = haplotype_pairs(MHCReading.of([MODEL], PANEL, "EUR"), hla, range(people))
    first, second = pairs.classes(SCHEME)
    found: list[dict[Pair, float]] = [{} for _ in range(people)]
    for s, k, p in zip(pairs.sample, pairs.pair, pairs.probability, strict=True):
        pair = (int(min(first[k], second[k])), int(max(first[k], second[k])))
        found[s][pair] = found[s].get(pair, 0.0) + float(p)
    return found


def test_typed_alleles_and_tags_agree() -> None:
    people = 1500
    classes, typed = generated(people)
    by_type = by_types(typed, people)
    by_tag = by_person(called(cohort_of(tags_of(classes))), people)
    # Tags without error give the truth; types do, except where two phases are possible.
    truth = true_pairs(classes)
    assert all(call == {pair: 1} for call, pair in zip(by_tag, truth, strict=True))
    best = [max(call, key=call.__getitem__) for call in by_type]
    assert sum(b == t for b, t in zip(best, truth, strict=True)) / people > 0.97
    right = sum(call.get(t, 0.0) for call, t in zip(by_type, truth, strict=True))
    said = sum(max(call.values()) for call in by_type)
    assert right == pytest.approx(said, rel=0.02)  # as sure as they are right


def test_every_disagreement_is_explained_by_the_error_in_the_tag() -> None:
    """A tag lost, or a tag that is not there, one in each of 300 people."""
    people = 1500
    classes, _ = generated(people)
    tags, truth = tags_of(classes), true_pairs(classes)
    rng = np.random.default_rng(8)
    wrong, kinds = tags.copy(), {}
    for person in range(300):
        carried = np.flatnonzero(tags[:, person])
        if person % 2 and len(carried):
            wrong[rng.choice(carried), person] -= 1
            kinds[person] = "lost"
        else:
            wrong[rng.choice(np.flatnonzero(tags[:, person] == 0)), person] += 1
            kinds[person] = "added"
    calls = called(cohort_of(wrong))
    found = by_person(calls, people)
    seen: Counter[str] = Counter()
    for person in range(people):
        if person not in kinds:
            assert found[person] == {truth[person]: 1}
            continue
        known = sum(place < CLASSES for place in truth[person])
        if kinds[person] == "lost":  # a haplotype is read as none of the classes
            assert all(j == CLASSES for _, j in found[person])
            seen["read as other"] += 1
        elif (
            known == 2
        ):  # three are counted: the truth stays among what is possible, and is flagged
            assert calls.excess[person] == 1
            assert 0 < found[person][truth[person]] < 1
            seen["three counted"] += 1
        else:  # a haplotype of no class is taken for one: nothing in the tags tells
            assert calls.excess[person] == 0
            assert truth[person] not in found[person]
            seen["other read as a class"] += 1
    assert set(seen) == {"read as other", "three counted", "other read as a class"}
    assert sum(seen.values()) == 300


def test_people_not_typed_are_called_from_tags() -> None:
    classes, typed = generated(40)
    tags = tags_of(classes)
    partly = HLACalls({gene: without(calls, 10) for gene, calls in typed.genes.items()})
    cohort = cohort_of(tags, partly)
    measured = Measurements(cohort, build_reference(MODEL, PANEL, "EUR"), range(40))
    assert measured.mhc is not None
    assert measured.mhc.by_tags.tolist() == [True] * 10 + [False] * 30
    found = by_person(called(cohort), 40)
    truth = true_pairs(classes)
    assert [list(call) for call in found[:10]] == [[pair] for pair in truth[:10]]
    design = measured.design()
    for person, pair in enumerate(truth[:10]):
        for place, name in enumerate(SCHEME.names):
            column = [str(t.factors[0]) for t in MODEL.terms].index(name)
            paired = any(
                set(getattr(t.factors[0], "names", ())) == {NAMES[pair[0]], NAMES[pair[1]]}
                for t in MODEL.terms
            )
            assert design.expected[person, column] == (0 if paired else pair.count(place))


def without(calls: GeneCalls, first: int) -> GeneCalls:
    """Calls without those of the first people."""
    kept = calls.sample >= first
    return replace(
        calls,
        sample=calls.sample[kept],
        first=calls.first[kept],
        second=calls.second[kept],
        probability=calls.probability[kept],
        ordered=calls.ordered[kept],
        phase_set=calls.phase_set[kept],
    )


def test_numbers_on_the_papers_scale_are_by_its_rule() -> None:
    """Of three haplotypes the first two by rank count where tags speak, though all are possible.

    Of the typed nothing is by that rule, nor of who lacks a tag, nor of any other term.
    """
    classes, typed = generated(4)
    tags = tags_of(classes)
    tags[:, 0] = 0
    tags[[1, 5, 7], 0] = 1.0
    tags[:, 1] = counts(3, 3)[:, 0]
    tags[2, 2] = np.nan
    partly = HLACalls({gene: without(calls, 3) for gene, calls in typed.genes.items()})
    measured = Measurements(cohort_of(tags, partly), build_reference(MODEL, PANEL, "EUR"), range(4))
    design = measured.design()
    named = [str(term.factors[0]) for term in MODEL.terms]
    pairs = {frozenset(n.split("+")) for n in named if "+" in n}
    for j, term in enumerate(MODEL.terms):
        of_scheme = named[j] in NAMES or "+" in named[j]
        assert design.ruled[:, j].tolist() == [of_scheme, of_scheme, False, False], term.id
        for person, own in enumerate(((1, 5), (3, 3))):
            names = [NAMES[k] for k in own]
            if named[j] in NAMES:
                wanted = 0 if frozenset(names) in pairs else names.count(named[j])
            elif of_scheme:
                wanted = int(frozenset(named[j].split("+")) == frozenset(names))
            else:
                wanted = design.expected[person, j]
            assert design.published[person, j] == wanted, (term.id, person)
        assert design.published[2:, j].tolist() == design.expected[2:, j].tolist()
    assert design.excess[0] == pytest.approx(1)
    assert (design.published[0] != design.expected[0]).any()  # which leaves three pairs open


def test_terms_by_the_papers_rule_count_as_seen_on_its_scale() -> None:
    """Three haplotypes are counted, and no other SNP is read: the rule's terms are the share."""
    tags = np.zeros((CLASSES, 1))
    tags[[1, 5, 7], 0] = 1.0
    cohort = cohort_of(tags)
    reference = build_reference(MODEL, PANEL, "EUR")
    genetic = [
        (name in NAMES or "+" in name, term.weight**2 * reference.variance[j])
        for j, term in enumerate(MODEL.terms)
        if term.part is Part.GENETIC and not term.fallback_for
        for name in [str(term.factors[0])]
    ]
    seen = sum(v for ruled, v in genetic if ruled) / sum(v for _, v in genetic)
    assert 0.4 < seen < 0.6
    for least, told in ((0.99 * seen, True), (1.01 * seen, False)):
        own = replace(MODEL, published_minimum_coverage=least)
        numbers = rs.score(replace(cohort, models=(own,))).tables[0].numbers
        assert np.isfinite(numbers["published_score"][0]) == told
        assert numbers["coverage"][0] < 0.99 * seen  # which haplotype is too many is not known


def test_a_missing_tag_is_shared_out_by_the_models_own_frequencies() -> None:
    """Which are those of the tags, and not of typed haplotypes; without them the panel's are."""
    pairs = {frozenset(getattr(f, "names", ())) for f in MODEL.factors}
    other = next(k for k in range(2, CLASSES) if {NAMES[1], NAMES[k]} not in pairs)
    tags = counts(1)
    tags[other] = np.nan
    found = Measurements(cohort_of(tags), build_reference(MODEL, PANEL, "EUR"), range(1))
    assert found.mhc is not None
    factor = next(f for f in MODEL.factors if str(f) == NAMES[other])
    copies = SHARES[other] / (SHARES[other] + SHARES[-1])
    assert found.mhc.moments([factor])[0][0] == pytest.approx(copies)
