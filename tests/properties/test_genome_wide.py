"""A genome-wide sum is the same to the last bit, however the genotypes are written down."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.models.plain import PlainVariants
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.genome_wide.sums import plain_regions, read_plain
from tests.properties.test_reading import QUICK, VARIANTS, Site, cohorts, text, written

COUNT = len(VARIANTS)
POSITIONS = np.array([v.position_grch38 for v in VARIANTS], dtype=np.int32)
PLAIN = PlainVariants(
    name=np.array([v.name for v in VARIANTS], dtype=object),
    chromosome=np.array([v.chromosome for v in VARIANTS], dtype=object),
    position_grch38=POSITIONS,
    position_grch37=np.zeros_like(POSITIONS),
    effect_allele=np.array([v.effect_allele for v in VARIANTS], dtype=object),
    other_allele=np.array([v.other_allele for v in VARIANTS], dtype=object),
    weight=np.random.default_rng(8).normal(0, 0.1, COUNT),
    coding=np.zeros(COUNT, dtype=np.uint8),
    frequency={},
    line=np.arange(COUNT),
    source="made",
)


def swept(files: dict[str, str]) -> tuple[bytes, bytes, list[int]]:
    """The sums in the order of the people's names, as bytes; what each is short of; the reasons."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [written(Path(folder) / name, content) for name, content in files.items()]
        with open_source(paths) as source:
            source.prepare(plain_regions(source, PLAIN, Build.GRCh38))
            sums = read_plain(source, PLAIN, Build.GRCh38, Reading())
            order = np.argsort(source.samples)
    assert (sums.missing != Missing.ABSENT).all()
    return sums.total[order].tobytes(), sums.no_calls[order].tobytes(), sums.missing.tolist()


@QUICK
@given(cohorts(), st.data())
def test_swapped_and_flipped_records(sites: list[Site], data: st.DataObject) -> None:
    which = st.lists(st.booleans(), min_size=len(sites), max_size=len(sites))
    swap, flip = data.draw(which), data.draw(which)
    turned = [site.swapped() if yes else site for site, yes in zip(sites, swap, strict=True)]
    turned = [site.flipped() if yes else site for site, yes in zip(turned, flip, strict=True)]
    assert swept({"tbi.vcf.gz": text(sites)}) == swept({"tbi.vcf.gz": text(turned)})


@QUICK
@given(cohorts(), st.data())
def test_swapped_dosages(sites: list[Site], data: st.DataObject) -> None:
    count = len(sites[0].calls)
    number = st.lists(st.integers(0, 2000), min_size=count, max_size=count)
    sites = [replace(site, thousandths=tuple(data.draw(number))) for site in sites]
    turned = [site.swapped() for site in sites]
    assert swept({"tbi.vcf.gz": text(sites)}) == swept({"csi.bcf": text(turned)})


@QUICK
@given(cohorts(most_alts=3))
def test_split_records_in_every_container_and_field(sites: list[Site]) -> None:
    whole = swept({"tbi.vcf.gz": text(sites)})
    split = [part for site in sites for part in site.split()]
    for name in ("plain.vcf", "gzip.vcf.gz", "none.vcf.gz", "csi.vcf.gz", "none.bcf", "csi.bcf"):
        assert swept({name: text(sites)}) == whole
    for field in ("GT", "DS", "GP"):
        assert swept({"tbi.vcf.gz": text(sites, field)}) == whole
        assert swept({"tbi.vcf.gz": text(split, field)}) == whole


@QUICK
@given(cohorts(), st.integers(1, COUNT - 1), st.integers(1, 5), st.data())
def test_people_in_any_order_and_files(
    sites: list[Site], loci: int, people: int, data: st.DataObject
) -> None:
    whole = swept({"tbi.vcf.gz": text(sites)})
    order = data.draw(st.permutations(range(len(sites[0].calls))))
    people = min(people, len(order) - 1)
    assert swept({"tbi.vcf.gz": text(sites, people=order)}) == whole
    parts = {
        f"tbi{i}{j}.vcf.gz": text(part, people=batch)
        for i, part in enumerate((sites[:loci], sites[loci:]))
        for j, batch in enumerate((order[:people], order[people:]))
    }
    assert swept(parts) == whole
