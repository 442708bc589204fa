"""The report on each HLA gene in words: dialect, resolutions, sums, quality."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from riskscore.samples.hla.calls import IMPUTED, HLAReport


def report_words(reports: Iterable[HLAReport]) -> Iterator[str]:
    """One line for each gene, and a line for each note."""
    notes: dict[str, None] = {}
    for report in reports:
        if report.source == IMPUTED:
            yield f"HLA-{report.gene}: {imputed_words(report)}"
            continue
        yield f"HLA-{report.gene}: {'; '.join(_parts(report))}"
        notes |= dict.fromkeys(report.notes if "table" not in report.source else report.notes[1:])
    yield from (f"  note: {note}" for note in notes)


def imputed_words(report: HLAReport) -> str:
    """The report on a gene that was imputed, with the accuracy to expect."""
    *found, tested = report.notes
    by = ", ".join(f"{name} {share:.2f}" for name, share in report.accuracy.items())
    return (
        f"{report.called} {IMPUTED}, {report.not_called} not called, {'; '.join(found)}; "
        f"expected accuracy of alleles {by} ({tested})"
    )


def _parts(report: HLAReport) -> Iterator[str]:
    typed = "table" in report.source
    yield f"{report.dialect} table" if typed else f"{report.dialect} records"
    what = "alleles" if typed else "names"
    levels = ", ".join(f"{n} {what} of {f} field(s)" for f, n in sorted(report.records.items()))
    yield f"{levels}; {report.resolution} field(s) used" if not typed else levels
    if report.fields:
        yield f"from {', '.join(report.fields)}"
    if report.flipped:
        yield f"{report.flipped} with REF = present, turned round"
    yield f"{report.called} called, {report.not_called} not"
    if typed and report.notes:
        yield report.notes[0]
    if report.sum_mean == report.sum_mean:
        yield (
            f"alleles a person {report.sum_mean:.3f} on average "
            f"({report.sum_low:.2f} to {report.sum_high:.2f})"
        )
    if report.sum_refused:
        yield f"not about 2 in {report.sum_refused} people, of whom an allele is unknown or unsure"
    if report.quality == report.quality:
        low = f", {report.quality_low} common alleles below 0.7" if report.quality_low else ""
        yield f"imputation quality {report.quality:.2f}{low}"
