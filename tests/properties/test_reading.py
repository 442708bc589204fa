"""However the same genotypes are written down, every score is the same to the last bit."""

import gzip
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pysam
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.genetics.variant import Variant
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.tags import tag_variants, taggable_alleles
from riskscore.samples.read import read_cohort
from riskscore.scoring.score import score_cohort
from tests.as_bcf import as_bcf

MODELS = [rs.load_model("ra"), rs.load_model("t1d"), rs.load_model("ms")]


def loci() -> list[Variant]:
    """Some loci of every kind: plain ones, the tags of DR-DQ haplotypes, and of HLA alleles."""
    tags = tag_variants(taggable_alleles(MODELS), reference_panel(), "EUR")
    chosen: dict[tuple[str, int | None], Variant] = {}
    for several, most in [*((model.variants, 5) for model in MODELS), (tags, 2)]:
        usable = [v for v in several if v.other_allele and not v.palindromic]
        in_mhc = [v for v in usable if v.chromosome == "6" and v.position_grch38 // 10**6 == 32]
        for one in (*usable[:most], *in_mhc[:most]):
            chosen.setdefault((one.chromosome, one.position_grch38), one)
    return [v for v in chosen.values() if len(v.effect_allele) == len(v.other_allele) == 1]


VARIANTS = loci()
COMPLEMENT = str.maketrans("ACGT", "TGCA")
FIXED = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
Call = tuple[int, int] | None
FORMATS = {
    "GT": "Number=1,Type=String", "DS": "Number=A,Type=Float", "HDS": "Number=.,Type=Float",
    "GP": "Number=G,Type=Float",
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A record: its alleles, REF first, and calls; or dosages of the one ALT in thousandths."""

    chromosome: str
    position: int
    alleles: tuple[str, ...]
    calls: tuple[Call, ...]
    thousandths: tuple[int, ...] = ()

    def swapped(self) -> "Site":
        """REF and the first ALT exchanged."""
        place = {0: 1, 1: 0}
        calls = tuple(c and (place.get(c[0], c[0]), place.get(c[1], c[1])) for c in self.calls)
        first, second, *rest = self.alleles
        copies = tuple(2000 - n for n in self.thousandths)
        return replace(self, alleles=(second, first, *rest), calls=calls, thousandths=copies)

    def flipped(self) -> "Site":
        """The same on the other strand."""
        return replace(self, alleles=tuple(a.translate(COMPLEMENT) for a in self.alleles))

    def split(self) -> "list[Site]":
        """One record an ALT; the other ALTs' copies are written as REF."""
        return [
            replace(
                self,
                alleles=(self.alleles[0], alt),
                calls=tuple(c and (int(c[0] == i), int(c[1] == i)) for c in self.calls),
            )
            for i, alt in enumerate(self.alleles[1:], start=1)
        ]

    def cells(self, field: str, people: Sequence[int]) -> list[str]:
        if self.thousandths:
            return [f"{self.thousandths[i] / 1000:.3f}" for i in people]
        return [_cell(self.calls[i], field, len(self.alleles)) for i in people]


def _cell(call: Call, field: str, alleles: int) -> str:
    if call is None:
        return "./." if field == "GT" else "."
    pairs = [(i, j) for j in range(alleles) for i in range(j + 1)]  # the order VCF prescribes
    written = {
        "GT": f"{call[0]}|{call[1]}",
        "DS": ",".join(str(call.count(allele)) for allele in range(1, alleles)),
        "HDS": f"{call[0]},{call[1]}",
        "GP": ",".join(str(int(tuple(sorted(call)) == pair)) for pair in pairs),
    }
    return written[field]


@st.composite
def cohorts(draw: st.DrawFn, most_alts: int = 1) -> list[Site]:
    """Genotypes of a few people at the model's loci."""
    people = draw(st.integers(2, 6))
    sites = []
    for variant in VARIANTS:
        alleles = [variant.other_allele, variant.effect_allele]
        if draw(st.booleans()):
            alleles.reverse()
        if most_alts > 1:
            others = [base for base in "ACGT" if base not in alleles]
            alleles += others[: draw(st.integers(0, 2))]
        allele = st.integers(0, len(alleles) - 1)
        call = st.one_of(st.tuples(allele, allele), st.tuples(allele, allele), st.none())
        calls = tuple(draw(st.lists(call, min_size=people, max_size=people)))
        sites.append(Site(variant.chromosome, variant.position_grch38 or 0, tuple(alleles), calls))
    return sorted(sites, key=lambda site: (int(site.chromosome), site.position))


def text(sites: Sequence[Site], field: str = "GT", people: Sequence[int] | None = None) -> str:
    people = list(range(len(sites[0].calls))) if people is None else people
    lines = ["##fileformat=VCFv4.2", "##reference=GRCh38"]
    for name in sorted({site.chromosome for site in sites}, key=int):
        lines.append(f"##contig=<ID=chr{name}>")
    lines += [f'##FORMAT=<ID={k},{v},Description="">' for k, v in FORMATS.items()]
    lines.append(FIXED + "".join(f"\tP{i}" for i in people))
    for site in sites:
        keys = "DS" if site.thousandths else field
        fixed = [f"chr{site.chromosome}", str(site.position), ".", site.alleles[0]]
        fixed += [",".join(site.alleles[1:]), ".", "PASS", ".", keys]
        lines.append("\t".join([*fixed, *site.cells(field, people)]))
    return "\n".join(lines) + "\n"


def scored(files: dict[str, str], *, chunk: int = 4096, **reading: str) -> dict[str, np.ndarray]:
    """Numbers by name, in the order of the people's names, of files of VCF text."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [written(Path(folder) / name, content) for name, content in files.items()]
        cohort = read_cohort(paths, MODELS, reading=rs.Reading(**reading))
    order = np.argsort(cohort.samples)
    scores = score_cohort(cohort, reference_panel(), chunk=chunk)
    found: dict[str, np.ndarray] = {}
    for model, table in zip(MODELS, scores.tables, strict=True):
        for name, values in table.numbers.items():
            found[f"{model.id} {name}"] = values[order]
        found[f"{model.id} flags"] = np.array(table.flags)[order]
    return found


def written(path: Path, content: str) -> Path:
    """A VCF in the container that its name says, with an index where it is named so."""
    name = path.name
    if name.startswith("gzip"):
        path.write_bytes(gzip.compress(content.encode()))
    elif name.endswith(".bcf"):
        plain = path.with_suffix(".vcf")
        plain.write_text(content)
        as_bcf(plain, path, index="csi" in name)
    elif name.endswith(".gz"):
        plain = path.with_suffix("")
        plain.write_text(content)
        pysam.tabix_compress(str(plain), str(path), force=True)
        if "tbi" in name or "csi" in name:
            pysam.tabix_index(str(path), preset="vcf", csi="csi" in name)
    else:
        path.write_text(content)
    return path


def assert_same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    for name, values in one.items():
        if name.endswith("flags"):
            mine, theirs = ([_parts(f) for f in column.tolist()] for column in (values, two[name]))
            assert mine == theirs
        else:
            assert np.array_equal(values, two[name], equal_nan=True), name


def _parts(flags: str) -> list[str]:
    """The parts of a person's flags, alike with and without an index.

    Without one there is nothing to be outside of: the same loss has another code, and with it
    another place among the parts.
    """
    return sorted(flags.replace("no_chromosome", "outside_index").split(";"))


QUICK = settings(max_examples=6)


@QUICK
@given(cohorts(), st.data())
def test_swapped_and_flipped_records(sites: list[Site], data: st.DataObject) -> None:
    whole = scored({"a.vcf": text(sites)})
    which = st.lists(st.booleans(), min_size=len(sites), max_size=len(sites))
    swap, flip = data.draw(which), data.draw(which)
    turned = [site.swapped() if yes else site for site, yes in zip(sites, swap, strict=True)]
    turned = [site.flipped() if yes else site for site, yes in zip(turned, flip, strict=True)]
    assert_same(whole, scored({"a.vcf": text(turned)}))


@QUICK
@given(cohorts(), st.data())
def test_swapped_dosages(sites: list[Site], data: st.DataObject) -> None:
    count = len(sites[0].calls)
    number = st.lists(st.integers(0, 2000), min_size=count, max_size=count)
    sites = [replace(site, thousandths=tuple(data.draw(number))) for site in sites]
    whole = scored({"a.vcf": text(sites)})
    assert_same(whole, scored({"a.vcf": text([site.swapped() for site in sites])}))
    assert_same(whole, scored({"tbi.vcf.gz": text(sites)}))
    assert_same(whole, scored({"csi.bcf": text(sites)}))


def test_the_loci_are_of_every_kind() -> None:
    """Each model's own, the tags of DR-DQ haplotypes, and of HLA alleles: else little is said."""
    in_mhc = [v for v in VARIANTS if v.chromosome == "6"]
    assert all(len(set(model.variants) & set(VARIANTS)) >= 4 for model in MODELS)
    assert len(set(MODELS[1].variants) & set(in_mhc)) >= 8
    assert sum(all(v not in model.variants for model in MODELS) for v in in_mhc) == 2


@QUICK
@given(cohorts(most_alts=3))
def test_split_and_joined_records(sites: list[Site]) -> None:
    split = [part for site in sites for part in site.split()]
    whole = scored({"a.vcf": text(sites)})
    assert_same(whole, scored({"a.vcf": text(split)}))
    assert_same(whole, scored({"a.vcf": text(split, "DS")}))


@QUICK
@given(cohorts(), st.data())
def test_the_order_of_people(sites: list[Site], data: st.DataObject) -> None:
    people = data.draw(st.permutations(range(len(sites[0].calls))))
    assert_same(scored({"a.vcf": text(sites)}), scored({"a.vcf": text(sites, people=people)}))


@QUICK
@given(cohorts(most_alts=2), st.integers(1, 13), st.integers(1, 5), st.data())
def test_several_files(sites: list[Site], loci: int, people: int, data: st.DataObject) -> None:
    whole = scored({"a.vcf": text(sites)})
    everyone = list(range(len(sites[0].calls)))
    people = min(people, len(everyone) - 1)
    parts = [sites[:loci], sites[loci:]]
    by_loci = {f"tbi{i}.vcf.gz": text(part) for i, part in enumerate(parts)}
    assert_same(whole, scored(by_loci))
    batches = [everyone[:people], everyone[people:]]
    by_people = {f"csi{i}.bcf": text(sites, people=batch) for i, batch in enumerate(batches)}
    assert_same(whole, scored(by_people))
    both = {
        f"p{i}.vcf": text(part, people=data.draw(st.permutations(batch)))
        for i, (part, batch) in enumerate((p, b) for p in parts for b in batches)
    }
    assert_same(whole, scored(both))


@QUICK
@given(cohorts(most_alts=3))
def test_every_container(sites: list[Site]) -> None:
    whole = scored({"plain.vcf": text(sites)})
    for name in ("gzip.vcf.gz", "none.vcf.gz", "tbi.vcf.gz", "csi.vcf.gz", "none.bcf", "csi.bcf"):
        assert_same(whole, scored({name: text(sites)}))


@QUICK
@given(cohorts(), st.integers(1, 5))
def test_every_field_of_certain_calls_and_every_chunk(sites: list[Site], chunk: int) -> None:
    whole = scored({"a.vcf": text(sites)})
    for field in FORMATS:
        assert_same(whole, scored({"a.vcf": text(sites, field)}))
        assert_same(whole, scored({"a.vcf": text(sites, field)}, chunk=chunk, field=field))


@QUICK
@given(cohorts(most_alts=3))
def test_every_field_of_several_alts(sites: list[Site]) -> None:
    """HDS is not among them: it has no stated order for several ALTs."""
    whole = scored({"a.vcf": text(sites)})
    for field in ("DS", "GP"):
        assert_same(whole, scored({"tbi.vcf.gz": text(sites, field)}, field=field))
