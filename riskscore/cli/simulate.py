"""The verb simulate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import ModelOption, PopulationOption, build_name, say
from riskscore.genetics.build import Build


def simulate(
    model: ModelOption,
    out: Annotated[Path, typer.Option(help="A new folder for the files.")],
    people: Annotated[
        int, typer.Option("-n", "--people", help="How many people; with --trios, families.")
    ] = 0,
    population: PopulationOption = "EUR",
    admixture: Annotated[
        str, typer.Option(help="Shares of populations, for example EUR=0.7,AFR=0.3.")
    ] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 0,
    trios: Annotated[
        bool, typer.Option("--trios", help="Families: father, mother, child.")
    ] = False,
    cases: Annotated[
        int | None, typer.Option(help="Draw until so many are ill (in place of -n).")
    ] = None,
    controls: Annotated[int | None, typer.Option(help="Draw until so many are not ill.")] = None,
    disease: Annotated[
        str, typer.Option(help="The model whose disease defines cases; the first, if not given.")
    ] = "",
    prevalence: Annotated[
        float | None, typer.Option(help="Prevalence to use in place of the models' own.")
    ] = None,
    liability: Annotated[
        bool, typer.Option("--liability", help="A normal liability in place of the logistic link.")
    ] = False,
    r2: Annotated[
        float | None, typer.Option(help="Imputation quality: noisy GT:DS:HDS:GP. Else true GT.")
    ] = None,
    hla: Annotated[
        str, typer.Option(help="HLA records: A/T (HLA-TAPAS), P/A (SNP2HLA) or none (SNPs only).")
    ] = "A/T",
    build: Annotated[
        Build, typer.Option(help="Genome build.", parser=build_name, metavar="GRCh37|GRCh38")
    ] = Build.GRCh38,
) -> None:
    """Simulate people for one or several models: VCF, exposures, outcome, and the truth.

    None of them is real; every file says so.
    """
    from riskscore.models.reference.haplotypes import shares_of
    from riskscore.studies.simulation.simulate import simulate as draw

    simulation = draw(
        model,
        people,
        population=population,
        seed=seed,
        out=out,
        admixture=shares_of(admixture) if admixture else None,
        trios=trios,
        cases=cases,
        controls=controls,
        disease=disease,
        prevalence=prevalence,
        liability=liability,
        r2=r2,
        hla=hla,
        build=build,
    )
    ill = "; ".join(f"{int(v.sum())} with {name}" for name, v in simulation.outcome.items())
    files = ", ".join(sorted(path.name for path in out.iterdir()))
    say(
        [
            f"riskscore: {len(simulation):,} simulated people ({ill}), none of them real",
            f"riskscore: in {out.name}/: {files}",
        ]
    )
