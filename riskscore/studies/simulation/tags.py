"""The linkage of tag SNPs with the HLA alleles they stand for, by population."""

from __future__ import annotations

import math
from dataclasses import dataclass

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.reference.panel import ReferencePanel


@dataclass(frozen=True, slots=True)
class TagLink:
    """The linkage of a SNP with an HLA allele in one population, by reference/hla/tags.tsv."""

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


def tag_links(
    counted: set[HLAAllele], populations: set[str], panel: ReferencePanel
) -> dict[Variant, dict[str, TagLink]]:
    """For each tag SNP measured in every population, the counted allele of the highest r2."""
    best: dict[Variant, dict[str, TagLink]] = {}
    for tag in panel.tags:
        if tag.allele not in counted or not populations <= tag.r2.keys():
            continue
        links = {
            name: TagLink(tag.allele, r2, tag.frequency[name])
            for name, r2 in tag.r2.items()
            if name in populations
        }
        old = best.get(tag.variant, {})
        if sum(link.r2 for link in links.values()) > sum(link.r2 for link in old.values()):
            best[tag.variant] = links
    return best
