"""A cohort from a pandas frame: dosages, HLA calls and exposures in columns, a row a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import HLAFormatError, InputError, UsageError
from riskscore.files.frames import as_pandas
from riskscore.genetics.hla import GENES, HLAAllele, HLAName
from riskscore.genetics.hla_names import read_name
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.catalog import Models, as_models
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import exposures_of_columns
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.samples.loci.dosages import Dosages, LocusMatch
from riskscore.samples.loci.snp_haplotypes import with_snp_haplotypes
from riskscore.samples.question import AUTO_POPULATION, Question
from riskscore.samples.read import stand_in_notes

_GENE = re.compile(rf"^(?:HLA[-_])?(?P<gene>{'|'.join(GENES)})(?:[_. ](?P<place>[12]))?$")
_BETWEEN = re.compile(r"\s*[+,;\s]\s*")


def read_frame(
    frame: Any,
    models: Models,
    *,
    population: str = AUTO_POPULATION,
    age_column: str | None = None,
) -> Cohort:
    """A cohort whose samples are the rows of a frame (pandas, polars, ...), named by its index.

    ``models`` are ids of shipped models, folders, scoring files, or RiskModel.

    Columns are known by their names, in any order:

    - a variant's name (``rs2476601``): copies of the effect allele, 0 to 2;
    - a gene (``DRB1`` or ``HLA-DRB1``): two alleles, ``15:01+03:01`` (a space or a comma will
      do); or two columns, ``DRB1_1`` and ``DRB1_2``, with one each;
    - an HLA allele (``DRB1*15:01``): its copies, 0 to 2, as imputation gives them;
    - an exposure's id, as in :func:`riskscore.samples.exposure_table.read_exposures`; and ``sex``,
      and the column of ages in years that ``age_column`` names (see :class:`Question`).

    ``population`` is as in :class:`Question`; a frame has no SNPs that tell ancestry, so that with
    "auto" (default) all is as with EUR. An empty cell is not known, and what has no column is
    missing. Columns that no model reads are named in the cohort's ``warnings``. Raises InputError
    for a dosage that is not between 0 and 2, HLAFormatError, an ExposureError, or UsageError for a
    genome-wide score.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"DRB1": ["15:01+03:01"], "smoking": ["ever"]}, index=["me"])
    >>> cohort = read_frame(people, "ms")
    >>> cohort.samples, list(cohort.hla.genes), cohort.exposures.columns["smoking"]
    (('me',), ['DRB1'], ('ever',))
    """
    frame, models = as_pandas(frame), as_models(models)
    question = Question(models, population=population, age_column=age_column)
    population = question.reference_population()
    for model in models:
        if model.plain is not None:
            raise UsageError(
                f"{model.id} is a genome-wide score", fix="score it from a genotype file"
            )
    variants = list(dict.fromkeys(variant for model in models for variant in model.variants))
    by_name = {variant.name: variant for variant in variants}
    columns = {str(name): frame[name] for name in frame.columns}
    dosages = {
        by_name[name]: _copies(columns.pop(name), name) for name in by_name if name in columns
    }
    genes = _genes(columns)
    others = {
        name: _texts(column)
        for name, column in columns.items()
        if not _GENE.match(name) and _allele(name) is None
    }
    exposures = exposures_of_columns(others, models, age_column=age_column)
    unread = [f"columns no model reads: {', '.join(exposures.unused)}"] if exposures.unused else []
    return Cohort(
        samples=tuple(str(label) for label in frame.index),
        models=models,
        dosages=with_snp_haplotypes(_dosages(variants, dosages, len(frame)), models),
        hla=HLACalls(dict(sorted(genes.items()))),
        exposures=exposures,
        population=population,
        warnings=(*stand_in_notes(models, population), *unread, *exposures.notes),
        question=question,
    )


def _genes(columns: Mapping[str, Any]) -> dict[str, GeneCalls]:
    """Calls of the genes that columns are of: typed ones, and where there are none imputed ones."""
    typed: dict[str, list[Any]] = {}
    copies: dict[str, dict[HLAName, Array]] = {}
    for name, column in columns.items():
        if match := _GENE.match(name):
            typed.setdefault(match["gene"], []).append(column)
        elif allele := _allele(name):
            copies.setdefault(allele.gene, {})[allele] = _copies(column, name)
    genes = {gene: _typed(gene, cells) for gene, cells in typed.items()}
    for gene, own in copies.items():
        imputed = calls_from_dosages(gene, list(own), np.array(list(own.values())), "frame")
        genes[gene] = genes[gene].filled_from(imputed) if gene in genes else imputed
    return genes


def _allele(name: str) -> HLAAllele | None:
    if "*" not in name:
        return None
    try:
        return HLAAllele.parse(name)
    except HLAFormatError:
        return None


def _copies(column: Any, name: str) -> Array:
    """A column of dosages; raises InputError for anything but 0 to 2 or nothing."""
    import pandas as pd

    try:
        numbers = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InputError("a dosage is not a number", where=name) from error
    known = numbers[~np.isnan(numbers)]
    if ((known < 0) | (known > 2)).any():
        raise InputError(
            "a dosage is not between 0 and 2", where=name, fix="give copies of the effect allele"
        )
    return np.asarray(numbers)


def _texts(column: Any) -> tuple[str, ...]:
    """Cells as text, "" for what is missing."""
    return tuple(
        "" if missing else str(v) for v, missing in zip(column, column.isna(), strict=True)
    )


def _dosages(variants: Sequence[Variant], given: Mapping[Variant, Array], count: int) -> Dosages:
    values = np.full((len(variants), count), np.nan, dtype=np.float32)
    matches = []
    for row, variant in enumerate(variants):
        if variant not in given:
            matches.append(LocusMatch(variant, Missing.ABSENT))
            continue
        values[row] = given[variant]
        known = given[variant][~np.isnan(given[variant])]
        frequency = float(known.mean() / 2) if len(known) else float("nan")
        matches.append(LocusMatch(variant, Missing.NOT_MISSING, "given", "given", frequency))
    return Dosages(tuple(matches), values)


def _typed(gene: str, columns: Sequence[Any]) -> GeneCalls:
    """Calls of a gene from one column of two alleles, or from two columns of one."""
    cells = [_texts(column) for column in columns]
    texts = [" ".join(row).strip() for row in zip(*cells, strict=True)]
    pairs = {text: _pair(gene, text) for text in dict.fromkeys(texts)}
    names = sorted({name for pair in pairs.values() if pair for name in pair}, key=str)
    place = {name: i for i, name in enumerate(names)}
    rows = [(i, *pair) for i, text in enumerate(texts) if (pair := pairs[text])]
    return GeneCalls(
        gene,
        tuple(names),
        np.array([i for i, _, _ in rows], dtype=np.int64),
        np.array([place[first] for _, first, _ in rows], dtype=np.int64),
        np.array([place[second] for _, _, second in rows], dtype=np.int64),
        np.ones(len(rows)),
        "frame",
    )


def _pair(gene: str, text: str) -> tuple[HLAName, HLAName] | None:
    """Two alleles; None where either is not known."""
    parts = [part for part in _BETWEEN.split(text) if part]
    names = [read_name(part, gene) for part in parts]
    if not names or None in names:
        return None
    if len(names) != 2:
        raise HLAFormatError(f"{gene} has {len(names)} alleles", fix="write two: 15:01+03:01")
    first, second = (name for name in names if name is not None)
    return first, second
