"""The same sum by cyvcf2, for the benchmarks: each scored place is fetched, DS or GT is weighed."""

import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    from cyvcf2 import VCF  # of the environment that runs this file, not of the tests

    genome = sys.argv[1] == "genome"
    rows = [line.split("\t") for line in Path("plink2.tsv").read_text().splitlines()]
    wanted = {name: (effect, float(weight)) for name, effect, weight in rows}
    vcf = VCF("cohort.vcf.gz", gts012=True)
    total = np.zeros(len(vcf.samples))
    places = [":".join(name.split(":")[:2]) for name, *_ in rows]
    regions = [f"{place}-{place.partition(':')[2]}" for place in places]
    for record in vcf if genome else (one for region in regions for one in vcf(region)):
        effect, weight = wanted.get(record.ID, ("", 0.0))
        if effect:
            copies = record.gt_types if genome else record.format("DS")[:, 0]
            total += weight * (2 - copies if effect == record.REF else copies)
    np.savetxt("cyvcf2.txt", total)
