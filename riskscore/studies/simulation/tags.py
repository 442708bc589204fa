"""Tag SNPs: how they go with the HLA alleles they stand for, population by population."""

from __future__ import annotations

import math
from dataclasses import dataclass

from riskscore.files import reference_root
from riskscore.genetics.build import chromosome
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.tables import read_rows


@dataclass(frozen=True, slots=True)
class TagLink:
    """How a SNP goes with an HLA allele in one population, by reference/hla/tags.tsv."""

    allele: HLAAllele
    r2: float
    frequency: float  # of the tag allele

    def conditional(self, allele_share: float) -> tuple[float, float]:
        """P(tag | the HLA allele) and P(tag | another), which give its frequency and r2.

        With D = sqrt(r2 p (1-p) t (1-t)): (t p + D) / p and (t (1-p) - D) / (1-p); held to 0..1,
        so that r2 falls short of the table where the two frequencies do not allow it.

        >>> link = TagLink(HLAAllele.parse("B*08:01"), 1.0, 0.25)
        >>> link.conditional(0.25)
        (1.0, 0.0)
        """
        p, t = allele_share, self.frequency
        if not 0 < p < 1:
            return t, t
        d = math.sqrt(self.r2 * p * (1 - p) * t * (1 - t))
        d = min(d, p * (1 - t), t * (1 - p))
        return t + d / p, max(0.0, t - d / (1 - p))


def tag_links(counted: set[HLAAllele], populations: set[str]) -> dict[Variant, dict[str, TagLink]]:
    """SNPs measured beside an allele that counts, in every population; of several, the best r2."""
    found: dict[tuple[Variant, HLAAllele], dict[str, TagLink]] = {}
    for row in read_rows(reference_root() / "hla" / "tags.tsv"):
        allele, name = HLAAllele.parse(row["hla"]), row["population"]
        if allele not in counted or name not in populations:
            continue
        variant = Variant(
            row["tag_rsid"],
            chromosome(row["chr_name"]),
            int(row["position_grch38"]),
            int(row["position_grch37"]),
            row["tag_allele"],
            row["other_allele"],
        )
        link = TagLink(allele, float(row["r2"]), float(row["tag_frequency"]))
        found.setdefault((variant, allele), {})[name] = link
    best: dict[Variant, dict[str, TagLink]] = {}
    for (variant, _), links in found.items():
        old = best.get(variant, {})
        total = sum(link.r2 for link in links.values())
        if set(links) == populations and total > sum(link.r2 for link in old.values()):
            best[variant] = links
    return best
