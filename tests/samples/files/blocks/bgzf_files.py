"""BGZF files with blocks of any length, so that records begin, end and break anywhere in them."""

import random
import struct
import zlib
from pathlib import Path

import pysam

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
HEADER = """##fileformat=VCFv4.3
##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=low,Description="Low">
##contig=<ID=chr1,length=248956422>
##contig=<ID=chr6,length=170805979>
##INFO=<ID=R2,Number=1,Type=Float,Description="R2">
##INFO=<ID=AF,Number=A,Type=Float,Description="AF">
##INFO=<ID=IMP,Number=0,Type=Flag,Description="Imputed">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">
##FORMAT=<ID=HDS,Number=.,Type=Float,Description="Haplotype dosages">
##FORMAT=<ID=GP,Number=G,Type=Float,Description="Probabilities">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality">
"""
END_LINE = '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'


def block(data: bytes) -> bytes:
    """One BGZF block."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(packed) + 25)
    return head + packed + struct.pack("<II", zlib.crc32(data), len(data))


def write_bgzf(path: Path, data: bytes, rng: random.Random, longest: int) -> None:
    """Cut data into blocks of random lengths and write them, the end block last."""
    with open(path, "wb") as stream:
        at = 0
        while at < len(data):
            length = rng.randint(1, longest)
            stream.write(block(data[at : at + length]))
            at += length
        stream.write(END)


def write_vcf(
    path: Path,
    samples: int,
    lines: list[str],
    rng: random.Random,
    longest: int,
    *,
    csi: bool = False,
    end: bool = False,
) -> Path:
    """A bgzipped and indexed VCF of sorted lines."""
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(
        f"S{i}" for i in range(samples)
    )
    write_bgzf(
        path, (HEADER + END_LINE * end + columns + "\n" + "".join(lines)).encode(), rng, longest
    )
    pysam.tabix_index(str(path), preset="vcf", force=True, csi=csi)
    return path
