"""VCF files out: bgzipped and indexed, line by line."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import deflate
import numpy as np
import pysam
from numpy.typing import NDArray

from riskscore.arrays import GenotypeCodes
from riskscore.errors import OutputError
from riskscore.genetics.build import CHROMOSOME_LENGTHS, Build
from riskscore.samples.files.containers import BGZF_END
from riskscore.samples.files.header import FIXED

STEPS = 100  # haplotype dosages are written in hundredths, so that DS is exactly their sum

_BLOCK = 65_280  # bytes of text in a BGZF block, as bgzip takes them
_LEVEL = 3  # libdeflate's, of 12: beyond it files shrink little and take twice as long
_ATONCE = 64  # blocks compressed before the first is waited for

GT_FORMAT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype, phased">'
DOSAGE_FORMATS = (
    GT_FORMAT,
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage of ALT: the sum of HDS">',
    '##FORMAT=<ID=HDS,Number=.,Type=Float,Description="Dosage of ALT on each haplotype">',
    '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Genotype probabilities">',
)


@dataclass(frozen=True, slots=True)
class OutRecord:
    """A record to write; ``cells`` is the text of all samples, a tab before each."""

    chromosome: str
    position: int
    id: str
    ref: str
    alt: str
    info: str
    format: str
    cells: bytes


def contig_name(chromosome: str, build: Build) -> str:
    """What a chromosome is called in files of a build: chr6 in GRCh38, 6 in GRCh37."""
    return f"chr{chromosome}" if build is Build.GRCh38 else chromosome


class VCFWriter:
    """A bgzipped VCF being written, indexed when closed. Use as a context manager.

    ``header`` holds further lines that begin with ##; records must come sorted. Raises OutputError
    when the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        samples: Sequence[str],
        *,
        build: Build,
        chromosomes: Sequence[str],
        header: Sequence[str],
    ) -> None:
        self.path, self.build = path, build
        lengths = CHROMOSOME_LENGTHS[build]
        self.head = [
            "##fileformat=VCFv4.2",
            f"##reference={build}",
            *header,
            '##FILTER=<ID=PASS,Description="All filters passed">',
            *(f"##contig=<ID={contig_name(c, build)},length={lengths[c]}>" for c in chromosomes),
            "\t".join([*FIXED, *samples]),
        ]

    def __enter__(self) -> VCFWriter:
        try:
            self.stream = open(self.path, "wb")
        except OSError as error:
            raise self._refused(error) from error
        self.out = BGZFWriter(self.stream)
        self._write("\n".join([*self.head, ""]).encode())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with self.stream:
                self.out.close(whole=kind is None)
            if kind is None:
                pysam.tabix_index(str(self.path), preset="vcf", force=True)
        except OSError as error:
            raise self._refused(error) from error

    def write(self, r: OutRecord) -> None:
        place = f"{contig_name(r.chromosome, self.build)}\t{r.position}\t{r.id}\t{r.ref}\t{r.alt}"
        self._write(f"{place}\t.\tPASS\t{r.info}\t{r.format}".encode() + r.cells + b"\n")

    def _write(self, text: bytes) -> None:
        try:
            self.out.write(text)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(f"could not write: {error.strerror}", where=self.path.name)


class BGZFWriter:
    """Blocked gzip, as bgzip writes it: blocks compressed by two threads and written in order.

    pysam's own writer does the same on one thread, and takes several times as long.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.rest = bytearray()
        self.waiting: list[Future[bytes]] = []
        self.threads = ThreadPoolExecutor(2)

    def close(self, *, whole: bool = True) -> None:
        """Write what is left and the end block, unless the file is to be thrown away."""
        try:
            if whole:
                self._submit(bytes(self.rest))
                self._drain(0)
                self.stream.write(BGZF_END)
        finally:
            self.threads.shutdown(cancel_futures=True)

    def write(self, text: bytes) -> None:
        self.rest += text
        whole = len(self.rest) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            self._submit(bytes(self.rest[start : start + _BLOCK]))
        del self.rest[:whole]

    def _submit(self, text: bytes) -> None:
        if text:
            self.waiting.append(self.threads.submit(_block, text))
            self._drain(_ATONCE)

    def _drain(self, leave: int) -> None:
        while len(self.waiting) > leave:
            self.stream.write(self.waiting.pop(0).result())


def _block(text: bytes) -> bytes:
    """One gzip member with the size of the block in its extra field (SAM specification, 4.1)."""
    packed = bytes(deflate.deflate_compress(text, _LEVEL))
    start = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25)
    return start + packed + struct.pack("<II", zlib.crc32(text), len(text))


@cache
def _genotypes() -> NDArray[np.bytes_]:
    return np.array([b"\t0|0", b"\t0|1", b"\t1|0", b"\t1|1"])


@cache
def _dosages() -> NDArray[np.bytes_]:
    """GT:DS:HDS:GP for every pair of haplotype dosages in hundredths.

    GP follows from the haplotypes' independence: (1-a)(1-b), a(1-b) + b(1-a), ab.
    """
    cells = []
    for i in range(STEPS + 1):
        for j in range(STEPS + 1):
            a, b = i / STEPS, j / STEPS
            gt = f"{int(2 * i > STEPS)}|{int(2 * j > STEPS)}"
            gp = f"{(1 - a) * (1 - b):.4f},{a * (1 - b) + b * (1 - a):.4f},{a * b:.4f}"
            cells.append(f"\t{gt}:{a + b:.2f}:{a:.2f},{b:.2f}:{gp}".encode())
    return np.array(cells)


def genotype_cells(codes: GenotypeCodes) -> bytes:
    r"""Phased genotypes as text, a tab before each; ``codes`` are 2 x first + second ALT allele.

    >>> genotype_cells(np.array([0, 2, 3], dtype=np.uint8))
    b'\t0|0\t1|0\t1|1'
    """
    cells: NDArray[np.bytes_] = _genotypes()[codes]
    return cells.tobytes()


def dosage_cells(hundredths: NDArray[np.uint8]) -> bytes:
    r"""GT:DS:HDS:GP as text, a tab before each; ALT dosages, shape (samples, 2), in hundredths.

    >>> dosage_cells(np.array([[100, 25]], dtype=np.uint8))
    b'\t1|0:1.25:1.00,0.25:0.0000,0.7500,0.2500'
    """
    places = hundredths[:, 0].astype(np.int32) * (STEPS + 1) + hundredths[:, 1]
    cells: NDArray[np.bytes_] = _dosages()[places]
    return cells.tobytes()
