"""The verb population: which superpopulation each person of a file is most like."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.cli.options import BuildOption, OutputOption, VCFArgument, say

if TYPE_CHECKING:
    from riskscore.models.model import RiskModel


def population(
    vcf: VCFArgument,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "-m", "--model", help="Models whose loci to compare by; all, if none is named."
        ),
    ] = None,
    build: BuildOption = None,
    output: OutputOption = None,
) -> None:
    """Print each person's most similar superpopulation, with its probability and the loci used.

    Warns of people whose superpopulation is not that of the models' weights. Nothing is adjusted.
    """
    from riskscore.models.catalog import as_models, list_models
    from riskscore.models.reference.panel import reference_panel
    from riskscore.samples.read import read_cohort
    from riskscore.scoring.population.likeness import likeness
    from riskscore.writing.tables.write import check_ending, write_table

    check_ending(output)
    models, panel = as_models(model or list_models()), reference_panel()
    cohort = read_cohort(vcf, models, build=build)
    found = likeness(cohort, panel)
    rows: list[dict[str, Any]] = [
        row | {"weights_from_others": ",".join(_foreign(models, row["most_similar"]))}
        for row in found.rows(cohort.samples)
    ]
    columns = list(rows[0]) if rows else ["sample"]
    write_table(rows, columns, output)
    say(
        [
            f"riskscore: compared by {len(found.variants)} variants and "
            f"{len(found.genes)} HLA genes ({', '.join(found.genes) or 'none'}); "
            "a description of genotypes, not of a person"
        ]
    )
    counts = Counter(row["most_similar"] for row in rows)
    say(_warnings(models, counts))


def _foreign(models: tuple[RiskModel, ...], population: str) -> list[str]:
    """The models whose weights come from other superpopulations than a person's."""
    return [m.id for m in models if population and m.ancestries and population not in m.ancestries]


def _warnings(models: tuple[RiskModel, ...], counts: Counter[str]) -> list[str]:
    """One warning for each ancestry of weights that differs from someone's."""
    warnings = []
    for ancestries in dict.fromkeys(m.ancestries for m in models if m.ancestries):
        others = {p: n for p, n in sorted(counts.items()) if p and p not in ancestries}
        if others:
            names = ", ".join(m.id for m in models if m.ancestries == ancestries)
            told = ", ".join(f"{p} {n}" for p, n in others.items())
            warnings.append(
                f"riskscore: warning: the weights of {names} come from "
                f"{'+'.join(sorted(ancestries))}; {sum(others.values())} of {counts.total()} "
                f"people are most like others ({told}). Their scores are less sure than their "
                "intervals say; nothing was adjusted"
            )
    return warnings
