"""Whether percentiles of people left out of the panel are uniform, as Markdown tables.

``python -m tests.benchmarks.percentiles`` measures each of the 2,504 people of the shipped panel by
the four fifths that they are not in, in their own superpopulation, by HLA alone, as it was typed
and as it is imputed from 1,200 SNPs; ``--models ms,ra --populations EUR`` does a part. A row a
model and source of HLA, a column a superpopulation. The first table has two p of Kolmogorov and
Smirnov's test: of the percentiles as they are reported, each the middle of its step, and of places
drawn evenly within the steps, which are uniform if the distribution is right. The second has the
mean of the reported ones, which should be 0.5, and their variance as a share of that of the middles
of the steps. tests/scoring/observed/left_out.py says why.
"""

from __future__ import annotations

import argparse
import sys

from scipy.stats import kstest

from tests.scoring.observed.left_out import FOLDS, Ranks, fold, placed

MODELS = ("t1d", "ra", "ms", "t1d-grs1", "sle", "ms-hla-ukb", "ra-dumontcel")
POPULATIONS = ("EUR", "AFR", "AMR", "EAS", "SAS")


def row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def ranks_of(model: str, population: str, hla: str) -> Ranks:
    """Everybody of a superpopulation, part after part."""
    parts = []
    for one in map(fold, range(FOLDS)):
        calls = one.typed(population) if hla == "typed" else one.imputed(population)
        parts.append(placed(calls, one.count(population), model, population, one.panel))
    return Ranks.of(parts)


def uniform(ranks: Ranks) -> str:
    """Both p."""
    told = (kstest(part, "uniform").pvalue for part in (ranks.reported, ranks.drawn))
    return " / ".join(f"{p:.2g}" for p in told)


def moments(ranks: Ranks) -> str:
    """The mean, and the share of the variance of middles."""
    middles = (ranks.below + ranks.up_to) / 2
    return f"{ranks.reported.mean():.3f}, {ranks.reported.var() / middles.var():.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--populations", default=",".join(POPULATIONS))
    asked = parser.parse_args()
    populations = asked.populations.split(",")
    second = []
    row("model", "HLA", *populations)
    row(*["---"] * (2 + len(populations)))
    for model in asked.models.split(","):
        for hla in ("typed", "imputed"):
            found = [ranks_of(model, population, hla) for population in populations]
            row(model, hla, *map(uniform, found))
            second.append((model, hla, *map(moments, found)))
    sys.stdout.write("\n")
    row("model", "HLA", *populations)
    row(*["---"] * (2 + len(populations)))
    for cells in second:
        row(*cells)


if __name__ == "__main__":
    main()
