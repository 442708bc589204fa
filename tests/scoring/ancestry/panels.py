"""A small panel of simulated people, decomposed by numpy, and people who are not in it."""

from dataclasses import replace

import numpy as np

from riskscore.arrays import Array
from riskscore.samples.ancestry.table import ComponentTable, component_table

EACH = 100  # people of each superpopulation
SNPS = 3000


def small_panel(seed: int) -> tuple[ComponentTable, Array, Array]:
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
