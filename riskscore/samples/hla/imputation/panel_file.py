"""The file of a phased panel: a checked head, then everything else deflated.

All numbers are little-endian.

===========  =========================================================================
bytes        what they are
===========  =========================================================================
0 to 7       the letters ``HLAPANEL``
8 to 9       version of the format, 1 (uint16)
10 to 13     CRC-32 of all bytes from 18 on (uint32)
14 to 17     length of the text below (uint32)
18 to end    zlib stream of, one after the other:
text         JSON: build, people, snps, populations, genes, alleles (by gene)
positions    of the SNPs, rising, 1-based (uint32 each)
letters      reference letters of all SNPs, then alternate letters (a byte each)
population   place in populations of each person (uint8 each)
codes        gene by gene, place in its alleles on each chromosome (uint16, 65535 unknown)
haplotypes   chromosome by chromosome, a bit a SNP from the highest bit of each byte on,
             1 for the alternate letter, the last byte filled up with zeros
===========  =========================================================================

Chromosomes 2i and 2i+1 are those of person i. There are no names of people in the file.
"""

from __future__ import annotations

import json
import struct
import zlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from riskscore.errors import PanelFormatError
from riskscore.files.inputs import reference_root, require_file
from riskscore.files.outputs import atomic_write
from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.panel import UNKNOWN, PhasedPanel

MAGIC = b"HLAPANEL"
VERSION = 1
_HEAD = struct.Struct("<8sHII")
_NO_CODE = 0xFFFF
_LARGEST = 2**32  # bytes that a panel may unpack to


@cache
def shipped_panel() -> PhasedPanel:
    """The panel of reference/hla/: 2,504 people of the 1000 Genomes Project, read once."""
    return read_panel(reference_root() / "hla" / "1000G_mhc.panel")


def write_panel(panel: PhasedPanel, path: Path) -> None:
    """Write a panel; raises OutputError when the disk refuses."""
    text = json.dumps(
        {
            "build": str(panel.build),
            "people": panel.people,
            "snps": len(panel.positions),
            "populations": panel.populations,
            "genes": panel.genes,
            "alleles": panel.alleles,
        },
        separators=(",", ":"),
    ).encode()
    codes = np.where(panel.codes == UNKNOWN, _NO_CODE, panel.codes)
    parts = [
        text,
        panel.positions.astype("<u4").tobytes(),
        "".join((*panel.reference, *panel.alternate)).encode(),
        panel.population.astype(np.uint8).tobytes(),
        codes.T.astype("<u2").tobytes(),
        np.packbits(panel.haplotypes, axis=1).tobytes(),
    ]
    body = zlib.compress(b"".join(parts), 9)
    with atomic_write(path) as stream:
        stream.write(_HEAD.pack(MAGIC, VERSION, zlib.crc32(body), len(text)) + body)


def read_panel(path: Path) -> PhasedPanel:
    """Read a panel; raises PanelFormatError for a file that is not one, or damaged."""
    content = require_file(path, "haplotype panel").read_bytes()
    if len(content) < _HEAD.size or not content.startswith(MAGIC):
        raise _error(path, "the file is no haplotype panel")
    _, version, checksum, length = _HEAD.unpack_from(content)
    if version != VERSION:
        raise _error(path, f"the panel's format is version {version}, and {VERSION} is known")
    body = content[_HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise _error(path, "the panel is damaged or cut short: its checksum does not hold")
    try:
        return _unpacked(_inflated(body), length)
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise _error(path, f"the panel contradicts itself: {error}") from error


def _error(path: Path, what: str) -> PanelFormatError:
    return PanelFormatError(what, where=path.name, fix="riskscore panel build makes one")


def _inflated(body: bytes) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(body, _LARGEST)
    if not stream.eof or stream.unused_data:
        raise ValueError("the compressed part does not end where the file does")
    return content


def _unpacked(content: bytes, length: int) -> PhasedPanel:
    head: dict[str, Any] = json.loads(content[:length])
    people, snps, genes = int(head["people"]), int(head["snps"]), tuple(head["genes"])
    alleles = tuple(tuple(map(str, names)) for names in head["alleles"])
    width = (snps + 7) // 8
    sizes = (4 * snps, 2 * snps, people, 4 * people * len(genes), 2 * people * width)
    places = np.cumsum([length, *sizes]).tolist()
    if (
        min(people, snps, len(genes)) < 1
        or len(alleles) != len(genes)
        or places[-1] != len(content)
    ):
        raise ValueError("its sizes are not those that its head names")
    position, letter, population, code, bit = (content[a:b] for a, b in pairwise(places))
    letters = letter.decode("ascii")
    codes = np.frombuffer(code, "<u2").reshape(len(genes), 2 * people).T.astype(np.int64)
    codes[codes == _NO_CODE] = UNKNOWN
    packed = np.frombuffer(bit, np.uint8).reshape(2 * people, width)
    panel = PhasedPanel(
        Build(head["build"]),
        np.frombuffer(position, "<u4").astype(np.int64),
        tuple(letters[:snps]),
        tuple(letters[snps:]),
        np.unpackbits(packed, axis=1, count=snps),
        tuple(map(str, head["populations"])),
        np.frombuffer(population, np.uint8),
        genes,
        alleles,
        codes.astype(np.int16),
    )
    _check(panel)
    return panel


def _check(panel: PhasedPanel) -> None:
    """Raise ValueError for codes without a name, or SNPs out of order."""
    if (np.diff(panel.positions) <= 0).any():
        raise ValueError("the positions do not rise")
    if panel.population.max() >= len(panel.populations):
        raise ValueError("a person's population has no name")
    if (panel.codes.max(axis=0) >= [len(names) for names in panel.alleles]).any():
        raise ValueError("an allele has no name")
    for gene in panel.genes:
        panel.names(gene)
