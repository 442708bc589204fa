"""DR-DQ haplotypes from typed alleles: the classes of real people, and of known phase."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import HLACalls
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading
from tests.scoring.panels import scheme_shares

ROOT = Path(__file__).parents[3]
VCF = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
PANEL = reference_panel()
MODEL = rs.load_model("t1d")
assert MODEL.scheme
SCHEME = MODEL.scheme
NAMES = (*SCHEME.names, "other")


def classes(hla: HLACalls, people: int, population: str) -> list[dict[tuple[str, str], float]]:
    """By person the probability of each pair of classes."""
    pairs = haplotype_pairs(MHCReading.of([MODEL], PANEL, population), hla, range(people))
    first, second = pairs.classes(SCHEME)
    found: list[dict[tuple[str, str], float]] = [defaultdict(float) for _ in range(people)]
    for s, k, p in zip(pairs.sample, pairs.pair, pairs.probability, strict=True):
        i, j = sorted((int(first[k]), int(second[k])))
        found[s][NAMES[i], NAMES[j]] += float(p)
    return found


def test_class_frequencies_of_real_people_by_superpopulation() -> None:
    """Within each superpopulation the called classes have the frequencies of its haplotypes.

    The types are G groups: DQB1*02:01 also stands for 02:02 and DQA1*05:01 for 05:05, so that
    DR7-DQ2.2 is told by DRB1*07:01 and DR11-DQ7.5 by DQA1*05 alone.
    """
    with (ROOT / "reference/examples/1000G_samples.tsv").open() as stream:
        people = {r["sample"]: r["superpopulation"] for r in csv.DictReader(stream, delimiter="\t")}
    cohort = rs.read_cohort(VCF, [MODEL])
    groups = np.array([people[sample] for sample in cohort.samples])
    for population in sorted(set(groups)):
        found: Counter[str] = Counter()
        called = classes(cohort.hla, len(groups), population)
        members = np.flatnonzero(groups == population)
        for sample in members.tolist():
            for pair, p in called[sample].items():
                for name in pair:
                    found[name] += p
        expected = dict(zip(NAMES, scheme_shares(SCHEME, population), strict=True))
        for name in NAMES:
            share = found[name] / (2 * len(members))
            assert share == pytest.approx(expected[name], abs=0.025), (population, name)
