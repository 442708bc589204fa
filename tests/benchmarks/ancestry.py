"""How well ancestry and percentiles by ancestry hold, as Markdown tables.

``python -m tests.benchmarks.ancestry`` draws people of each superpopulation and of mixtures, and
tells how near their shares come back by the SNPs that ``riskscore ancestry`` reads, and by those
that ``riskscore score`` reads. It projects people left out of a small panel of drawn genotypes
(those of the reference people do not ship). Then it scores drawn people at each model's loci and
the SNPs read with them, and tells the Kolmogorov-Smirnov p of their percentiles against uniform.
``--people 200 --models ms`` does less.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from scipy.stats import kstest

import riskscore as rs
from riskscore.samples.ancestry.table import ComponentTable, component_table, scoring_table
from riskscore.scoring.ancestry.projection import LEAST_LOCI, LEAST_OF_SCORING, project
from riskscore.scoring.ancestry.shares import place
from tests.scoring.ancestry.panels import distances, left_out, small_panel
from tests.scoring.scores.test_adjusted import cohort_of, genotypes_of

MODELS = ("t1d", "ra", "ms", "sle", "hashimoto")
TABLE = component_table()
POPULATIONS = TABLE.populations
MIXTURES = (
    {"AFR": 0.8, "EUR": 0.2},
    {"EUR": 0.5, "EAS": 0.5},
    {"AMR": 0.5, "EUR": 0.5},
    {"AFR": 0.25, "EAS": 0.25, "EUR": 0.25, "SAS": 0.25},
)


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def named(shares: dict[str, float]) -> str:
    if len(shares) == 1:
        return next(iter(shares))
    return " ".join(f"{name} {share:.0%}" for name, share in shares.items())


def percentiles(models: list[str], people: int) -> None:
    """KS p, mean and SD of z_adjusted, by model and ancestry."""
    tell("\n| model | ancestry | KS p | mean of z | SD of z | without a percentile |")
    tell("|---|---|---|---|---|---|")
    every = [*({name: 1.0} for name in POPULATIONS), *MIXTURES[:2]]
    for model in models:
        for seed, shares in enumerate(every, start=100):
            found = rs.score(cohort_of(model, shares, people, seed)).tables[0].numbers
            inside = ~np.isnan(found["percentile"])
            p = kstest(found["percentile"][inside] / 100, "uniform").pvalue
            z = found["z_adjusted"][inside]
            tell(
                f"| {model} | {named(shares)} | {p:.3f} | {z.mean():+.2f} | {z.std():.2f} "
                f"| {people - int(inside.sum())} of {people} |",
            )


def left_out_people(seeds: range) -> None:
    """Of the people of small panels, each left out, how many are within their superpopulation."""
    tell("\n| superpopulation | people left out | within 99.9% of its people's spread |")
    tell("|---|---|---|")
    group, distance = np.array([], dtype=int), np.array([])
    for seed in seeds:
        panel = small_panel(seed)
        chosen = np.arange(0, len(panel[1]), 5)
        own = panel[0].superpopulation[chosen]
        found = distances(panel[0], left_out(panel, chosen), own)
        group, distance = np.append(group, own), np.append(distance, found)
    for k, name in enumerate(POPULATIONS):
        near = distance[group == k] < 18.5  # chi-square of 4 degrees of freedom
        tell(f"| {name} | {len(near)} | {near.mean():.1%} |")


def shares_of_admixed(people: int, table: ComponentTable, least: int) -> None:
    """Shares that come back of drawn people, by the SNPs of a table."""
    tell(f"\n{len(table.mean):,} SNPs")
    tell("\n| true shares | mean shares, largest error | within 5 points | standard error |")
    tell("|---|---|---|---|")
    for seed, shares in enumerate([*({n: 1.0} for n in POPULATIONS), *MIXTURES]):
        truth = np.array([shares.get(name, 0.0) for name in POPULATIONS])
        drawn = genotypes_of(truth @ table.expected(table.centres), people, seed, table)
        found = place(project(drawn, least), TABLE)
        error = np.abs(found.shares - truth)
        most = np.abs(found.shares.mean(axis=0) - truth).max()
        told = f"{100 * most:.1f} points | {np.mean(error < 0.05):.0%}"
        tell(f"| {named(shares)} | {told} | {100 * found.standard_error.mean():.1f} points |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    asked = parser.parse_args()
    shares_of_admixed(asked.people, TABLE, LEAST_LOCI)
    shares_of_admixed(asked.people, scoring_table(), LEAST_OF_SCORING)
    left_out_people(range(4, 6))
    percentiles(asked.models, asked.people)


if __name__ == "__main__":
    main()
