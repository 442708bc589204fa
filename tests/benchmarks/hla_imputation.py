"""Ten-fold cross-validation of HLA imputation within the shipped panel, as Markdown tables.

``python -m tests.benchmarks.hla_imputation`` imputes each of the 2,504 people by the nine tenths of
the panel that they are not in, for several sets of SNPs, and prints the share of alleles that the
most probable genotype has right by gene and superpopulation, how often each allele stands in the
panel, the calibration error, and scores beside those from the known types, with the haplotypes of
the other nine tenths as reference. ``--sets half --folds 2`` does a part; ``--chart
calibration.svg`` draws the calibration.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import riskscore as rs
from riskscore.files.inputs import reference_root
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.source import Region
from riskscore.samples.frame import read_frame
from riskscore.samples.hla.calls import HLACalls
from riskscore.samples.hla.imputation.blocks import PARTS
from riskscore.samples.hla.imputation.diplotypes import Pairs
from riskscore.samples.hla.imputation.imputer import MISSING, Imputer
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.panel_file import shipped_panel
from riskscore.samples.hla.imputation.quality import right_alleles
from riskscore.samples.hla.imputation.regions import SPAN
from riskscore.scoring.score import score_cohort
from tests.scoring.observed.left_out import imputed_calls, panel_of, typed_calls

FOLDS = 10
EXAMPLE = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
MODELS = ("t1d-hla", "ra", "ms")
COUNTS = ((0, 0), (1, 4), (5, 19), (20, 99), (100, 9999))
_ERRORS, _GAPS = 0.02, 0.05
_BINS = 10


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def row(*cells: object) -> None:
    say(f"| {' | '.join(map(str, cells))} |")


def heading(*cells: str) -> None:
    say("")
    row(*cells)
    say(f"|{'---|' * len(cells)}")


def snps_of(name: str, panel: PhasedPanel) -> NDArray[np.int64]:
    """The places of a set of SNPs in the panel."""
    rng, count = np.random.default_rng(0), len(panel.positions)
    if name in {"half", "noisy"}:
        return np.sort(rng.permutation(count)[: count // 2])
    if name == "array":
        return np.sort(rng.permutation(count)[:1200])
    if name == "example":
        with open_source([EXAMPLE]) as source:
            places = {r.position for r in source.fetch(Region("6", *SPAN)) if len(r.ref) == 1}
        return np.flatnonzero(np.isin(panel.positions, list(places)))
    return np.arange(count)


SETS = {
    "all": "all 4,288 SNPs",
    "half": "a random half of them",
    "array": "1,200 at random",
    "example": "those of the 249 of the example that are in the panel",
    "noisy": "half, 2% of genotypes wrong and 5% missing",
}


def genotypes_of(name: str, people: PhasedPanel, snps: NDArray[np.int64]) -> NDArray[np.uint8]:
    """What is seen of people, in PARTS."""
    copies = people.genotypes()[:, snps]
    if name != "noisy":
        return (PARTS * copies).astype(np.uint8)
    rng = np.random.default_rng(people.people)
    wrong = rng.random(copies.shape) < _ERRORS
    seen = np.where(wrong, (copies + rng.integers(1, 3, copies.shape)) % 3, copies)
    parts = (PARTS * seen).astype(np.uint8)
    parts[rng.random(parts.shape) < _GAPS] = MISSING
    return parts


def folds_of(panel: PhasedPanel) -> NDArray[np.int64]:
    """Which tenth each person is in."""
    return np.random.default_rng(1).permutation(panel.people) % FOLDS


def cross_validated(
    name: str, panel: PhasedPanel, folds: Iterable[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a possible genotype of a person: set, gene, person, first, second, probability.

    And a row a person, model and reference population: the score of imputed and of known types.
    """
    fold, snps = folds_of(panel), snps_of(name, panel)
    tables, scores = [], []
    for one in folds:
        out = np.flatnonzero(fold == one)
        people, rest = panel.of_people(out), panel.of_people(np.flatnonzero(fold != one))
        start = time.perf_counter()
        imputer = Imputer.of(rest, snps)
        fitted = time.perf_counter()
        told = imputer.posteriors(genotypes_of(name, people, snps))
        done = time.perf_counter()
        say(f"<!-- {name} {one}: fit {fitted - start:.1f} s, impute {done - fitted:.1f} s -->")
        for gene, pairs in told.genes.items():
            table = pd.DataFrame(vars(pairs) | {"person": out[pairs.person]})
            tables.append(table.assign(gene=gene))
        scores.append(scores_of(people, imputed_calls(imputer, told, np.arange(len(out))), rest))
    rows = pd.concat(tables, ignore_index=True).sort_values(["gene", "person"])
    return rows, pd.concat(scores, ignore_index=True)


def scores_of(people: PhasedPanel, imputed: HLACalls, rest: PhasedPanel) -> pd.DataFrame:
    """Scores of people of whom nothing but HLA is known, against the panel of the others."""
    panel, names = panel_of(rest), pd.DataFrame(index=[f"s{k}" for k in range(people.people)])
    group = np.array(people.populations)[people.population]
    calls = {"imputed": imputed, "known": HLACalls(typed_calls(people))}
    found = []
    for model in MODELS:
        for population in people.populations:
            cohort = read_frame(names, [rs.load_model(model)], population=population)
            table = {
                kind: score_cohort(replace(cohort, hla=own), panel)
                .tables[0]
                .numbers["genetic_score"]
                for kind, own in calls.items()
            }
            own = pd.DataFrame(table).assign(model=model, reference=population, group=group)
            found.append(own[own["group"].isin([population] if population != "EUR" else group)])
    return pd.concat(found)


def best_of(rows: pd.DataFrame, panel: PhasedPanel) -> pd.DataFrame:
    """By gene and person: how many alleles are right, and how probable the genotype is."""
    tables = []
    for gene, own in rows.groupby("gene", sort=False):
        people, person = np.unique(own["person"], return_inverse=True)
        told = (own[column].to_numpy() for column in ("first", "second", "probability"))
        pairs = Pairs(person.astype(np.int64), *told)
        truth = panel.codes[:, panel.genes.index(str(gene))].astype(np.int64).reshape(-1, 2)
        right, sure = right_alleles(pairs, truth[people])
        group = np.array(panel.populations)[panel.population[people]]
        tables.append(
            pd.DataFrame(
                {"gene": gene, "person": people, "right": right, "sure": sure, "group": group}
            )
        )
    return pd.concat(tables, ignore_index=True)


def calibration(best: pd.DataFrame) -> pd.DataFrame:
    """By tenth of probability: people, mean probability, share of genotypes wholly right."""
    bins = np.minimum((best["sure"] * _BINS).astype(int), _BINS - 1)
    told = best.assign(whole=best["right"] == 2).groupby(bins)
    return told.agg(people=("sure", "size"), said=("sure", "mean"), found=("whole", "mean"))


def calibration_error(best: pd.DataFrame) -> float:
    table = calibration(best)
    return float(((table.said - table.found).abs() * table.people).sum() / table.people.sum())


def print_accuracy(name: str, best: pd.DataFrame, panel: PhasedPanel) -> None:
    say(f"\n### {SETS[name][0].upper()}{SETS[name][1:]}")
    heading("gene", "all", *panel.populations, "calibration error")
    for gene in panel.genes:
        own = best[best["gene"] == gene]
        if len(own):
            by = own.groupby("group")["right"].mean() / 2
            cells = [f"{by[group]:.3f}" for group in panel.populations]
            error = f"{calibration_error(own):.3f}"
            row(gene, f"{own['right'].mean() / 2:.3f}", *cells, error)
    say(f"\nCalibration error over all genes: {calibration_error(best):.3f}.")


def print_bounds(panel: PhasedPanel) -> None:
    """The share of alleles that somebody in the other nine tenths has: no method does better."""
    heading("alleles that the other nine tenths have", "all", *panel.populations)
    fold, group = (np.repeat(own, 2) for own in (folds_of(panel), panel.population))
    for gene in panel.genes:
        codes = panel.codes[:, panel.genes.index(gene)]
        seen = np.zeros(len(codes), dtype=bool)
        for one in range(FOLDS):
            seen[fold == one] = np.isin(codes[fold == one], codes[fold != one])
        parts = [seen, *(seen[group == place] for place in range(len(panel.populations)))]
        row(gene, *(f"{part.mean():.3f}" for part in parts))


def print_counts(rows: pd.DataFrame, panel: PhasedPanel) -> None:
    """The share of alleles that are right, by how often the allele stands in other people."""
    top = rows.loc[rows.groupby(["gene", "person"])["probability"].idxmax()]
    seen: dict[tuple[int, int], list[bool]] = {one: [] for one in COUNTS}
    for gene, own in top.groupby("gene"):
        codes = panel.codes[:, panel.genes.index(str(gene))].astype(np.int64)
        counts = np.bincount(codes)
        for person, first, second in zip(own["person"], own["first"], own["second"], strict=True):
            given, true = [first, second], codes[2 * person : 2 * person + 2].tolist()
            for code in true:
                hit = code in given
                if hit:
                    given.remove(code)
                others = counts[code] - true.count(code)
                seen[next(c for c in COUNTS if c[0] <= others <= c[1])].append(hit)
    heading("chromosomes of others with the allele", "alleles", "right")
    for (low, high), hits in seen.items():
        if hits:
            words = f"{low} to {high}" if high < COUNTS[-1][1] else f"{low} or more"
            row("none" if high == 0 else words, len(hits), f"{np.mean(hits):.3f}")


def print_scores(scores: pd.DataFrame, panel: PhasedPanel) -> None:
    """Scores from imputed types against those from known types, in two reference populations."""
    heading("correlation, root mean square error / SD", "reference", *panel.populations)
    for model, own in scores.groupby("model", sort=False):
        for words in ("their own", "EUR"):
            cells = []
            for group in panel.populations:
                reference = group if words == "their own" else words
                part = own[(own["group"] == group) & (own["reference"] == reference)]
                error = np.sqrt(((part["imputed"] - part["known"]) ** 2).mean())
                r = np.corrcoef(part["imputed"], part["known"])[0, 1]
                cells.append(f"{r:.3f}, {error / part['known'].std():.2f}")
            row(model, words, *cells)


def draw(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """The calibration of each set of SNPs, beside the line where the two are equal."""
    import altair as alt

    told = pd.concat([calibration(best).assign(SNPs=SETS[name]) for name, best in tables.items()])
    line = pd.DataFrame({"said": [0.0, 1.0], "found": [0.0, 1.0]})
    said = alt.X("said", title="probability of the most probable genotype")
    found = alt.Y("found", title="share of these that are right")
    diagonal = alt.Chart(line).mark_line(strokeDash=[4, 4], color="grey").encode(x=said, y=found)
    points = alt.Chart(told).mark_line(point=True).encode(x=said, y=found, color="SNPs:N")
    (diagonal + points).properties(width=420, height=420).save(str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--chart", type=Path)
    asked = parser.parse_args()
    panel, found = shipped_panel(), {}
    print_bounds(panel)
    for name in asked.sets.split(","):
        rows, scores = cross_validated(name, panel, range(asked.folds))
        found[name] = best_of(rows, panel)
        print_accuracy(name, found[name], panel)
        print_counts(rows, panel)
        print_scores(scores, panel)
    if asked.chart:
        draw(found, asked.chart)


if __name__ == "__main__":
    main()
