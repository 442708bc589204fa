"""The verbs about HLA: hla prints genotypes, panel builds a panel for imputation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import (
    AlleleListOption,
    BuildOption,
    CodesOption,
    OutputOption,
    PanelOption,
    PopulationOption,
    say,
)


def hla(
    source: Annotated[
        list[Path],
        typer.Argument(help="A genotype file, or typed HLA tables of any known format."),
    ],
    layout: Annotated[
        str, typer.Option("--format", help="Layout of the table: long, wide or glstring.")
    ] = "long",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    codes: CodesOption = None,
    allele_list: AlleleListOption = None,
    impute: Annotated[
        bool,
        typer.Option(
            "--impute", help="Impute whoever is not typed from the SNPs around the genes."
        ),
    ] = False,
    panel: PanelOption = None,
    output: OutputOption = None,
) -> None:
    """Print HLA genotypes: alleles, posterior, alternatives; a report on the file goes to stderr.

    Reads VCFs with HLA records in any dialect, and tables: wide, long, GL strings, HIBAG, arcasHLA,
    xHLA, OptiType, HLA*LA, T1K, HLA-HD, UK Biobank 22182, PLINK .ped.
    """
    from riskscore.errors import UsageError
    from riskscore.files.inputs import require_file
    from riskscore.samples.hla.table import HLALayout, hla_table, read_hla_calls
    from riskscore.samples.hla.words import report_words
    from riskscore.writing.tables.write import check_ending, write_table

    if layout not in set(HLALayout):
        raise UsageError(f"--format {layout} is not known", fix="choose long, wide or glstring")
    check_ending(output)
    paths = [require_file(path, "genotype file or HLA table") for path in source]
    samples, calls = read_hla_calls(
        paths,
        population=population,
        build=build,
        codes=codes,
        allele_list=allele_list,
        impute=impute,
        panel=panel,
    )
    say(f"riskscore: warning: {warning}" for warning in calls.warnings)
    say(report_words(calls.reports))
    rows, columns = hla_table(samples, calls, layout)
    write_table(rows, columns, output)


panel = typer.Typer(help="Panels of phased haplotypes, by which HLA alleles are imputed.")


@panel.callback()
def _panels() -> None:
    """Panels of phased haplotypes, by which HLA alleles are imputed."""


@panel.command("build")
def build_from(
    vcf: Annotated[Path, typer.Argument(help="Phased genotypes without gaps around the genes.")],
    types: Annotated[
        Path,
        typer.Argument(
            help="Table with two rows for each person: sample, superpopulation, chromosome (1 or "
            "2, as in GT), and the genes A, C, B, DRB1, DQA1, DQB1, DPB1, as many as are typed."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The panel's file.")],
    build: BuildOption = None,
) -> None:
    """Make a panel of people who are phased and typed, for hla --impute --panel."""
    from riskscore.files.inputs import require_file
    from riskscore.samples.hla.imputation.panel_build import build_panel
    from riskscore.samples.hla.imputation.panel_file import write_panel

    made = build_panel(
        require_file(vcf, "phased VCF"),
        require_file(types, "table of types"),
        build,
    )
    write_panel(made, out)
    say(
        [
            f"riskscore: {made.people} people of {', '.join(made.populations)}, "
            f"{len(made.positions)} SNPs, {made.build}; "
            + ", ".join(
                f"{len(a)} alleles of {g}" for g, a in zip(made.genes, made.alleles, strict=True)
            )
        ]
    )
