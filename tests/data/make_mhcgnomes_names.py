"""Records how mhcgnomes reads a list of HLA names: `pip install mhcgnomes==3.70.2`, then run.

Written to mhcgnomes_names.tsv: name, kind of answer, and for an allele its canonical name.
"""

import csv
import gzip
from pathlib import Path

HERE = Path(__file__).parent
HLA = HERE.parents[1] / "reference"


def names() -> list[str]:
    found = []
    with (HERE.parent / "published/hla/drb1_aminoacids_all2field.tsv").open() as stream:
        alleles = [row["allele"] for row in csv.DictReader(stream, delimiter="\t")]
    for number, allele in enumerate(alleles):
        gene, fields = allele.split("*")
        plain = fields.replace(":", "")
        forms = [
            allele,
            f"HLA-{allele}",
            f"HLA_{gene}_{plain}",
            f"HLA_{allele}",
            f"{gene}_{fields}",
        ]
        found.append(forms[number % len(forms)])
    with gzip.open(HLA / "examples/1000G_MHC_HLA.GRCh38.vcf.gz", "rt") as stream:
        ids = [line.split("\t", 3)[2] for line in stream if line.startswith("6\t")]
    typed = [name.removeprefix("HLA_") for name in ids if name.startswith("HLA_")]
    found += typed
    two = [name for name in typed if ":" in name]
    found += [f"{name}:01G" for name in two[::7]] + [f"{name}:01:02" for name in two[::9]]
    found += [f"{name}P" for name in two[::11]] + [
        f"{name.replace('C*', 'Cw*')}" for name in two if name[0] == "C"
    ]
    found += "A*24:09N A*24:02:01:02L B*44:02:01:02S A*32:11Q DRB4*01:03:01:02N".split()
    found += "DPB1*104:01 DPB1*1041:01 DR1 DR3 DR4 DR7 DR8 DR15 DQ2 DQ5 DQ6 DQ7 DQ8 DQ9".split()
    found += "A1 A2 A24 B7 B8 B27 B44 B57 Cw1 Cw7".split()
    found += (
        "DQ2.5 DR2 B62 DRB1*04:XX DRB1*04:ABCD DRB1*99:99 DRB1*4:1 DRB1 A*01:01/A*01:02".split()
    )
    found += "A*01:01+A*02:01 DPB1*10401 A*02101 HLA_B_57 HLA-DRB1".split()
    return list(dict.fromkeys(found))


def answer(name: str) -> tuple[str, str]:
    import mhcgnomes

    read = mhcgnomes.parse(name, raise_on_error=False)
    if read is None:
        return "none", ""
    if type(read).__name__ != "Allele":
        return type(read).__name__.lower(), ""
    gene = read.gene.name
    return "allele", f"{gene}*{':'.join(read.allele_fields)}{''.join(read.annotations)}"


def main() -> None:
    lines = [
        "# answers of mhcgnomes 3.70.2 (Apache-2.0), by make_mhcgnomes_names.py",
        "name\tkind\tallele",
    ]
    lines += ["\t".join((name, *answer(name))) for name in names()]
    (HERE / "mhcgnomes_names.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
