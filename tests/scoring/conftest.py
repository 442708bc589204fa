"""People drawn from the reference tables, for tests that need a population."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskscore.models.model import RiskModel

HLA = Path(__file__).parents[2] / "reference" / "hla"
GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")

Draw = Callable[[RiskModel, int, int], pd.DataFrame]


def _table(name: str, population: str) -> list[dict[str, str]]:
    with (HLA / name).open() as stream:
        rows = csv.DictReader((line for line in stream if line[0] != "#"), delimiter="\t")
        return [row for row in rows if row["population"] == population]


def _pairs(names: list[str], shares: list[float], n: int, rng: np.random.Generator) -> np.ndarray:
    p = np.array(shares) / sum(shares)
    return rng.choice(np.array(names), (2, n), p=p)


@pytest.fixture(scope="session")
def draw() -> Draw:
    """``draw(model, n, seed)``: everything a model asks of n Europeans, as a frame of columns.

    Whole HLA haplotypes, variants and exposures are drawn at the frequencies of the tables.
    """
    with (HLA / "haplotypes.tsv").open() as stream:
        lines = (line for line in stream if line[0] != "#")
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if float(row["EUR"] or 0)]
    alleles = _table("allele_frequencies.tsv", "EUR")

    def people(model: RiskModel, n: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        columns: dict[str, object] = {}
        for variant, frequency in model.frequencies.items():
            columns[variant.name] = rng.binomial(2, frequency["EUR"], n).astype(float)
        tagged = [h for h in (model.scheme.haplotypes if model.scheme else ()) if h.tag]
        if tagged:
            shares = [h.frequency["EUR"] for h in tagged]
            first, second = rng.choice(len(shares) + 1, (2, n), p=[*shares, 1 - sum(shares)])
            for place, haplotype in enumerate(tagged):
                columns[haplotype.tag.name] = (first == place) + 1.0 * (second == place)
        else:
            p = np.array([float(row["EUR"]) for row in rows])
            first, second = rng.choice(len(rows), (2, n), p=p / p.sum())
            for gene in GENES:
                columns[gene] = [
                    f"{gene}*{rows[i][gene]}+{gene}*{rows[j][gene]}"
                    for i, j in zip(first, second, strict=True)
                ]
            for gene in set(model.genes) - set(GENES):
                listed = [row for row in alleles if row["gene"] == gene]
                names, shares = zip(
                    *((r["allele"], float(r["frequency"])) for r in listed), strict=True
                )
                a, b = _pairs(list(names), list(shares), n, rng)
                columns[gene] = [f"{x}+{y}" for x, y in zip(a, b, strict=True)]
        for exposure in model.exposures:
            if exposure.is_dose:
                dose = rng.normal(exposure.mean, exposure.sd, n)
                columns[exposure.id] = np.clip(dose, *exposure.range)
            else:
                levels = [level.value for level in exposure.levels]
                p = [level.frequency for level in exposure.levels]
                columns[exposure.id] = rng.choice(levels, n, p=p)
        columns["sex"] = rng.choice(["female", "male"], n)
        return pd.DataFrame(columns)

    return people
