"""The HLA genotypes of people as a table: long, wide, or GL strings; each can be read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.errors import NothingMatchedError, UsageError
from riskscore.files.tables import joined
from riskscore.genetics.build import Build
from riskscore.genetics.hla import GENES, HLAName
from riskscore.genetics.hla_names import gl_string
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.files.containers import is_genotype_file
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Source
from riskscore.samples.hla.agreement import sources_differ, swap_warning
from riskscore.samples.hla.calls import GeneCalls, HLACalls, HLAReport
from riskscore.samples.hla.records import HLA_REGIONS, read_hla_records
from riskscore.samples.hla.typed.formats import merged, read_typings
from riskscore.samples.hla.typed.naming import named_by_file, named_in
from riskscore.samples.hla.typed.typing import Typings, state_of, typed_calls
from riskscore.samples.loci.builds import choose_build, hg18_regions

if TYPE_CHECKING:
    import pandas

HLA_COLUMNS = (
    "sample", "gene", "allele_1", "allele_2", "posterior", "alternatives", "resolution", "source",
    "phase", "state",
)  # fmt: skip
_LEAST = 1e-4  # alternatives less probable than this are not written


class HLALayout(StrEnum):
    """How HLA genotypes are laid out in a table."""

    LONG = "long"
    WIDE = "wide"
    GLSTRING = "glstring"


def read_hla(
    path: str | Path | Sequence[str | Path],
    *,
    layout: HLALayout | str = HLALayout.LONG,
    population: str = "EUR",
    build: Build | str | None = None,
    codes: str | Path | None = None,
    allele_list: str | Path | None = None,
    impute: bool = False,
    panel: str | Path | None = None,
) -> pandas.DataFrame:
    r"""The HLA genotypes of a VCF, or of typed tables of any known format, as a pandas frame.

    ``layout`` long has a row for each sample and gene, with the posterior of the pair and its
    alternatives; wide has a row for each sample and two columns for each gene; glstring has a row
    for each sample. ``population`` weighs genotypes between which a typing did not decide.
    ``codes`` is a table of multiple allele codes, ``allele_list`` IPD-IMGT/HLA's Allelelist.txt to
    check names against. With ``impute``, people who are not typed at a gene are called from the
    SNPs around it, by the shipped panel of phased haplotypes or that of the file ``panel``;
    ``attrs["expected_accuracy"]`` then has by gene the expected share of right alleles, in all and
    by superpopulation.

    Raises HLAFormatError for a table that cannot be read, NothingMatchedError for a VCF without
    HLA records, or without enough SNPs to impute any gene from.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = Path(folder, "typed.tsv")
    ...     _ = table.write_text("sample\tDRB1_1\tDRB1_2\nanna\t15:01\t03:01\n")
    ...     read_hla(table, layout="wide").iloc[0, :3].tolist()
    ['anna', 'DRB1*03:01', 'DRB1*15:01']
    """
    import pandas as pd

    samples, calls = read_hla_calls(
        path,
        population=population,
        build=build,
        codes=codes,
        allele_list=allele_list,
        impute=impute,
        panel=panel,
    )
    rows, columns = hla_table(samples, calls, layout)
    frame = pd.DataFrame(rows, columns=list(columns))
    expected = {one.gene: dict(one.accuracy) for one in calls.reports if one.accuracy}
    if expected:
        frame.attrs["expected_accuracy"] = expected
    return frame


def read_hla_calls(
    path: str | Path | Sequence[str | Path],
    *,
    population: str = "EUR",
    build: Build | str | None = None,
    codes: str | Path | None = None,
    allele_list: str | Path | None = None,
    impute: bool = False,
    panel: str | Path | None = None,
) -> tuple[tuple[str, ...], HLACalls]:
    """Samples and HLA calls of a VCF or of typed tables; errors as of :func:`read_hla`."""
    paths = [Path(p) for p in ([path] if isinstance(path, str | Path) else path)]
    if not is_genotype_file(paths[0]):
        if impute:
            raise UsageError("a table of types has no SNPs to impute from")
        files = [read_typings(p, codes=codes, allele_list=allele_list) for p in paths]
        tables, warnings = merged([named_by_file(typings) for typings in files])
        people = dict.fromkeys(name for t in tables.values() for name in t.people)
        samples = tuple(people)
        found = typed(tables.values(), samples, GENES, population)
        return samples, replace(found, warnings=warnings)
    asked = Build(build) if build else None
    with open_source(paths) as source:
        if impute:
            calls = _imputed(source, asked, panel)
        else:
            source.prepare(HLA_REGIONS)
            own, reports = read_hla_records(source, GENES)
            calls = HLACalls(own, reports=reports)
        samples, warnings = source.samples, source.warnings
    if not calls.genes:
        raise NothingMatchedError(
            "the file has no HLA records"
            + "; ".join((" and too few SNPs to impute them from", *calls.warnings)) * impute,
            where=paths[0].name,
            fix="impute HLA alleles from the SNPs of the MHC (--impute), if the file has them",
        )
    return samples, replace(calls, warnings=(*warnings, *calls.warnings))


def _imputed(source: Source, asked: Build | None, path: str | Path | None) -> HLACalls:
    """The HLA records of a source; people without them are imputed from their SNPs."""
    from riskscore.samples.hla.imputation.from_snps import panel_of, panel_regions, with_imputed

    file = None if path is None else Path(path)
    variants = panel_of(file).variants
    source.prepare(
        [
            *panel_regions(panel_of(file), asked or source.build),
            *hg18_regions(variants),
            *HLA_REGIONS,
        ]
    )
    chosen = choose_build(source, variants, asked)
    people = range(len(source.samples))
    records, reports = read_hla_records(source, GENES)
    known = HLACalls(records, reports=reports)
    return with_imputed(known, source, GENES, chosen, Reading(), people, file)


def typed(
    tables: Iterable[Typings], samples: Sequence[str], genes: Sequence[str], population: str
) -> HLACalls:
    """The calls of typed tables, the first table's where several type one sample."""
    calls: dict[str, GeneCalls] = {}
    reports: list[HLAReport] = []
    for typings in tables:
        wanted = [gene for gene in genes if gene in typings.genes]
        own, said = typed_calls(typings, samples, wanted, reference_panel(), population)
        for gene, new in own.items():
            known = calls.get(gene)
            if known is None:
                calls[gene] = new
            elif not np.isin(new.sample, known.sample).all():
                calls[gene] = known.filled_from(new)
        reports += said
    return HLACalls(dict(sorted(calls.items())), reports=tuple(reports))


def with_typed(
    records: HLACalls,
    files: Sequence[Typings],
    samples: Sequence[str],
    people: range,
    genes: Sequence[str],
    population: str,
) -> HLACalls:
    """The calls of typed tables; a sample that no table types has those of the records.

    ``records`` and the calls are of ``people`` only; the tables' reports are of all samples.
    """
    by_format, warnings = merged([named_in(typings, samples) for typings in files])
    tables = typed(by_format.values(), samples, genes, population)
    calls = {gene: own.of_people(people) for gene, own in tables.genes.items()}
    named = {name for typings in by_format.values() for name in typings.people}
    met = joined("the HLA tables", named, samples)
    swap = swap_warning(*sources_differ(calls, records.genes))
    warnings = (*warnings, *([] if met.whole else [str(met)]), *([swap] if swap else []))
    for gene, own in records.genes.items():
        if gene not in calls:
            calls[gene] = own
        elif not tables.genes[gene].called(len(samples)).all():
            calls[gene] = calls[gene].filled_from(own)
    return HLACalls(
        dict(sorted(calls.items())), reports=(*tables.reports, *records.reports), warnings=warnings
    )


def hla_table(
    samples: Sequence[str], calls: HLACalls, layout: HLALayout | str
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Rows and columns of a layout; a sample without a call has empty alleles."""
    match HLALayout(layout):
        case HLALayout.WIDE:
            return _wide(samples, calls)
        case HLALayout.GLSTRING:
            return _gl(samples, calls), ("sample", "gl_string")
    return hla_rows(samples, calls), HLA_COLUMNS


def hla_rows(samples: Sequence[str], calls: HLACalls) -> list[dict[str, Any]]:
    """The long layout: one row for each sample and gene."""
    return [
        _row(sample, place, gene_calls)
        for place, sample in enumerate(samples)
        for gene_calls in calls.genes.values()
    ]


def _row(sample: str, place: int, calls: GeneCalls) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(HLA_COLUMNS)
    row |= {"sample": sample, "gene": calls.gene, "source": calls.source, "state": "not typed"}
    pairs = calls.pairs(place)
    if not pairs:
        return row
    first, second, posterior = pairs[0]
    phase = calls.phase(place)
    if phase is not None and {str(name) for name in phase} == {str(first), str(second)}:
        first, second = phase
    others = [f"{written(i)}+{written(j)}={p:.4g}" for i, j, p in pairs[1:] if p >= _LEAST]
    return row | {
        "allele_1": written(first),
        "allele_2": written(second),
        "posterior": posterior,
        "alternatives": "|".join(others),
        "resolution": min(first.resolution, second.resolution),
        "phase": "phased" if phase is not None else "",
        "state": state_of(first, second),
    }


def written(name: HLAName) -> str:
    """An allele as a table writes it: empty where it is not known."""
    return str(name) if name.is_absent or name.members[0].fields else ""


def _wide(samples: Sequence[str], calls: HLACalls) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    columns = ["sample"]
    for gene in calls.genes:
        columns += [f"{gene}_1", f"{gene}_2", f"{gene}_posterior"]
    rows = []
    for place, sample in enumerate(samples):
        row: dict[str, Any] = dict.fromkeys(columns)
        row["sample"] = sample
        for gene, gene_calls in calls.genes.items():
            best = gene_calls.best(place)
            if best is not None:
                row |= {
                    f"{gene}_1": written(best[0]),
                    f"{gene}_2": written(best[1]),
                    f"{gene}_posterior": best[2],
                }
        rows.append(row)
    return rows, tuple(columns)


def _gl(samples: Sequence[str], calls: HLACalls) -> list[dict[str, Any]]:
    """The GL string of each sample: its genotypes of 1% or more, without their probabilities."""
    rows = []
    for place, sample in enumerate(samples):
        genes = {}
        for gene, gene_calls in calls.genes.items():
            pairs = gene_calls.pairs(place)
            likely = tuple((i, j) for i, j, p in pairs if p >= 0.01)
            if likely:
                genes[gene] = likely
        rows.append({"sample": sample, "gl_string": gl_string(genes)})
    return rows
