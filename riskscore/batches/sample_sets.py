"""The sample sets of a batch: from a manifest, a folder or a pattern of file names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from riskscore.errors import InputError, ManifestError
from riskscore.files.inputs import read_with
from riskscore.files.tables import read_rows
from riskscore.samples.files.containers import ENDINGS
from riskscore.writing.folders.set_names import CHROMOSOME, label, stem

COLUMNS = ("sample_set", "vcf", "exposures", "hla")
PLAN_COLUMNS = ("sample_set", "part", *COLUMNS[1:])
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_CHROMOSOMES = [*map(str, range(1, 23)), "X", "Y", "M", "MT"]


@dataclass(frozen=True, slots=True)
class SampleSet:
    """One cohort of a batch: its files (one, or one a chromosome), exposures and HLA table."""

    name: str
    files: tuple[Path, ...]
    exposures: Path | None = None
    hla: tuple[Path, ...] = ()

    @property
    def inputs(self) -> dict[str, Path | Sequence[Path] | None]:
        """The files by their role."""
        return {"vcf": self.files, "exposures": self.exposures, "hla": self.hla}

    @property
    def companions(self) -> tuple[Path, ...]:
        """Files that are read with them, such as indexes, as far as they exist."""
        return tuple(path for file in self.files for path in read_with(file) if path.is_file())


def find_sample_sets(
    source: str, *, exposures: Path | None = None, hla: Sequence[Path] = ()
) -> list[SampleSet]:
    """The sample sets of a manifest, a folder, a pattern such as ``data/*.vcf.gz``, or one file.

    In a folder or by a pattern each file is a sample set, but for files whose names differ only in
    ``chr1``, ``chr2`` and so on: those are one. ``exposures`` and ``hla`` are used where a manifest
    names none. Raises ManifestError.
    """
    path = Path(source)
    if path.is_dir():
        found = [file for file in sorted(path.iterdir()) if file.name.endswith(ENDINGS)]
        sets = _by_name(found)
    elif path.is_file() and not path.name.endswith(ENDINGS):
        sets = _read_manifest(path)
    elif path.is_file():
        sets = _by_name([path])
    else:
        sets = _by_name([file for file in _fitting(Path(), source) if file.name.endswith(ENDINGS)])
    if not sets:
        raise ManifestError(
            "no file to score",
            where=path.name,
            fix=f"give a manifest, or a folder or pattern of {', '.join(ENDINGS)} files",
        )
    _refuse_doubled(sets)
    return [
        replace(one, exposures=one.exposures or exposures, hla=one.hla or tuple(hla))
        for one in sets
    ]


def _by_name(files: Sequence[Path]) -> list[SampleSet]:
    """Files grouped by their names without the chromosome."""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for file in files:
        groups.setdefault((file.parent, CHROMOSOME.sub("", stem(file.name))), []).append(file)
    sets = []
    for (_, shared), members in groups.items():
        chromosomes = [_chromosome(file) for file in members]
        several = len(members) > 1 and all(chromosomes)
        if several and len(set(chromosomes)) == len(members):
            sets.append(SampleSet(label(shared), _in_order(members)))
        else:
            sets += [SampleSet(label(stem(file.name)), (file,)) for file in members]
    names = Counter(one.name for one in sets)
    return [
        one if names[one.name] == 1 else replace(one, name=_distinct(one.files[0]))
        for one in sorted(sets, key=lambda one: one.name)
    ]


def _distinct(file: Path) -> str:
    """A name for a file that shares its stem with others."""
    return label(f"{file.parent.name}.{file.name}")


def _chromosome(file: Path) -> str:
    """The chromosome in a file's name; empty if there is none."""
    match = CHROMOSOME.search(stem(file.name))
    return match[2].upper() if match else ""


def _in_order(files: Iterable[Path]) -> tuple[Path, ...]:
    """Files sorted by chromosome, in the order of the genome."""
    place = {name: number for number, name in enumerate(_CHROMOSOMES)}
    return tuple(sorted(files, key=lambda f: (place.get(_chromosome(f), -1), f.name)))


def _read_manifest(path: Path) -> list[SampleSet]:
    """The sample sets of a manifest; several rows of one sample set are its files."""
    try:
        rows = read_rows(path, separator="\t")
    except InputError as error:
        raise ManifestError(error.what, where=error.where, fix=error.fix) from error
    unknown = set(rows[0]) - set(COLUMNS) if rows else set()
    if unknown or not rows or not {"sample_set", "vcf"} <= set(rows[0]):
        raise ManifestError(
            f"the column {sorted(unknown)[0]!r} is not known" if unknown else "no sample sets",
            where=path.name,
            fix=f"a TSV with sample_set and vcf, and if wanted {' and '.join(COLUMNS[2:])}",
        )
    sets: dict[str, SampleSet] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{path.name}, row {number}"
        if not _NAME.fullmatch(row["sample_set"]) or not row["vcf"]:
            raise ManifestError(
                "a sample set needs a name of letters, digits, . _ + - and a file", where=where
            )
        one = SampleSet(
            row["sample_set"],
            _expand(path.parent, row["vcf"]),
            _beside(path, row.get("exposures", "")),
            tuple(filter(None, [_beside(path, row.get("hla", ""))])),
        )
        before = sets.get(one.name)
        if before and (before.exposures, before.hla) != (one.exposures, one.hla):
            raise ManifestError("the sample set has another exposures or HLA file", where=where)
        sets[one.name] = replace(one, files=(*before.files, *one.files)) if before else one
    return sorted(sets.values(), key=lambda one: one.name)


def _beside(manifest: Path, name: str) -> Path | None:
    return manifest.parent / name if name else None


def _expand(folder: Path, pattern: str) -> tuple[Path, ...]:
    """The files of a pattern with ``{chrom}`` or ``*``; itself when nothing fits it."""
    if "{chrom}" in pattern:
        named = (folder / pattern.replace("{chrom}", name) for name in _CHROMOSOMES)
        found = tuple(file for file in named if file.is_file())
    elif any(mark in pattern for mark in "*?["):
        found = _in_order(_fitting(folder, pattern))
    else:
        found = ()
    return found or (folder / pattern,)


def _fitting(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern of names, in a folder or from the root."""
    anchor = Path(pattern).anchor
    found = (Path(anchor) if anchor else folder).glob(pattern.removeprefix(anchor))
    return sorted(file for file in found if file.is_file())


def _refuse_doubled(sets: Sequence[SampleSet]) -> None:
    """Raise ManifestError for a file that is listed twice, or two sample sets of one name."""
    seen: set[Path] = set()
    for file in (file.resolve() for one in sets for file in one.files):
        if file in seen:
            raise ManifestError("a file is listed twice", where=file.name, fix="list it once")
        seen.add(file)
    name, times = Counter(one.name for one in sets).most_common(1)[0]
    if times > 1:
        raise ManifestError(f"two files give the sample set {name}", fix="write a manifest")


def plan_rows(sets: Sequence[SampleSet], shards: int) -> list[dict[str, str]]:
    """The shards of a batch, one row each; the files of a sample set are separated by ``;``."""
    return [
        {
            "sample_set": one.name,
            "part": f"{index}/{shards}",
            "vcf": ";".join(map(str, one.files)),
            "exposures": str(one.exposures or ""),
            "hla": ";".join(map(str, one.hla)),
        }
        for one in sets
        for index in range(1, shards + 1)
    ]
