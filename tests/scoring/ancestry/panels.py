"""A small panel of simulated people, decomposed by numpy, and people who are not in it."""

from dataclasses import replace

import numpy as np

from riskscore.arrays import Array
from riskscore.samples.ancestry.sums import sums_of
from riskscore.samples.ancestry.table import ComponentTable, component_table
from riskscore.scoring.ancestry.projection import project

Panel = tuple[ComponentTable, Array, Array]
EACH = 100  # people of each superpopulation
SNPS = 3000


def small_panel(seed: int) -> Panel:
    """A table of drawn genotypes, these (people, SNPs), and the frequencies they were drawn by."""
    whole, rng = component_table(), np.random.default_rng(seed)
    people = np.concatenate(
        [rng.choice(np.flatnonzero(whole.of(k)), EACH, replace=False) for k in range(5)]
    )
    snps = np.sort(rng.choice(len(whole.mean), SNPS, replace=False))
    frequency = whole.expected(whole.components[people])[:, snps]
    genotypes = rng.binomial(2, frequency).astype(float)
    mean = genotypes.mean(axis=0)
    left, values, right = np.linalg.svd(genotypes - mean, full_matrices=False)
    table = replace(
        whole,
        variants=tuple(whole.variants[j] for j in snps),
        mean=mean,
        loadings=right[:4].T * values[:4],
        components=left[:, :4],
        superpopulation=whole.superpopulation[people],
    )
    return table, genotypes, frequency


def projected(table: ComponentTable, genotypes: Array) -> Array:
    return project(sums_of(table, slice(0, len(table.mean)), genotypes)).components


def left_out(panel: Panel, chosen: Array) -> Array:
    """Components of some of a panel's people by the loadings without them: L - (x - m) v'."""
    table, genotypes, _ = panel
    noise, found = table.noise, []
    for i in chosen:
        own = np.outer(genotypes[i] - table.mean, table.components[i])
        without = replace(table, loadings=table.loadings - own)
        vars(without)["noise"] = noise
        found.append(projected(without, genotypes[i : i + 1])[0])
    return np.array(found)


def distances(table: ComponentTable, places: Array, superpopulation: Array) -> Array:
    """Squared distances of people from their superpopulation's centre, in its people's spread."""
    rest = places - table.centres[superpopulation]
    return np.array(
        [
            r @ np.linalg.solve(table.spreads[k], r)
            for r, k in zip(rest, superpopulation, strict=True)
        ]
    )
