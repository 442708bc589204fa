"""How far the example's HLA types agree with each published typing of the same 2,504 people.

``python -m tests.oracles.hla_typings`` prints the table: by gene, typing, number of fields and
superpopulation the share of alleles that agree, and of how many. It reads the types alone, with no
code of riskscore. HLA*LA and Sanger sequencing tell G groups: members count as the first name.
"""

import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONSENSUS = ROOT / "reference" / "examples" / "1000G_hla_types.tsv"
SINGLE = ROOT / "tests" / "data" / "1000G_hla_types_by_method.tsv.gz"
G_GROUPS = ROOT / "reference" / "hla" / "g_groups.tsv"
GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")
METHODS = {"HLA*LA": "", "PolyPheMe": "_abi", "Sanger": "_sbt"}
POPULATIONS = ("AFR", "AMR", "EAS", "EUR", "SAS")

Row = dict[str, str]
Key = tuple[str, str, int, str]  # gene, typing, fields, superpopulation


def table(lines: Iterator[str]) -> list[Row]:
    """Rows of a TSV, comments left out."""
    return list(csv.DictReader((x for x in lines if not x.startswith("#")), delimiter="\t"))


def agreement() -> dict[Key, tuple[int, int]]:
    """Alleles that agree, and alleles compared, of people whom the example and a typing call."""
    with CONSENSUS.open() as stream:
        people = {row["sample"]: row for row in table(stream)}
    with gzip.open(SINGLE, "rt") as stream:
        typed = table(stream)
    with G_GROUPS.open() as stream:
        first = {row["allele"]: row["group"] for row in table(stream)}
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for row in typed:
        ours = people[row["sample"]]
        for gene in GENES:
            mine = [ours[f"{gene}_{side}"] for side in (1, 2)]
            for method, suffix in METHODS.items():
                theirs = [row.get(f"{gene}_{side}{suffix}", "") for side in (1, 2)]
                for fields in (1, 2) if all(mine) and all(theirs) else ():
                    pairs = [
                        Counter(_name(gene, text, fields, method, first) for text in pair)
                        for pair in (mine, theirs)
                    ]
                    count = found[gene, method, fields, ours["superpopulation"]]
                    count[0] += (pairs[0] & pairs[1]).total()
                    count[1] += 2
    return {key: (same, of) for key, (same, of) in found.items()}


def _name(gene: str, text: str, fields: int, method: str, first: dict[str, str]) -> str:
    """An allele at so many fields, as a typing can tell it."""
    name = f"{gene}*{':'.join(text.split(':')[:fields])}"
    return name if method == "PolyPheMe" else first.get(name, name)


def main() -> None:
    """Print the table."""
    found = agreement()
    lines = ["\t".join(("gene", "typing", "fields", *POPULATIONS, "all", "alleles"))]
    for gene in GENES:
        for method in METHODS:
            for fields in (1, 2):
                own = [found.get((gene, method, fields, p), (0, 0)) for p in POPULATIONS]
                same, of = (sum(pair[i] for pair in own) for i in (0, 1))
                if of:
                    shares = [f"{100 * a / b:.2f}%" if b else "-" for a, b in (*own, (same, of))]
                    lines.append("\t".join((gene, method, str(fields), *shares, str(of))))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
