"""Cells of VCF records, made for all samples at once from tables of fixed-width text."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

STEPS = 100  # haplotype dosages are written in hundredths, so that DS is exactly their sum

Codes = NDArray[np.uint8]


@cache
def _genotypes() -> NDArray[np.bytes_]:
    return np.array([b"\t0|0", b"\t0|1", b"\t1|0", b"\t1|1"])


@cache
def _dosages() -> NDArray[np.bytes_]:
    """GT:DS:HDS:GP for every pair of haplotype dosages in hundredths.

    GP follows from the haplotypes' independence: (1-a)(1-b), a(1-b) + b(1-a), ab.
    """
    cells = []
    for i in range(STEPS + 1):
        for j in range(STEPS + 1):
            a, b = i / STEPS, j / STEPS
            gt = f"{int(2 * i > STEPS)}|{int(2 * j > STEPS)}"
            gp = f"{(1 - a) * (1 - b):.4f},{a * (1 - b) + b * (1 - a):.4f},{a * b:.4f}"
            cells.append(f"\t{gt}:{a + b:.2f}:{a:.2f},{b:.2f}:{gp}".encode())
    return np.array(cells)


def genotype_cells(codes: Codes) -> bytes:
    r"""Phased genotypes as text, a tab before each; ``codes`` are 2 x first + second ALT allele.

    >>> genotype_cells(np.array([0, 2, 3], dtype=np.uint8))
    b'\t0|0\t1|0\t1|1'
    """
    cells: NDArray[np.bytes_] = _genotypes()[codes]
    return cells.tobytes()


def dosage_cells(hundredths: Codes) -> bytes:
    r"""GT:DS:HDS:GP as text, a tab before each; ALT dosages, shape (samples, 2), in hundredths.

    >>> dosage_cells(np.array([[100, 25]], dtype=np.uint8))
    b'\t1|0:1.25:1.00,0.25:0.0000,0.7500,0.2500'
    """
    places = hundredths[:, 0].astype(np.int32) * (STEPS + 1) + hundredths[:, 1]
    cells: NDArray[np.bytes_] = _dosages()[places]
    return cells.tobytes()
