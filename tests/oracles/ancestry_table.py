"""Make reference/ancestry/1000G_components.npz from the resource files of VerifyBamID.

``python -m tests.oracles.ancestry_table FOLDER OUT`` reads ``1000g.phase3.10k.b38.{UD,mu,bed,V}``
and ``1000g.phase3.10k.b37.bed`` of FOLDER. It reads them with numpy alone, with no code of
riskscore.

Left out: SNPs whose letters differ between the builds, palindromes, and the MHC (chromosome 6, 25
to 34 Mb of GRCh38), whose long haplotypes would count many times and are what the scores read.
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


def rows(path: Path) -> list[list[str]]:
    """The cells of a file, by line."""
    return [line.split() for line in path.read_text().splitlines()]


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
    np.savez_compressed(
        out,
        chromosome=np.array([int(place37[i][0]) for i in kept], np.uint8),
        position_grch38=np.array([int(place38[i][2]) for i in kept], np.uint32),
        position_grch37=np.array([int(place37[i][2]) for i in kept], np.uint32),
        reference=np.array([place38[i][3] for i in kept], "S1"),
        alternate=np.array([place38[i][4] for i in kept], "S1"),
        mean=mean[kept].astype(np.float32),
        loadings=loadings[kept].astype(np.float32),
        components=np.array([[float(x) for x in row[1:]] for row in people], np.float32),
        superpopulation=np.array([POPULATIONS.index(known[row[0]]) for row in people], np.uint8),
        populations=np.array(POPULATIONS),
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
