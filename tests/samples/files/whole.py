"""A file of genotypes read whole."""

from pathlib import Path

from riskscore.samples.files.opening import open_source
from riskscore.samples.files.source import Region


def read_all(path: Path) -> None:
    """Every record of two chromosomes, and all that is asked of each."""
    whole = [Region(name, 1, 1 << 29) for name in ("1", "6")]
    with open_source([path]) as source:
        source.prepare(whole)
        for region in whole:
            for record in source.fetch(region):
                record.genotypes()
                record.phased()
                for name in ("DS", "GP", "HDS"):
                    record.numbers(name)
