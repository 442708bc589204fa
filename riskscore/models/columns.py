"""A scoring file column by column, as strict as row by row: for files of millions of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import ModelFormatError
from riskscore.models.origin import Origin
from riskscore.models.rows import MISSING, Row

if TYPE_CHECKING:
    import pyarrow as pa

Words = NDArray[np.object_]
Numbers = NDArray[np.float64]
Places = NDArray[np.int32]

_FLAGS = ("is_interaction", "is_haplotype", "is_diplotype")
_LETTERS = r"^(?:[ACGTNacgtn]+|[-IDid])$"
_TRUE, _FLAG_WORDS = ["true", "1"], ["", "true", "false", "1", "0"]


def read_columns(body: str, columns: tuple[str, ...], name: str, first: int) -> pa.Table:
    """The rows of a file as text; ``first`` is the line of the first of them.

    Raises ModelFormatError for a row of another length than the header.
    """
    import pyarrow as pa
    from pyarrow import csv

    bad: list[str] = []

    def refuse(row: Any) -> str:
        where = f"{name}, line {first + row.number - 1}" if row.number else name
        bad.append(where)
        return "error"

    try:
        return csv.read_csv(
            pa.py_buffer(body.encode()),
            read_options=csv.ReadOptions(column_names=list(columns), use_threads=False),
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, invalid_row_handler=refuse
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise ModelFormatError(
            f"a row that does not have {len(columns)} columns", where=bad[0] if bad else name
        ) from error


class Columns:
    """The columns of a table of text, with the strictness of a row."""

    def __init__(self, table: pa.Table, columns: tuple[str, ...], name: str, first: int) -> None:
        self.table, self.columns, self.name, self.offset = table, columns, name, first
        self.count = table.num_rows

    def row(self, i: int) -> list[str]:
        return [self.table.column(c)[int(i)].as_py().strip() for c in range(len(self.columns))]

    def refuse(self, i: int) -> Row:
        """The row as the strict reader sees it, to complain with its words."""
        cells = dict(zip(self.columns, self.row(i), strict=True))
        return Row(cells, self.name, int(i) + self.offset)

    @staticmethod
    def first(mask: NDArray[np.bool_]) -> int | None:
        found = np.flatnonzero(mask)
        return int(found[0]) if found.size else None

    def text(self, column: str) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        if column not in self.columns:
            return pa.array([""], pa.string()).take(pa.array(np.zeros(self.count, dtype=np.int64)))
        values = pc.utf8_trim_whitespace(self.table.column(column).combine_chunks())
        missing = pc.is_in(values, value_set=pa.array(sorted(MISSING)))
        return pc.if_else(missing, "", values)

    def filled(self, column: str) -> NDArray[np.bool_]:
        import pyarrow.compute as pc

        return np.asarray(pc.not_equal(self.text(column), ""))

    def single(self, column: str) -> str:
        """The one value of a column that is the same in every row, else nothing."""
        found = self.text(column).unique().to_pylist() if column in self.columns else [""]
        return found[0] if len(found) == 1 else ""

    def flag(self, column: str) -> NDArray[np.bool_]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if column not in self.columns:
            return np.zeros(self.count, dtype=bool)
        words = pc.utf8_lower(self.text(column))
        odd = ~np.asarray(pc.is_in(words, value_set=pa.array(_FLAG_WORDS)))
        if (i := self.first(odd)) is not None:
            self.refuse(i).flag(column)
        return np.asarray(pc.is_in(words, value_set=pa.array(_TRUE)))

    def numbers(self, column: str) -> Numbers:
        """A column of numbers, nan where empty."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if column not in self.columns:
            return np.full(self.count, np.nan)
        text = self.text(column)
        empty = pc.equal(text, "")
        try:
            values = pc.cast(pc.if_else(empty, pa.scalar(None, pa.string()), text), pa.float64())
        except pa.ArrowInvalid:
            for place in range(self.count):  # find the one that is no number
                self.refuse(place).number(column)
            raise
        found = values.to_numpy(zero_copy_only=False)
        odd = ~np.isfinite(found) & ~np.asarray(empty)
        if (i := self.first(odd)) is not None:
            self.refuse(i).number(column)
        return np.asarray(found, dtype=np.float64)

    def places(self, column: str) -> Places:
        """A column of positions, 0 where empty."""
        values = self.numbers(column)
        odd = ~np.isnan(values) & ~((values > 0) & (values < 2**31) & (values % 1 == 0))
        if (i := self.first(odd)) is not None:
            self.refuse(i).position(column)
        return np.nan_to_num(values).astype(np.int32)

    def words(self, column: str, *, upper: bool = False) -> Words:
        """A column of text; equal words are one object."""
        import pyarrow.compute as pc

        text = pc.utf8_upper(self.text(column)) if upper else self.text(column)
        coded = text.dictionary_encode()
        words: Words = np.array(coded.dictionary.to_pylist(), dtype=object)
        found: Words = words[coded.indices.to_numpy()]
        return found

    def complex_rows(self) -> NDArray[np.bool_]:
        """Rows that are not one variant by its letters with one weight."""
        import pyarrow.compute as pc

        found = np.zeros(self.count, dtype=bool)
        for column in _FLAGS:
            found |= self.flag(column)
        found |= self.filled("variant_type") | self.filled("fallback_for")
        found |= ~np.asarray(pc.match_substring_regex(self.text("effect_allele"), _LETTERS))
        found |= np.asarray(pc.match_substring_regex(self.text("rsID"), r"^(?i:HLA|AA_)|\*"))
        by_dosage = self.filled("dosage_0_weight") | self.filled("dosage_1_weight")
        by_dosage |= self.filled("dosage_2_weight")
        return found | (by_dosage & ~self.filled("effect_weight"))

    def weights(
        self, weights: Numbers, ratios: Numbers, origin: Origin, skipped: NDArray[np.bool_]
    ) -> Numbers:
        """The weights on the log scale."""
        given = np.isnan(weights)
        values = np.where(given, ratios, weights)
        to_log = given | origin.ratios
        if (i := self.first((np.isnan(values) | (to_log & (values <= 0))) & ~skipped)) is not None:
            raise self.refuse(i).error(
                "effect_weight is empty" if np.isnan(values[i]) else "the ratio has no logarithm"
            )
        logs = np.log(np.where(to_log & (values > 0), values, 1.0))
        return np.where(to_log, logs, values)
