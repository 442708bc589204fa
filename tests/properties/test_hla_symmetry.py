"""The two chromosomes of a person are alike: which allele is written first changes no bit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs

MODELS = [rs.load_model(name) for name in ("t1d", "ra", "ms")]
ALLELES = {
    "A": ["01:01", "02:01", "03:01"],
    "B": ["08:01", "44:02", "35:01"],
    "DPB1": ["02:01", "04:01", "01:01"],
    "DRB1": ["15:01", "03:01", "04:01", "07:01", "11:01"],
    "DQA1": ["01:02", "05:01", "03:01", "02:01", "01:01"],
    "DQB1": ["06:02", "02:01", "03:02", "03:01", "05:01"],
}
PAIRS = st.fixed_dictionaries(
    {gene: st.tuples(*[st.sampled_from(names)] * 2) for gene, names in ALLELES.items()}
)


def numbers(hla: dict[str, str]) -> list[np.ndarray]:
    scores = rs.score(rs.person(MODELS, hla=hla, sex="female"))
    return [values for table in scores.tables for values in table.numbers.values()]


@settings(max_examples=25)
@given(pairs=PAIRS, turned=st.sets(st.sampled_from(sorted(ALLELES))))
def test_the_order_of_two_alleles_changes_no_bit(
    pairs: dict[str, tuple[str, str]], turned: set[str]
) -> None:
    one = numbers({gene: " ".join(pair) for gene, pair in pairs.items()})
    two = numbers({g: " ".join(reversed(p) if g in turned else p) for g, p in pairs.items()})
    for before, after in zip(one, two, strict=True):
        assert np.array_equal(before, after, equal_nan=True)


def test_a_gene_whose_dosages_do_not_sum_to_two_is_not_scored(
    make_vcf: Callable[..., Path],
) -> None:
    """Three copies of HLA-A alleles in the second person: its terms are missing, never guessed."""
    records = [("A*02:01", ["1", "2"]), ("A*01:01", ["1", "1"]), ("B*44:02", ["0", "1"]),
               ("B*08:01", ["2", "1"])]  # fmt: skip
    rows = [
        ("6", 29_942_000 + n, f"HLA_{name}", "A", "T", "DS", cells)
        for n, (name, cells) in enumerate(records)
    ]
    scores = rs.score(make_vcf(["kept", "refused"], rows), "ms")
    kept, refused = (scores.explain(s).set_index("term")["missing"] for s in ("kept", "refused"))
    assert kept["HLA-A*02:01"] == ""
    assert refused["HLA-A*02:01"] == "no_call"
    assert refused["HLA-B*44:02"] == ""
