"""A scoring file's plain variants read into arrays, without an object a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Positions, Words
from riskscore.errors import ModelFormatError
from riskscore.genetics.build import Build, chromosome
from riskscore.models.plain import PlainVariants
from riskscore.models.scoring_files.columns import Coded, Columns, read_columns
from riskscore.models.scoring_files.origin import Origin, origin_of
from riskscore.models.scoring_files.rows import (
    FREQUENCY,
    OWN_FREQUENCY,
    ScoringTable,
    is_known,
    read_key,
    standard_columns,
    unknown_column,
)
from riskscore.models.scoring_files.variants import BOTH_WAYS, NO_LETTERS, NO_PLACE, ONE_LETTER
from riskscore.models.scoring_files.weight_type import WeightType

LARGE = 2_000  # rows above which a file's plain variants are held as arrays


def parse_plain(
    text: str, name: str, asked: WeightType | None
) -> tuple[PlainVariants, ScoringTable, Origin]:
    """A scoring file's plain variants as arrays, and the rows that are not plain as a table.

    A plain row is one variant by its letters with one weight. Raises ModelFormatError naming file
    and line.
    """
    header, columns, first, start = _read_header(text, name)
    cells = Columns(read_columns(text, start, columns, name, first), columns, name)
    for column in columns:
        if not is_known(column) and (filled := cells.first(cells.filled(column))) is not None:
            raise unknown_column(column, f"{name}, line {cells.lines[filled]}")
    complex_rows = cells.complex_rows()
    weights = cells.numbers("effect_weight")
    ratios = np.where(np.isnan(r := cells.numbers("OR")), cells.numbers("HR"), r)
    both = ~np.isnan(ratios) & ~np.isnan(weights)
    named = header.get("weight_type", "") or cells.single("weight_type")
    origin = origin_of(
        header,
        name,
        named,
        weights[~np.isnan(weights)],  # type: ignore[arg-type]
        bool(both.any() and (weights[both] == ratios[both]).all() and (ratios[both] > 0).all()),
        bool(both.any()),
        asked,
    )
    cells.require_same_by_dosage(weights, complex_rows)
    weights = cells.weights(weights, ratios, origin, complex_rows)
    plain = _plain(cells, weights, origin, ~complex_rows)
    table = ScoringTable(name, header, columns, cells.rows(complex_rows), cells.count)
    return plain, table, origin


def _read_header(text: str, name: str) -> tuple[dict[str, str], tuple[str, ...], int, int]:
    """Header, columns, the line the first row stands on, and where in the text that begins."""
    header: dict[str, str] = {}
    start, number = 0, 1
    while start < len(text):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        start = end + 1 if end >= 0 else len(text)
        if line.startswith("#"):
            read_key(line, header)
        elif line.strip():
            columns = standard_columns([cell.strip() for cell in line.split("\t")], name)
            return header, columns, number + 1, start
        number += 1
    raise ModelFormatError("no rows of weights", where=name)


def _plain(cells: Columns, weights: Array, origin: Origin, kept: Mask) -> PlainVariants:
    effects = cells.coded("effect_allele").changed(str.upper)
    effect, others = effects.column, _other_alleles(cells)
    other = others.column
    if (i := cells.first((effect == other) & kept)) is not None:
        raise cells.refuse(i).error(f"the alleles {effect[i]!r} and {other[i]!r} are not two")
    dominant, recessive = cells.flag("is_dominant"), cells.flag("is_recessive")
    if (i := cells.first(dominant & recessive)) is not None:
        raise cells.refuse(i).error("a row cannot be both dominant and recessive")
    chrom, places = _places(cells, origin)
    coding = dominant + 2 * recessive
    repeated = _repeated([chrom, effects, others], [*places.values()], coding) & kept
    if (i := cells.first(repeated)) is not None:
        raise cells.refuse(i).error(f"the allele {effect[i]} at its place stands twice")
    notes = {
        ONE_LETTER: (other == "") & kept,
        NO_PLACE: (places[Build.GRCh37] + places[Build.GRCh38] == 0) & kept,
        NO_LETTERS: effects.that(["-", "I", "D"].__contains__) & kept,
        BOTH_WAYS: _counted_both_ways(chrom, list(places.values()), effect, other) & kept,
    }
    frequency = {
        (column.removeprefix(FREQUENCY) if column.startswith(FREQUENCY) else OWN_FREQUENCY): (
            cells.numbers(column)[kept]
        )
        for column in cells.columns
        if column.startswith("allelefrequency_effect")
    }
    return PlainVariants(
        _names(cells)[kept],
        chrom.column[kept],
        places[Build.GRCh38][kept],
        places[Build.GRCh37][kept],
        effect[kept],
        other[kept],
        weights[kept],
        coding.astype(np.uint8)[kept],
        frequency,
        cells.lines[kept],
        origin.source,
        tuple(f"{rows.sum()} row(s) {text}" for text, rows in notes.items() if rows.any()),
    )


def _names(cells: Columns) -> Words:
    """The harmonised name of each variant, or the author's."""
    if "hm_rsID" not in cells.columns:
        return cells.words("rsID")
    own = cells.words("hm_rsID")
    return np.where(own == "", cells.words("rsID"), own)


def _other_alleles(cells: Columns) -> Coded:
    """The other allele; where it is not one allele, what the catalog inferred, or nothing."""
    given = cells.coded("other_allele").changed(str.upper)
    several = given.that(lambda word: not word or "/" in word or "," in word)
    if not several.any():
        return given
    inferred = cells.coded("hm_inferOtherAllele").changed(
        lambda word: word.upper() if word.isalpha() else ""
    )
    return inferred.where(several, given)


def _repeated(
    words: Sequence[Coded], places: Sequence[Positions], coding: NDArray[np.int64]
) -> Mask:
    """Rows that have a place and that a row above them equals in everything."""
    found = np.zeros(len(coding), dtype=bool)
    rough = (words[0].codes << 33) + sum(place.astype(np.int64) for place in places)
    order = np.argsort(rough)
    twice = np.diff(rough[order]) == 0
    rows = np.sort(order[np.append(twice, False) | np.append(False, twice)])  # the few to compare
    keys: list[NDArray[Any]] = [coding, *places, *(column.codes for column in words)]
    keys = [key[rows] for key in keys]
    order = np.lexsort(keys)
    same = np.logical_and.reduce([np.diff(key[order]) == 0 for key in keys])
    found[rows[order[1:][same]]] = True
    placed: Mask = np.logical_or.reduce([place > 0 for place in places])
    return found & placed


def _counted_both_ways(
    chromosome: Coded, places: Sequence[Positions], effect: Words, other: Words
) -> Mask:
    """Rows that count the other allele of a variant that a row above counts."""
    rough = (chromosome.codes << 33) + sum(place.astype(np.int64) for place in places)
    order = np.argsort(rough, kind="stable")
    same = np.diff(rough[order]) == 0
    found = np.zeros(len(effect), dtype=bool)
    for above, row in zip(order[:-1][same].tolist(), order[1:][same].tolist(), strict=True):
        swapped = effect[row] == other[above] and other[row] == effect[above]
        found[row] = swapped and any(place[row] == place[above] > 0 for place in places)
    return found


def _places(cells: Columns, origin: Origin) -> tuple[Coded, dict[Build, Positions]]:
    """Chromosome, and position by build."""
    nothing = np.zeros(cells.count, dtype=np.int32)
    places = dict.fromkeys(Build, nothing)
    for column, build in (
        ("chr_position", origin.build),
        ("position_grch37", Build.GRCh37),
        ("position_grch38", Build.GRCh38),
    ):
        if build and column in cells.columns:
            found = cells.places(column)
            places[build] = np.where(found > 0, found, places[build])
    chrom = cells.coded("chr_name").changed(chromosome)
    if origin.harmonised and "hm_pos" in cells.columns:
        there, found = cells.coded("hm_chr").changed(chromosome), cells.places("hm_pos")
        no_place = (places[Build.GRCh37] == 0) & (places[Build.GRCh38] == 0)
        usable = (found > 0) & ((there.column == chrom.column) | no_place)
        usable &= there.that(lambda name: 0 < len(name) <= 2)
        places[origin.harmonised] = np.where(usable, found, places[origin.harmonised])
        chrom = there.where(usable, chrom)
    return chrom, places
