"""Spellings of one change are told from different changes, checked on whole sequences."""

from hypothesis import assume, given
from hypothesis import strategies as st

from riskscore.genetics.build import Build
from riskscore.genetics.change import Change, is_sequence, match_change, same_change
from riskscore.genetics.variant import Variant

SEQUENCES = st.text("ACGT", min_size=12, max_size=12)
REPEATS = st.builds(
    lambda unit, count, ends: ends[:4] + unit * count + ends[4:],
    st.text("AC", min_size=1, max_size=2),
    st.integers(2, 4),
    st.text("ACGT", min_size=8, max_size=8),
)


def made(reference: str, change: Change) -> str:
    """The sequence after a change, written out: the truth."""
    place = change.position - 1
    assert reference[place : place + len(change.ref)] == change.ref
    return reference[:place] + change.alt + reference[place + len(change.ref) :]


@st.composite
def changes(draw: st.DrawFn, reference: str) -> Change:
    start = draw(st.integers(0, len(reference) - 1))
    length = draw(st.integers(1, min(4, len(reference) - start)))
    ref = reference[start : start + length]
    alt = draw(st.text("AC", min_size=0, max_size=3))
    anchored = ref[0] + alt
    assume(anchored != ref)
    return Change(start + 1, ref, anchored)


@given(st.data(), SEQUENCES | REPEATS)
def test_what_is_called_the_same_makes_the_same_sequence(data: st.DataObject, ref: str) -> None:
    one, two = data.draw(changes(ref)), data.draw(changes(ref))
    if same_change(one, two):
        assert made(ref, one) == made(ref, two)


@given(st.data(), SEQUENCES | REPEATS, st.integers(0, 3), st.integers(0, 3))
def test_padding_never_hides_a_change(
    data: st.DataObject, ref: str, before: int, after: int
) -> None:
    change = data.draw(changes(ref))
    start = max(0, change.position - 1 - before)
    end = min(len(ref), change.position - 1 + len(change.ref) + after)
    head = ref[start : change.position - 1]
    tail = ref[change.position - 1 + len(change.ref) : end]
    padded = Change(start + 1, head + change.ref + tail, head + change.alt + tail)
    assert same_change(change, padded)
    assert same_change(padded, change)


@given(st.data(), SEQUENCES | REPEATS)
def test_trimming_keeps_the_change(data: st.DataObject, ref: str) -> None:
    change = data.draw(changes(ref))
    short = change.trimmed
    assert made(ref, short) == made(ref, change)
    assert not short.ref or not short.alt or short.ref[0] != short.alt[0]


def test_a_shift_is_believed_only_where_the_letters_prove_it() -> None:
    # In GCCCT an inserted C may be written after the G or after any C.
    model = Variant("indel", "6", 100, 90, "GC", "G", "G")
    at_the_next_base = match_change(model, Build.GRCh38, 101, "C", ["CC"])
    assert at_the_next_base is not None
    assert at_the_next_base.effect_index == 1
    # Nothing here says that base 102 is a C too.
    assert match_change(model, Build.GRCh38, 102, "C", ["CC"]) is None
    padded = match_change(model, Build.GRCh38, 100, "GCCC", ["GCCCC", "GCC"])
    assert padded is not None
    assert padded.effect_index == 1


def test_a_deletion_is_met_from_either_side() -> None:
    model = Variant("indel", "6", 100, 90, "T", "TG", "TG")
    # TGG with one G gone: GG>G at 101 is the same, TG>T at 100 too.
    found = match_change(model, Build.GRCh38, 100, "TGG", ["TG"])
    assert found is not None
    assert found.effect_index == 1
    assert match_change(model, Build.GRCh38, 101, "GG", ["G"]) is not None
    assert match_change(model, Build.GRCh38, 101, "GA", ["A"]) is not None
    assert match_change(model, Build.GRCh38, 101, "CG", ["C"]) is None  # base 101 is a G


def test_what_touches_a_snp() -> None:
    snp = Change(100, "A", "G").trimmed
    for ref, alt, touches in [
        ("A", "T", True),
        ("AC", "GT", True),
        ("AC", "A", False),  # the base after it is deleted
        ("A", "AT", False),  # something is inserted after it
        ("AC", "C", True),  # it is itself deleted
    ]:
        assert Change(100, ref, alt).trimmed.touches(snp) is touches, (ref, alt)


def test_what_touches_an_insertion() -> None:
    insertion = Change(100, "G", "GC").trimmed
    for position, ref, alt, touches in [
        (100, "G", "GCC", True),  # another length of the same repeat
        (100, "GC", "G", True),
        (100, "G", "A", False),  # a letter beside it
        (99, "AGT", "A", True),  # the place is gone
    ]:
        assert Change(position, ref, alt).trimmed.touches(insertion) is touches, (ref, alt)


def test_what_an_insertion_touches() -> None:
    insertion = Change(100, "", "T")  # before base 100
    for change, touches in [
        (Change(97, "GA", ""), False),  # ends two bases before
        (Change(98, "GA", ""), True),  # ends where the insertion is
        (Change(99, "AC", ""), True),
        (Change(100, "CG", ""), True),  # begins where the insertion is
        (Change(101, "G", ""), False),
        (Change(98, "GA", "TT"), False),  # letters replaced beside it
        (Change(99, "AC", "TT"), True),
        (Change(100, "CG", "TT"), False),
    ]:
        assert insertion.touches(change) is touches, change
        assert change.touches(insertion) is touches, change


def test_neighbours_do_not_touch() -> None:
    assert not Change(99, "A", "T").touches(Change(100, "C", "G"))
    assert not Change(100, "C", "G").touches(Change(99, "A", "T"))


def test_sequences_are_of_bases() -> None:
    assert is_sequence("ACGTN")
    for allele in ("", "*", "<DEL>", "A*", "acgt"):
        assert not is_sequence(allele)


def test_insertions_of_the_same_letter_at_two_places_are_not_known_to_be_the_same() -> None:
    assert not same_change(Change(100, "", "T"), Change(105, "", "T"))


def test_the_effect_allele_may_be_the_reference() -> None:
    model = Variant("indel", "6", 100, 90, "GC", "G", "GC")
    found = match_change(model, Build.GRCh38, 100, "GCT", ["GT"])
    assert found is not None
    assert (found.effect_index, found.other_index) == (0, 1)
    model = Variant("indel", "6", 100, 90, "G", "GC", "GC")
    found = match_change(model, Build.GRCh38, 100, "GCT", ["AAA", "GT"])
    assert found is not None
    assert (found.effect_index, found.other_index) == (2, 0)
