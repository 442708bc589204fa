"""Names of the types of arrays that many modules hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]  # positions in a list or table
Offsets = NDArray[np.intp]  # positions in a text
Positions = NDArray[np.int32]  # base pairs on a chromosome, or other numbers of a table's cells
Words = NDArray[np.object_]  # of str
Words64 = NDArray[np.uint64]  # eight letters each, the first in the lowest byte
Letters = NDArray[np.uint8]  # text, one byte each
Copies = NDArray[np.float32]  # of an allele
GenotypeCodes = NDArray[np.uint8]  # 2 x the first + the second haplotype's allele, 1 the counted
Reasons = NDArray[np.uint8]  # why something is not known: numbers of Missing
