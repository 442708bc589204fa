"""Read the plain variants of a scoring file into arrays."""

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
from riskscore.models.scoring_files.effects import RATIO_DIFFERS
from riskscore.models.scoring_files.origin import Origin, origin_of
from riskscore.models.scoring_files.rows import (
    ScoringTable,
    is_known,
    populations_of,
    read_key,
    standard_columns,
    unknown_column,
)
from riskscore.models.scoring_files.variants import (
    BOTH_WAYS,
    CHROMOSOMES,
    LETTERS,
    NO_LETTERS,
    NO_PLACE,
    NOT_APPLIED,
    ONE_LETTER,
    SEQUENCE,
    inferred_allele,
    one_other_allele,
)
from riskscore.models.scoring_files.weight_type import WeightType

LARGE = 2_000  # rows above which a file's plain variants are held as arrays
_TERM_COLUMNS = ("standard_error", "component", "source", "status")  # of a term, not of an array
NOT_HELD = f"which is not used of plain variants in files of more than {LARGE:,} rows"


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
    named = header.get("weight_type", "") or cells.constant("weight_type")
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
    cells.require_terms()
    differs = cells.ratio_differs(weights, ratios) & (not origin.ratios)
    weights = cells.weights(weights, ratios, origin, complex_rows)
    plain = _plain(cells, weights, origin, differs, ~complex_rows)
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


def _plain(
    cells: Columns, weights: Array, origin: Origin, differs: Mask, kept: Mask
) -> PlainVariants:
    effects = cells.coded("effect_allele").mapped(str.upper)
    effect, others = effects.column, _other_alleles(cells)
    other = others.column
    no_letters = ~others.rows_where(lambda word: not word or LETTERS.fullmatch(word))
    if (i := cells.first(((effect == other) | no_letters) & kept)) is not None:
        message = f"the alleles {effect[i]!r} and {other[i]!r} are not two sequences"
        raise cells.row(i).error(message)
    dominant, recessive = cells.flag("is_dominant"), cells.flag("is_recessive")
    if (i := cells.first(dominant & recessive)) is not None:
        raise cells.row(i).error("a row cannot be both dominant and recessive")
    chrom, places = _places(cells, origin)
    coding = dominant + 2 * recessive
    repeated = _repeated([chrom, effects, others], [*places.values()], coding) & kept
    if (i := cells.first(repeated)) is not None:
        raise cells.row(i).error(f"the allele {effect[i]} at its place occurs twice")
    sequences = effects.rows_where(SEQUENCE.fullmatch) & others.rows_where(SEQUENCE.fullmatch)
    notes = {
        RATIO_DIFFERS: differs,
        NOT_APPLIED: cells.filled("inclusion_criteria"),
        ONE_LETTER: other == "",
        NO_LETTERS: (other != "") & ~sequences,
        NO_PLACE: places[Build.GRCh37] + places[Build.GRCh38] == 0,
        BOTH_WAYS: _counted_both_ways(chrom, list(places.values()), effect, other),
    }
    notes |= {f"have {column}, {NOT_HELD}": cells.filled(column) for column in _TERM_COLUMNS}
    counts = {text: int((rows & kept).sum()) for text, rows in notes.items()}
    columns = populations_of(cells.columns).items()
    frequency = {name: cells.shares(column)[kept] for column, name in columns}
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
        tuple(f"{count} row(s) {text}" for text, count in counts.items() if count),
    )


def _names(cells: Columns) -> Words:
    """The harmonised name of each variant, or the author's."""
    if "hm_rsID" not in cells.columns:
        return cells.words("rsID")
    own = cells.words("hm_rsID")
    return np.where(own == "", cells.words("rsID"), own)


def _other_alleles(cells: Columns) -> Coded:
    """The other allele; if it is not one allele, the one the catalog inferred, or nothing."""
    given = cells.coded("other_allele").mapped(str.upper)
    said = given.rows_where(one_other_allele)
    return given.where(said, cells.coded("hm_inferOtherAllele").mapped(inferred_allele))


def _repeated(
    words: Sequence[Coded], places: Sequence[Positions], coding: NDArray[np.int64]
) -> Mask:
    """Rows with a position that repeat a row above them in every column."""
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
    chrom = cells.coded("chr_name").mapped(chromosome)
    if origin.build:
        assembled = chrom.rows_where(CHROMOSOMES.__contains__)
        places[origin.build] = np.where(assembled, cells.places("chr_position"), 0)
    for column, build in (("position_grch37", Build.GRCh37), ("position_grch38", Build.GRCh38)):
        found = cells.places(column)
        places[build] = np.where(found > 0, found, places[build])
    if origin.harmonised:
        there, found = cells.coded("hm_chr").mapped(chromosome), cells.places("hm_pos")
        no_place = (places[Build.GRCh37] == 0) & (places[Build.GRCh38] == 0)
        usable = (found > 0) & ((there.column == chrom.column) | no_place)
        usable &= there.rows_where(CHROMOSOMES.__contains__)
        places[origin.harmonised] = np.where(usable, found, places[origin.harmonised])
        chrom = there.where(usable, chrom)
    return chrom, places
