"""The verb ancestry: where each person of a file is among the reference people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from riskscore.cli.options import BuildOption, OutputOption, VCFArgument, say
from riskscore.samples.files.reading import Absent, Reading

if TYPE_CHECKING:
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
    min_r2: Annotated[
        float | None,
        typer.Option("--min-r2", help="Leave out records imputed worse (R2, DR2, INFO or AR2)."),
    ] = None,
    absent: Annotated[
        Absent, typer.Option(help="homref: a SNP without a record has two reference letters.")
    ] = Absent.MISSING,
    output: OutputOption = None,
) -> None:
    """Print each person's principal components and shares of superpopulations.

    By 9,559 SNPs spread over the genome; by likelihood over the models' loci where a file has fewer
    than 1,000 of them. The column rests_on tells which, verdict how sure it is.
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
    say(f"riskscore: {line}" for line in _told(found))


def _told(found: Ancestry) -> Iterator[str]:
    """What the table rests on, and what to be careful of."""
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
            f"({', '.join(seen.genes) or 'none'}), which tells much less"
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
