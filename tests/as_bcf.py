"""The records of a VCF as BCF, as htslib writes them."""

from pathlib import Path

import pysam


def as_bcf(vcf: Path, path: Path, *, index: bool = True) -> Path:
    """Write the records of a VCF to a BCF, and an index beside it."""
    with (
        pysam.VariantFile(str(vcf)) as source,
        pysam.VariantFile(str(path), "wb", header=source.header) as target,
    ):
        for record in source:
            target.write(record)
    if index:
        pysam.tabix_index(str(path), preset="bcf", csi=True)  # type: ignore[arg-type]
    return path
