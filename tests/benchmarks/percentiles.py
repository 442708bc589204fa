"""Whether percentiles of people left out of the panel are uniform, as a Markdown table.

``python -m tests.benchmarks.percentiles`` measures each of the 2,504 people of the shipped panel by
the four fifths that they are not in, in their own superpopulation, by HLA alone, as it was typed
and as it is imputed from 1,200 SNPs; ``--models ms,ra --populations EUR`` does a part. A row a
model, superpopulation and source of HLA, with p of Kolmogorov and Smirnov's test

- of the percentiles as they are reported, each the middle of its step,
- of places drawn evenly within the steps, which are uniform if the distribution is right,

the mean of the reported ones, 0.5, and their variance times 12: that of the middles of the steps on
which the people stand beside it, 1 without steps. tests/scoring/observed/left_out.py says why.
"""

from __future__ import annotations

import argparse
import sys

from scipy.stats import kstest

from tests.scoring.observed.left_out import FOLDS, Ranks, fold, placed

MODELS = ("t1d", "ra", "ms", "t1d-grs1", "sle", "ms-hla-ukb", "ra-dumontcel")
POPULATIONS = ("EUR", "AFR", "AMR", "EAS", "SAS")
SOURCES = ("typed", "imputed")
HEAD = (
    "model", "population", "HLA", "people", "p as reported", "p within steps", "mean",
    "variance x 12", "of middles",
)  # fmt: skip


def line(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def ranks_of(model: str, population: str, source: str) -> Ranks:
    """Everybody of a superpopulation, part after part."""
    parts = []
    for one in map(fold, range(FOLDS)):
        calls = one.typed(population) if source == "typed" else one.imputed(population)
        parts.append(placed(calls, one.count(population), model, population, one.panel))
    return Ranks.of(parts)


def cells_of(ranks: Ranks) -> list[str]:
    """What the table tells of some people."""
    middles = (ranks.below + ranks.up_to) / 2
    return [
        str(len(middles)),
        *(f"{kstest(part, 'uniform').pvalue:.2g}" for part in (ranks.reported, ranks.drawn)),
        f"{ranks.reported.mean():.3f}",
        *(f"{12 * part.var():.2f}" for part in (ranks.reported, middles)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--populations", default=",".join(POPULATIONS))
    asked = parser.parse_args()
    line(*HEAD)
    line(*["---"] * len(HEAD))
    for model in asked.models.split(","):
        for population in asked.populations.split(","):
            for source in SOURCES:
                line(model, population, source, *cells_of(ranks_of(model, population, source)))


if __name__ == "__main__":
    main()
