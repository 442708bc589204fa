"""Opening genotype files: what a file is, by its first bytes, and the Source that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskscore.files import require_file
from riskscore.samples.reading import Reading
from riskscore.samples.source import Source
from riskscore.samples.vcf import VCFFile, header_of


def open_source(paths: Sequence[str | Path], reading: Reading | None = None) -> Source:
    """The source that reads these files as one cohort; use it as a context manager."""
    path = require_file(paths[0], "VCF file")
    return VCFFile(path, header_of(path))
