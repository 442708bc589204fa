"""What a genotype file is: by its first bytes, its last, and the ending of its name."""

from __future__ import annotations

import zlib
from enum import Enum, auto
from pathlib import Path

from riskscore.errors import EmptyVCFError, VCFFormatError
from riskscore.files.inputs import read_start
from riskscore.samples.files.consumer.layout import has_columns

ENDINGS = (".vcf.gz", ".vcf.bgz", ".vcf", ".bcf", ".pgen", ".bgen")
ZIP = b"PK\x03\x04"
BGZF_MAGIC = b"\x1f\x8b\x08\x04"
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_SNIFFED = 1 << 16


class Container(Enum):
    """The kinds of file that can be read."""

    BGZF_VCF = auto()
    GZIP_VCF = auto()
    PLAIN_VCF = auto()
    BCF = auto()
    PGEN = auto()
    BGEN = auto()
    CONSUMER = auto()  # raw data of a consumer array, or a zip of it


# What else a file may be: its first bytes, what to call it, and what to do.
_OTHERS = (
    (b"BZh", "compressed with bzip2", "unpack it, and compress it with bgzip"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it, and compress it with bgzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it, and compress it with bgzip"),
    (b"\x6c\x1b\x01", "a PLINK 1 .bed file", "convert it: plink2 --bfile NAME --export vcf bgz"),
    (b"BAM\x01", "a BAM file of reads, not of genotypes", "call variants first"),
    (b"CRAM", "a CRAM file of reads, not of genotypes", "call variants first"),
    (b"\xef\xbb\xbf", "marked with a byte order mark", "save it as UTF-8 without BOM"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


def recognise(start: bytes, file: str) -> Container:
    """The kind of a file that starts with these bytes.

    Raises EmptyVCFError for no bytes, VCFFormatError for what is no genotype file.
    """
    if not start:
        raise EmptyVCFError("the file is empty", where=file)
    packed = start[:2] == b"\x1f\x8b"
    inside = _inflated(start, file) if packed else start
    if inside[:4] == b"BCF\x02":
        return Container.BCF
    if start[:2] == b"\x6c\x1b" and start[2:3] != b"\x01":
        return Container.PGEN
    if start[16:20] == b"bgen" or _is_old_bgen(start):
        return Container.BGEN
    for magic, what, fix in _OTHERS:
        if inside.startswith(magic):
            raise VCFFormatError(f"the file is {what}", where=file, fix=fix)
    if start.startswith(ZIP) or has_columns(inside.decode("latin-1")):
        return Container.CONSUMER
    if not inside.startswith(b"#"):
        raise VCFFormatError(
            "the file is not a VCF: its first line is not ##fileformat=VCF", where=file
        )
    if not packed:
        return Container.PLAIN_VCF
    return Container.BGZF_VCF if _is_bgzf(start) else Container.GZIP_VCF


def _is_bgzf(start: bytes) -> bool:
    return start[:4] == BGZF_MAGIC and start[12:14] == b"BC"


def _is_old_bgen(start: bytes) -> bool:
    """BGEN may have zeros where its name stands: then its lengths must make sense."""
    offset, header = (int.from_bytes(start[i : i + 4], "little") for i in (0, 4))
    return len(start) > 20 and start[16:20] == b"\0\0\0\0" and 20 <= header <= offset


def _inflated(start: bytes, file: str) -> bytes:
    """The beginning of what gzip holds."""
    try:
        return zlib.decompressobj(31).decompress(start, 4096)
    except zlib.error as error:
        raise VCFFormatError("the compressed data is damaged", where=file) from error


def recognise_file(path: Path) -> Container:
    """The kind of a file on disk; raises as :func:`recognise` does."""
    with open(path, "rb") as stream:
        return recognise(stream.read(_SNIFFED), path.name)


def is_genotype_file(path: Path) -> bool:
    """Whether a file holds genotypes, not a table of HLA types; one that is empty does."""
    if path.suffix.lower() in {".bcf", ".pgen", ".bgen"}:
        return True
    start = read_start(path, 1 << 14)
    if start.startswith((b"##fileformat=VCF", b"BCF", b"#CHROM", ZIP)) or not start:
        return True
    return has_columns(start.decode("latin-1"))


def require_end(path: Path) -> None:
    """Refuse a BGZF file without its end block: it was cut short, perhaps at a block's edge."""
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - len(BGZF_END)))
        end = stream.read()
    check_end(end, path.name)


def check_end(end: bytes, file: str) -> None:
    """As :func:`require_end`, given the last bytes."""
    if end[-len(BGZF_END) :] != BGZF_END:
        raise VCFFormatError(
            "the file is cut short: its end block is missing",
            where=file,
            fix="copy or make the file again",
        )
