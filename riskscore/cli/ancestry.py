"""The verbs ancestry and population, which compare people with the reference populations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.cli.options import BuildOption, MinR2Option, OutputOption, VCFArgument, say
from riskscore.samples.files.reading import Absent, Reading

if TYPE_CHECKING:
    from riskscore.models.model import RiskModel
    from riskscore.scoring.ancestry.ancestry import Ancestry


def ancestry(
    vcf: VCFArgument,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--model",
            help="Models whose loci to compare by where too few SNPs are read; all, if none is "
            "named.",
        ),
    ] = None,
    build: BuildOption = None,
    min_r2: MinR2Option = None,
    absent: Annotated[
        Absent, typer.Option(help="homref: a SNP without a record has two reference letters.")
    ] = Absent.MISSING,
    output: OutputOption = None,
) -> None:
    """Print each person's principal components and shares of superpopulations.

    By 9,559 SNPs spread over the genome; by likelihood over the models' loci where a file has fewer
    than 1,000 of them. The column rests_on says which, verdict how sure it is.
    """
    from riskscore.run import ancestry as ancestry_of_file
    from riskscore.writing.tables.write import check_ending, write_table

    check_ending(output)
    found = ancestry_of_file(
        vcf,
        models=model or None,
        build=build,
        reading=Reading(min_r2=min_r2, absent=absent),
    )
    rows = found.rows()
    write_table(rows, list(rows[0]) if rows else ["sample"], output)
    say(f"riskscore: {line}" for line in _ancestry_words(found))


def _ancestry_words(found: Ancestry) -> Iterator[str]:
    """How people were compared, and warnings."""
    methods, loci = found.methods, found.loci[found.projection.done]
    if len(loci):
        yield (
            f"{len(loci)} people by the components of {loci.min():,} to {loci.max():,} SNPs; "
            "a description of genotypes, not of a person"
        )
    if found.likelihood is not None:
        seen = found.likelihood
        yield (
            f"{int((methods == 'likelihood').sum())} people by the likelihood of "
            f"{len(seen.variants)} variants and {len(seen.genes)} HLA genes "
            f"({', '.join(seen.genes) or 'none'}), which says much less"
        )
    if found.variants_only:
        yield (
            f"warning: of {found.variants_only} people the file lists variants only, by which "
            "nobody can be placed; if you know that absent means reference, say --absent homref, "
            "or give a gVCF"
        )
    outside = int((found.verdicts == "outside").sum())
    if outside:
        yield (
            f"warning: {outside} people are outside the reference, or their genotypes are not what "
            "the file says: shares are then those of the nearest mixture, and say little"
        )


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
    say(_foreign_words(models, counts))


def _foreign(models: tuple[RiskModel, ...], population: str) -> list[str]:
    """The models whose weights come from other superpopulations than a person's."""
    return [m.id for m in models if population and m.ancestries and population not in m.ancestries]


def _foreign_words(models: tuple[RiskModel, ...], counts: Counter[str]) -> list[str]:
    """A warning for each ancestry of weights that some people do not have."""
    warnings = []
    for ancestries in dict.fromkeys(m.ancestries for m in models if m.ancestries):
        others = {p: n for p, n in sorted(counts.items()) if p and p not in ancestries}
        if others:
            names = ", ".join(m.id for m in models if m.ancestries == ancestries)
            counted = ", ".join(f"{p} {n}" for p, n in others.items())
            warnings.append(
                f"riskscore: warning: the weights of {names} come from "
                f"{'+'.join(sorted(ancestries))}; {sum(others.values())} of {counts.total()} "
                f"people are most like others ({counted}). Their scores are less sure than their "
                "intervals say; nothing was adjusted"
            )
    return warnings
