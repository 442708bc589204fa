"""A small panel of DR-DQ, of 1000 Genomes people, and a VCF of others who were left out of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.panel_file import shipped_panel, write_panel

STRETCH = (32_300_000, 32_750_000)
LENGTHS = {"GRCh38": 170805979, "GRCh37": 171115067}
TURNED = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Split:
    """A panel in memory and on disk, and people who are not in it, with what they carry."""

    panel: PhasedPanel
    path: Path
    others: PhasedPanel


@pytest.fixture(scope="session")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    whole = shipped_panel()
    low, high = STRETCH
    snps = np.flatnonzero((whole.positions >= low) & (whole.positions <= high))
    cut = replace(
        whole,
        positions=whole.positions[snps],
        reference=tuple(whole.reference[k] for k in snps),
        alternate=tuple(whole.alternate[k] for k in snps),
        haplotypes=whole.haplotypes[:, snps],
    )
    people = np.arange(whole.people)
    panel = cut.of_people(people[people % 3 != 0])
    path = tmp_path_factory.mktemp("panel") / "drdq.panel"
    write_panel(panel, path)
    return Split(panel, path, cut.of_people(people[people % 30 == 0]))


@pytest.fixture
def write_vcf(tmp_path: Path) -> Callable[..., Path]:
    """A VCF of unphased genotypes at the panel's SNPs, as somebody else might have written it."""

    def write(
        people: PhasedPanel,
        genotypes: NDArray[np.uint8] | None = None,
        build: str = "GRCh38",
        turned: bool = False,
        swapped: bool = False,
        more: str = "",
    ) -> Path:
        copies = people.genotypes() if genotypes is None else genotypes
        cells = np.array(["0/0", "0/1", "1/1", "./."])
        lines = [
            "##fileformat=VCFv4.2",
            f"##contig=<ID=6,length={LENGTHS[build]}>",
            '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
            "\t".join(
                "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()
                + [f"s{i}" for i in range(len(copies))]
            ),
        ]
        for k, position in enumerate(people.positions.tolist()):
            ref, alt = people.reference[k], people.alternate[k]
            own = copies[:, k]
            if swapped and k % 2:
                ref, alt, own = alt, ref, np.where(own == 3, 3, 2 - own)
            if turned and k % 3 == 0:
                ref, alt = ref.translate(TURNED), alt.translate(TURNED)
            place = position - (32_223 if build == "GRCh37" else 0)
            head = ["6", str(place), ".", ref, alt, ".", ".", ".", "GT"]
            lines.append("\t".join([*head, *cells[own]]))
        path = tmp_path / f"{build}{turned}{swapped}.vcf"
        path.write_text("\n".join(lines) + "\n" + more)
        return path

    return write
