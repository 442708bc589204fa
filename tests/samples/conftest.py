"""Small VCFs as text, and what is read of them."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.samples.files.containers import Container
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.sources.stream import StreamFile
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=6,length=170805979>\n"
FIXED = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"


def as_vcf(rows: Iterable[str], samples: int) -> str:
    """A VCF of rows written with spaces: CHROM POS ID REF ALT FILTER INFO FORMAT CELL..."""
    lines = [FIXED + "".join(f"\tS{i}" for i in range(samples))]
    for row in rows:
        columns = row.split()
        lines.append("\t".join([*columns[:5], ".", *columns[5:]]))
    return HEADER + "\n".join(lines) + "\n"


@pytest.fixture
def stream() -> Callable[..., StreamFile]:
    """`stream(rows)` is an open Source of these rows, not yet prepared."""

    def make(rows: Sequence[str], samples: int | None = None) -> StreamFile:
        count = samples if samples is not None else len(rows[0].split()) - 8
        raw = io.BytesIO(as_vcf(rows, count).encode())
        return StreamFile(raw, Container.PLAIN_VCF, "test.vcf")

    return make


@pytest.fixture
def read(stream: Callable[..., StreamFile]) -> Callable[..., Dosages]:
    """`read(rows, variant, ..., field="DS")` are the dosages of the variants in these rows."""

    def make(
        rows: Sequence[str],
        *variants: Variant,
        frequencies: Mapping[Variant, float] | None = None,
        **choices: Any,
    ) -> Dosages:
        with stream(rows) as source:
            source.prepare(regions_of(variants, Build.GRCh38))
            reading = Reading(**choices)
            return read_dosages(source, variants, Build.GRCh38, frequencies or {}, reading)

    return make
