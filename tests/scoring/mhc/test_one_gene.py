"""One gene by itself: the posterior over its genotypes is what the file says, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading

MODEL = rs.load_model("ms")
READING = MHCReading.of([MODEL], reference_panel(), "EUR")
NAMES = ("DRB1*15:01", "DRB1*01:01")


@given(q=st.floats(0.05, 0.95))
def test_a_heterozygote_counts_as_the_file_says(q: float) -> None:
    """A gene alone: 15:01+15:01 with 1 - q, 15:01+01:01 with q, and no other evidence."""
    calls = GeneCalls(
        "DRB1", tuple(HLAAllele.parse(n) for n in NAMES), np.zeros(2, dtype=np.int64),
        np.array([0, 0]), np.array([0, 1]), np.array([1 - q, q]), "", np.zeros(2, dtype=bool),
    )  # fmt: skip
    pairs = haplotype_pairs(READING, HLACalls({"DRB1": calls}), range(1), least=1e-9)
    factor = next(f for f in MODEL.factors if str(f) == "HLA-DRB1*15:01")
    first, second = pairs.carried(factor)
    copies = (first + second)[pairs.pair]
    assert pairs.probability[np.isclose(copies, 1)].sum() == pytest.approx(q, abs=2e-3)
    assert pairs.probability[np.isclose(copies, 2)].sum() == pytest.approx(1 - q, abs=2e-3)
