"""aggregated_scores.txt.gz: scores in the columns of the PGS Catalog Calculator, for its scripts.

Its documentation (pgsc_calc, *Outputs & report*) describes a tab-separated gzipped table with a row
for each person and score. SUM is the weighted sum of allele counts, DENOM the number of alleles
summed over, AVG their ratio. A missing genotype counts in SUM by its mean, and in DENOM too, as in
``plink2 --score`` by default.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from riskscore.scoring.scores.tally import Tally
from riskscore.writing.tables.text_columns import Block
from riskscore.writing.tables.write import tsv_parts

AGGREGATED = "aggregated_scores.txt.gz"
COLUMNS = ("sampleset", "IID", "PGS", "SUM", "DENOM", "AVG")
_PIECE = 1 << 16  # bytes compressed at a time, however the table was split


def aggregated_blocks(
    sample_set: str, blocks: Iterable[Block], tallies: Sequence[Tally]
) -> Iterator[Block]:
    """Blocks of a score table, each of one model, as blocks with the columns of COLUMNS."""
    by_model = {tally.model: tally for tally in tallies}
    for block in blocks:
        samples = block["sample"]
        if not len(samples):
            continue
        name = str(block["model"][0])
        tally = by_model[name]
        if tally.uncentred is None:
            total = np.asarray(block["published_score"], dtype=np.float64)
        else:
            total = np.asarray(block["genetic_score"], dtype=np.float64) + tally.uncentred
        scored = ~np.isnan(total)
        yield {
            "sampleset": [sample_set] * len(samples),
            "IID": samples,
            "PGS": [name] * len(samples),
            "SUM": total,
            "DENOM": np.where(scored, str(tally.alleles), "").tolist(),
            "AVG": total / tally.alleles if tally.alleles else np.full(len(total), np.nan),
        }


def aggregated_parts(blocks: Iterable[Block]) -> Iterator[bytes]:
    """The blocks as gzipped text without time and file name: the same rows give the same bytes."""
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for piece in _pieces(tsv_parts(blocks, COLUMNS)):
        yield compressor.compress(piece)
    yield compressor.flush()


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, _PIECE at a time."""
    held = bytearray()
    for part in parts:
        held += part
        whole = len(held) - len(held) % _PIECE
        for start in range(0, whole, _PIECE):
            yield bytes(held[start : start + _PIECE])
        del held[:whole]
    yield bytes(held)
