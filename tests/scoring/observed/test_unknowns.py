"""What is not known is integrated: risk averaged over what was seen is always the prevalence.

People are listed here one by one, each with the probability of what is seen of them, from the
frequencies in reference/; everything else about them is unknown.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import DRDQ
from riskscore.samples.frame import read_frame
from tests.scoring.panels import alleles, block, scheme_shares


def _pairs(shares: list[float]) -> Iterator[tuple[int, int, float]]:
    for i, j in combinations_with_replacement(range(len(shares)), 2):
        yield i, j, shares[i] * shares[j] * (1 if i == j else 2)


def _mean_risk(
    model: str | RiskModel, columns: dict[str, list[object]], weights: list[float], sex: str
) -> float:
    loaded = rs.load_model(model) if isinstance(model, str) else model
    frame = pd.DataFrame(columns | {"sex": sex})
    numbers = rs.score(read_frame(frame, [loaded])).of(loaded.id).numbers
    share = np.array(weights) / sum(weights)
    assert float(share @ numbers["log_odds"]) == pytest.approx(0, abs=1e-6)
    return float(share @ numbers["probability"])


def _reading_only(name: str, genes: tuple[str, ...]) -> RiskModel:
    """A model without its terms of other HLA genes."""
    model = rs.load_model(name)
    read = [{getattr(factor, "gene", "") for factor in t.factors} - {""} for t in model.terms]
    kept = [t for t, own in zip(model.terms, read, strict=True) if own <= set(genes)]
    return replace(model, terms=tuple(kept))


@pytest.mark.parametrize(("sex", "risk"), [("female", 0.0091), ("male", 0.004), ("", 0.00655)])
def test_ms_where_only_the_drdq_haplotypes_are_known(sex: str, risk: float) -> None:
    """Haplotypes that the model does not tell apart are one, by the most frequent of them."""
    counts = {
        "DRB1": ("15:01", "03:01", "13:03", "08:01"), "DQA1": ("01:01",),
        "DQB1": ("03:01", "03:02"),
    }  # fmt: skip
    kinds: dict[tuple[str, ...], dict[tuple[str, ...], float]] = defaultdict(dict)
    for haplotype, share in block(DRDQ, DRDQ).items():
        told = zip(haplotype, counts.values(), strict=True)
        kinds[tuple(a if a in counted else "" for a, counted in told)][haplotype] = share
    rows = [(max(kind, key=kind.__getitem__), sum(kind.values())) for kind in kinds.values()]
    columns: dict[str, list[object]] = {gene: [] for gene in DRDQ}
    weights = []
    for i, j, p in _pairs([share for _, share in rows]):
        weights.append(p)
        for place, cells in enumerate(columns.values()):
            cells.append(f"{rows[i][0][place]}+{rows[j][0][place]}")
    assert _mean_risk(_reading_only("ms", DRDQ), columns, weights, sex) == pytest.approx(
        risk, rel=1e-6
    )


@pytest.mark.parametrize(("sex", "risk"), [("female", 0.024), ("male", 0.011)])
def test_ra_where_only_drb1_and_a_smoking_history_are_known(sex: str, risk: float) -> None:
    rows = list(alleles("DRB1", ("DRB1",), ("DRB1",)).items())
    columns: dict[str, list[object]] = {"DRB1": [], "smoking": []}
    weights = []
    for i, j, p in _pairs([share for _, share in rows]):
        for smoking, share in (("never", 0.3984), ("ever", 0.6016)):
            weights.append(p * share)
            columns["DRB1"].append(f"{rows[i][0]}+{rows[j][0]}")
            columns["smoking"].append(smoking)
    model = _reading_only("ra", ("DRB1",))
    assert _mean_risk(model, columns, weights, sex) == pytest.approx(risk, rel=1e-6)


def test_ms_where_only_one_variant_and_smoking_are_known() -> None:
    """All of HLA, 155 other variants and the other exposures are unknown in these six people."""
    variant = next(v for v in rs.load_model("ms").variants if v.name == "rs10801908")
    frequency = rs.load_model("ms").frequencies[variant]["EUR"]
    columns: dict[str, list[object]] = {variant.name: [], "smoking": []}
    weights = []
    for copies, p in enumerate(
        ((1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2)
    ):
        for smoking, share in (("never", 0.55), ("ever", 0.45)):
            weights.append(p * share)
            columns[variant.name].append(copies)
            columns["smoking"].append(smoking)
    assert _mean_risk("ms", columns, weights, "female") == pytest.approx(0.0091, rel=1e-6)


def test_t1d_where_only_the_haplotype_tags_are_known() -> None:
    scheme = rs.load_model("t1d").scheme
    assert scheme is not None
    shares = scheme_shares(scheme)
    names = [haplotype.tag.name for haplotype in scheme.haplotypes]
    columns: dict[str, list[object]] = {name: [] for name in names}
    weights = []
    for i, j, p in _pairs(shares):
        weights.append(p)
        for place, cells in enumerate(columns.values()):
            cells.append((i == place) + (j == place))
    assert _mean_risk("t1d", columns, weights, "male") == pytest.approx(0.00771386, rel=1e-6)
