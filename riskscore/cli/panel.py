"""The verb panel: making a phased panel that HLA alleles are imputed by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import BuildOption, say

panel = typer.Typer(help="Panels of phased haplotypes, by which HLA alleles are imputed.")


@panel.callback()
def _whole() -> None:
    """Panels of phased haplotypes, by which HLA alleles are imputed."""


@panel.command("build")
def build_from(
    vcf: Annotated[Path, typer.Argument(help="Phased genotypes without gaps around the genes.")],
    types: Annotated[
        Path,
        typer.Argument(
            help="Table with two rows a person: sample, superpopulation, chromosome (1 or 2, as in "
            "GT), and the genes A, C, B, DRB1, DQA1, DQB1, DPB1, as many as are typed."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The panel's file.")],
    build: BuildOption = None,
) -> None:
    """Make a panel of people who are phased and typed, for hla --impute --panel."""
    from riskscore.files import require_file
    from riskscore.genetics.build import Build
    from riskscore.samples.hla.imputation.panel_build import build_panel
    from riskscore.samples.hla.imputation.panel_file import write_panel

    made = build_panel(
        require_file(vcf, "phased VCF"),
        require_file(types, "table of types"),
        Build(build.value) if build else None,
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
