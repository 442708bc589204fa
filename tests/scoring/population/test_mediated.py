"""Effects through another exposure: people of whom both are known have the reference's mean."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.scoring.population.build import build_reference


def test_knowing_anti_ebna1_changes_no_mean_odds() -> None:
    """Cell by cell: mononucleosis 2.17, or 1.7 beside anti-EBNA-1 2.8; 10% and 50% have them."""
    model = rs.load_model("ms")
    reference = build_reference(model, reference_panel(), "EUR")
    (known,) = [j for j, term in enumerate(model.terms) if term.only_known]
    weight, centre = math.log(1.7 / 2.17), float(reference.mean[known])
    assert model.terms[known].weight == pytest.approx(weight, abs=1e-5)
    # Who had mononucleosis has anti-EBNA-1 more often, so that both effects of it hold.
    never = (1 + 1.8 * 0.5) / (0.9 + 0.1 * 2.17 / 1.7)
    shares = ((never - 1) / 1.8, (never * 2.17 / 1.7 - 1) / 1.8)
    for carrier in (1.0, 1.9201):  # of DRB1*15:01, in whom mononucleosis has more
        whole = (0.9 + 0.1 * 2.17 * carrier) * (0.5 + 0.5 * 2.8)
        both = 0.0
        for had, frequency in ((0, 0.9), (1, 0.1)):
            for elevated in (0, 1):
                share = shares[had] if elevated else 1 - shares[had]
                odds = (2.17 * carrier) ** had * 2.8**elevated
                both += frequency * share * odds * math.exp(weight * (had - centre))
        assert both == pytest.approx(whole, rel=1e-5)


def test_a_term_without_a_weight_is_centred_at_its_mean() -> None:
    """As a study asks for it, which has no weights yet: one person in ten had mononucleosis."""
    model = rs.load_model("ms")
    terms = tuple(replace(term, weight=0.0) for term in model.terms if term.only_known)
    reference = build_reference(replace(model, terms=terms), reference_panel(), "EUR")
    assert reference.mean.tolist() == pytest.approx([0.1])
