"""Opening genotype files: what each one is, and the Source that reads it, or them all as one."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from riskscore.errors import EmptyVCFError, FileMissingError, IndexMissingError, UsageError
from riskscore.files.inputs import FileMark, read_with, require_file
from riskscore.files.outputs import as_temporary_errors
from riskscore.samples.files.containers import Container, recognise, recognise_file, require_end
from riskscore.samples.files.header import one_copy
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.record import parse_line
from riskscore.samples.files.source import Source
from riskscore.samples.files.sources.vcf import VCFFile, check_index, header_of

STDIN = "-"
_INDEX_ENDINGS = (".tbi", ".csi")


def open_source(
    paths: Sequence[str | Path], reading: Reading | None = None, *, fast: bool = True
) -> Source:
    """The source that reads these files as one cohort; use it as a context manager.

    ``-`` is standard input. Without ``fast`` VCF and BCF are read by pysam alone, and cell by cell:
    the same bits, by which the faster way is tested.

    Raises an InputError for a file that cannot be trusted, before anything is read of it, and
    UsageError for no file, or for a file that is named twice.
    """
    reading = reading or Reading()
    names = [str(path) for path in paths]
    if not names:
        raise UsageError("no genotype file was given")
    if len(set(names)) < len(names):
        raise UsageError("a genotype file is named twice")
    try:
        with ExitStack() as stack:
            sources = [stack.enter_context(_open_marked(name, reading, fast)) for name in names]
            source = sources[0] if len(sources) == 1 else _joined(sources)
            stack.pop_all()  # all are open: from here on the source closes them
            return source
    finally:
        one_copy.cache_clear()
    raise AssertionError("not reached")


# The readers of other containers are imported where there is one to read.


def _joined(sources: Sequence[Source]) -> Source:
    from riskscore.samples.files.sources.joined import JoinedSource

    return JoinedSource(sources)


def _stream(
    file: BinaryIO, container: Container, name: str, warning: str = "", *, fast: bool
) -> Source:
    from riskscore.samples.files.sources.stream import StreamFile

    return StreamFile(file, container, name, warning, fast=fast)


def _bcf(
    path: Path, *, fast: bool, make_index: bool = False, warning: str = "", name: str = ""
) -> Source:
    from riskscore.samples.files.sources.bcf import BCFFile

    return BCFFile(path, make_index=make_index, warning=warning, name=name, fast=fast)


def _open_marked(name: str, reading: Reading, fast: bool) -> Source:
    marks = [] if name == STDIN or "://" in name else _marks(require_file(name, "genotype file"))
    source = _open_one(name, reading, fast)
    source.marks = tuple(marks)
    return source


def _marks(path: Path) -> list[FileMark]:
    """The marks of a file and of those beside it that may be read with it."""
    return [FileMark.of(one) for one in (path, *read_with(path)) if one.is_file()]


def _open_one(name: str, reading: Reading, fast: bool) -> Source:
    if name == STDIN:
        return _open_stdin(reading, fast)
    if "://" in name:
        raise FileMissingError(
            "the input is an address, and riskscore opens no network connection",
            fix="download the file first",
        )
    path = require_file(name, "genotype file")
    container = recognise_file(path)
    if container is Container.BGZF_VCF:
        return _open_bgzf(path, reading, fast)
    if container is Container.BCF:
        return _open_bcf(path, reading, fast)
    if container in (Container.PGEN, Container.BGEN, Container.CONSUMER):
        return _open_other(path, container, reading)
    warning = _end_to_end(
        path, f"bgzip it and run: tabix -p vcf {path.name.removesuffix('.gz')}.gz", reading
    )
    return _stream(open(path, "rb"), container, path.name, warning, fast=fast)


def _open_other(path: Path, container: Container, reading: Reading) -> Source:
    """A file that is neither VCF nor BCF."""
    if container is Container.PGEN:
        from riskscore.samples.files.sources.pgen import PgenFile

        return PgenFile(path)
    if container is Container.CONSUMER:
        from riskscore.samples.files.consumer.source import ConsumerFile

        return ConsumerFile(path)
    from riskscore.samples.files.sources.bgen import BgenFile

    index = f"index it: bgenix -g {path.name} -index"
    indexed = Path(f"{path}.bgi").is_file()
    return BgenFile(path, "" if indexed else _end_to_end(path, index, reading))


def _open_bgzf(path: Path, reading: Reading, fast: bool) -> Source:
    require_end(path)
    if not _has_index(path):
        warning = _end_to_end(path, f"run: tabix -p vcf {path.name}", reading)
        return _stream(open(path, "rb"), Container.BGZF_VCF, path.name, warning, fast=fast)
    header, first = header_of(path)
    if first is None:
        raise EmptyVCFError("the VCF has no records", where=path.name)
    if parse_line(first, len(header.samples), path.name).position < 1:
        warning = f"{path.name} has records at position 0, which no index finds: it is read whole"
        return _stream(open(path, "rb"), Container.BGZF_VCF, path.name, warning, fast=fast)
    with ExitStack() as stack:
        source = stack.enter_context(VCFFile(path, header, fast=fast))
        check_index(source, first)
        stack.pop_all()
        return source
    raise AssertionError("not reached")


def _open_bcf(path: Path, reading: Reading, fast: bool) -> Source:
    with open(path, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    if packed:
        require_end(path)
        if _has_index(path):
            return _bcf(path, fast=fast)
    warning = _end_to_end(path, f"run: bcftools index {path.name}", reading)
    return _bcf(path, make_index=True, warning=warning, fast=fast)


def _has_index(path: Path) -> bool:
    return any(Path(f"{path}{ending}").is_file() for ending in _INDEX_ENDINGS)


def _end_to_end(path: Path, fix: str, reading: Reading) -> str:
    """The warning that a file is read from end to end; an error if that is not wanted."""
    if reading.require_index:
        raise IndexMissingError("the file has no index", where=path.name, fix=fix)
    return f"{path.name} has no index and is read from end to end; to read less, {fix}"


def _open_stdin(reading: Reading, fast: bool) -> Source:
    if reading.require_index:
        raise UsageError("standard input has no index", fix="leave --require-index out")
    stream = cast(BufferedReader, sys.stdin.buffer)
    start = stream.peek(1 << 16)
    container = recognise(start, "standard input")
    if container in (Container.PLAIN_VCF, Container.GZIP_VCF, Container.BGZF_VCF):
        return _stream(stream, container, "standard input", fast=fast)
    if container is not Container.BCF:
        raise UsageError(
            "PGEN, BGEN and raw data of arrays cannot be read from standard input",
            fix="name the file",
        )
    with tempfile.NamedTemporaryFile(suffix=".bcf") as copy:
        with as_temporary_errors():
            shutil.copyfileobj(stream, copy)
            copy.flush()
        return _bcf(Path(copy.name), make_index=True, name="standard input", fast=fast)
