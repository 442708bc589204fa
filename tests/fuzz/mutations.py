"""Bytes changed at random, with a liking for those that mean something in a VCF or a BCF."""

import random

WORDS = (
    b"\t", b"\n", b"\r\n", b":", b",", b".", b"/", b"|", b";", b"=", b"0", b"1", b"2", b"9", b"-",
    b"\0", b"\xff", b" ", b"./.", b"0/1", b"1|0", b"0|0|1", b"./1", b"10/1", b"nan", b"inf", b"-1",
    b"1e-3", b"0.12345678", b"2147483647", b"99999999999999999999", b"*", b"<NON_REF>", b"<*>",
    b"END=28000500", b"GT", b"DS", b"GT:DS", b"HDS", b"chr1", b"chr6", b"#", b"\xc3\xa9",
)  # fmt: skip
NUMBERS = (
    b"\0", b"\1", b"\2", b"\4", b"\5", b"\x7f", b"\x80", b"\x81", b"\xff", b"\x11", b"\x12",
    b"\x15", b"\x17", b"\x21", b"\x25", b"\x35", b"\x07", b"\xf1", b"\x01\x00\x80\x7f",
    b"\x02\x00\x80\x7f", b"\x00\x00\x80\x7f", b"\x00\x00\xc0\x7f", b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80", b"\x01\x00\x00\x80", b"\x00\x00\x00\x00",
)  # fmt: skip
_ANYWHERE = 0.1  # of the changes; the others leave what an index is made of
_BEHIND_POSITION = 20  # where the length on the contig ends, in a record of a BCF
_ANY = ("bit", "byte", "word", "insert", "delete", "copy")


def mutate(data: bytes, rng: random.Random, words: tuple[bytes, ...], *, longer: bool) -> bytes:
    """One change; unless ``longer``, the length stays as it is."""
    changed, at, word = bytearray(data), rng.randrange(len(data)), rng.choice(words)
    kind = rng.choice(_ANY if longer else _ANY[:3])
    if kind == "bit":
        changed[at] ^= 1 << rng.randrange(8)
    elif kind == "byte":
        changed[at] = rng.randrange(256)
    elif kind == "word":
        changed[at : at + len(word)] = word[: len(data) - at]
    elif kind == "insert":
        changed[at:at] = word
    elif kind == "delete":
        del changed[at : at + rng.choice((1, 1, 2, 4, 30))]
    else:
        length, place = rng.choice((1, 4, 30)), rng.randrange(len(data))
        changed[at:at] = data[place : place + length]
    return bytes(changed)


def mutate_lines(body: bytes, rng: random.Random) -> bytes:
    """Some lines of a VCF changed, mostly behind their position: else no index is made of them."""
    lines = body.splitlines(keepends=True)
    for _ in range(_times(rng)):
        number = rng.randrange(len(lines))
        line = lines[number]
        behind = line.find(b"\t", line.find(b"\t") + 1)  # -1 where an earlier change took the tabs
        begin = 0 if rng.random() < _ANYWHERE else max(0, behind)
        lines[number] = line[:begin] + mutate(line[begin:], rng, WORDS, longer=True)
        if b"\t" not in lines[number]:
            break
    return b"".join(lines)


def mutate_records(body: bytes, rng: random.Random) -> bytes:
    """Some records of a BCF changed, mostly within their length and behind their position."""
    records, at = [], 0
    while at < len(body):
        end = at + 8 + int.from_bytes(body[at : at + 4], "little")
        end += int.from_bytes(body[at + 4 : at + 8], "little")
        records.append(body[at:end])
        at = end
    for _ in range(_times(rng)):
        number, anywhere = rng.randrange(len(records)), rng.random() < _ANYWHERE
        record, begin = records[number], 0 if anywhere else _BEHIND_POSITION
        records[number] = record[:begin] + mutate(record[begin:], rng, NUMBERS, longer=anywhere)
    return b"".join(records)


def _times(rng: random.Random) -> int:
    return rng.choice((1, 1, 2, 4, 8))
