"""Make reference/ancestry/1000G_components.npz from the resource files of VerifyBamID.

``python -m tests.oracles.ancestry_table FOLDER OUT`` reads ``1000g.phase3.10k.b38.{UD,mu,bed,V}``
and ``1000g.phase3.10k.b37.bed`` of FOLDER. It reads them with numpy alone, with no code of
riskscore.

Left out: SNPs whose letters differ between the builds, palindromes, and the MHC (chromosome 6, 25
to 34 Mb of GRCh38), whose long haplotypes would count many times and are what the scores read.

``scoring`` marks the 2,000 that a run which scores reads: those that tell most of shares, by the
sum of their squared weights in the five shares' least squares, taken anew from those chosen until
they stay; none within 300 kb of another, or within 100 kb of a locus of a shipped model.
"""

import csv
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PEOPLE = ROOT / "reference" / "examples" / "1000G_samples.tsv"
POPULATIONS = ("AFR", "AMR", "EAS", "EUR", "SAS")
MHC = range(25_000_000, 34_000_001)
PALINDROMES = {"AT", "TA", "CG", "GC"}
SCORING, APART, FROM_MODELS, ROUNDS = 2_000, 300_000, 100_000, 10


def rows(path: Path) -> list[list[str]]:
    """The cells of a file, by line."""
    return [line.split() for line in path.read_text().splitlines()]


def noise_of(mean: np.ndarray, loadings: np.ndarray, components: np.ndarray) -> np.ndarray:
    """2f(1-f) of each SNP, mean over the people, f being what their components say."""
    total = np.zeros(len(mean))
    for person in components:
        f = np.clip((mean + loadings @ person) / 2, 0, 1)
        total += 2 * f * (1 - f)
    return total / len(components)


def model_loci() -> dict[int, np.ndarray]:
    """Where the loci of the shipped models are (GRCh38), by chromosome."""
    found: dict[int, set[int]] = {}
    for path in sorted((ROOT / "reference" / "models").glob("*/weights.tsv")):
        with path.open() as stream:
            lines = (line for line in stream if not line.startswith("#"))
            for row in csv.DictReader(lines, delimiter="\t"):
                name, place = row["chr_name"], row["chr_position"]
                if name.isdigit() and place.isdigit():
                    found.setdefault(int(name), set()).add(int(place))
    return {name: np.array(sorted(places)) for name, places in found.items()}


def chosen_for_scoring(
    chromosome: np.ndarray, position: np.ndarray, loadings: np.ndarray, centres: np.ndarray
) -> np.ndarray:
    """Which SNPs tell most of shares of superpopulations, far from each other and from models."""
    models = model_loci()
    allowed = np.array(
        [
            int(c) not in models or np.abs(models[int(c)] - int(p)).min() > FROM_MODELS
            for c, p in zip(chromosome, position, strict=True)
        ]
    )
    shares = np.linalg.inv(np.vstack([centres.T, np.ones(len(centres))]))[:, :-1]
    taken = np.ones(len(loadings), bool)
    for _ in range(ROUNDS):
        weights = loadings @ np.linalg.inv(loadings[taken].T @ loadings[taken]) @ shares.T
        order = np.argsort(-(weights**2).sum(axis=1), kind="stable")
        before, taken = taken, np.zeros(len(loadings), bool)
        for i in order[allowed[order]]:
            near = (chromosome == chromosome[i]) & (np.abs(position - position[i]) < APART)
            if not taken[near].any():
                taken[i] = True
            if taken.sum() == SCORING:
                break
        if (before == taken).all():
            break
    return taken


def make(folder: Path, out: Path) -> None:
    """Read the resource files, check that they fit together, and write the table."""
    names = {kind: folder / f"1000g.phase3.10k.b38.{kind}" for kind in ("UD", "mu", "bed", "V")}
    place38, place37 = rows(names["bed"]), rows(folder / "1000g.phase3.10k.b37.bed")
    loadings, mean = np.loadtxt(names["UD"]), np.array([float(r[1]) for r in rows(names["mu"])])
    people = rows(names["V"])
    with PEOPLE.open() as stream:
        known = {r["sample"]: r["superpopulation"] for r in csv.DictReader(stream, delimiter="\t")}
    assert len(place38) == len(place37) == len(loadings) == len(mean)
    kept = [
        i
        for i, (new, old) in enumerate(zip(place38, place37, strict=True))
        if new[0] == f"chr{old[0]}"
        and new[3:] == old[3:]
        and len("".join(new[3:])) == 2
        and "".join(new[3:]) not in PALINDROMES
        and not (old[0] == "6" and int(new[2]) in MHC)
    ]
    kept.sort(key=lambda i: (int(place37[i][0]), int(place38[i][2])))
    chromosome = np.array([int(place37[i][0]) for i in kept], np.uint8)
    position = np.array([int(place38[i][2]) for i in kept], np.int64)
    components = np.array([[float(x) for x in row[1:]] for row in people])
    superpopulation = np.array([POPULATIONS.index(known[row[0]]) for row in people], np.uint8)
    centres = np.array([components[superpopulation == k].mean(axis=0) for k in range(5)])
    np.savez_compressed(
        out,
        chromosome=chromosome,
        position_grch38=position.astype(np.uint32),
        position_grch37=np.array([int(place37[i][2]) for i in kept], np.uint32),
        reference=np.array([place38[i][3] for i in kept], "S1"),
        alternate=np.array([place38[i][4] for i in kept], "S1"),
        mean=mean[kept].astype(np.float32),
        loadings=loadings[kept].astype(np.float32),
        noise=noise_of(mean[kept], loadings[kept], components).astype(np.float32),
        scoring=chosen_for_scoring(chromosome, position, loadings[kept], centres),
        components=components.astype(np.float32),
        superpopulation=superpopulation,
        populations=np.array(POPULATIONS),
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
