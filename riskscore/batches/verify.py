"""Compare the files of a result, and its inputs, with the checksums in its provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskscore.batches.workplace import WORK, Workplace
from riskscore.errors import FileMissingError, VerifyError
from riskscore.files.inputs import read_json, sha256
from riskscore.models.catalog import list_models, load_model
from riskscore.writing.folders.dataset import PARTITIONS, RECORD
from riskscore.writing.provenance import is_sealed, recorded_inputs, reference_tables

_SCORING = (".txt", ".tsv", ".txt.gz", ".tsv.gz")  # the endings of scoring files


@dataclass(frozen=True, slots=True)
class Verified:
    """A file and its state: ``same``, ``changed``, ``gone``, ``strange`` (not in the provenance) or
    ``unchecked`` (it is not known where the file is).
    """

    state: str
    what: str

    @property
    def bad(self) -> bool:
        return self.state in {"changed", "gone", "strange"}


def verify(folder: Path, places: Sequence[Path] = ()) -> list[Verified]:
    """Compare a folder of ``score --out``, ``merge`` or ``batch`` with its provenance.json.

    Inputs are looked for where the batch found them, and in ``places`` (files, or folders that are
    searched whole). Raises FileMissingError for a folder without provenance: its run did not end.
    """
    record = folder / RECORD
    if not record.is_file():
        raise FileMissingError(
            f"no {RECORD}", where=folder.name, fix="let the run end, or name another folder"
        )
    try:
        provenance, given = read_json(record), _search(places)
        return [
            *_record(provenance),
            *_outputs(folder, provenance["outputs"]),
            *_inputs(provenance, _known_places(folder), given),
            *_models(provenance, given),
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerifyError(f"{RECORD} cannot be read", where=folder.name) from error


def require_same(findings: Iterable[Verified]) -> None:
    """Raise VerifyError if a file is changed, gone or strange."""
    bad = [finding for finding in findings if finding.bad]
    if bad:
        named = ", ".join(f"{finding.what} ({finding.state})" for finding in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise VerifyError(f"not as the provenance says: {named}{more}", fix="run it again")


def _record(provenance: Mapping[str, Any]) -> Iterator[Verified]:
    """The provenance itself, and the reference tables."""
    yield Verified("same" if is_sealed(provenance) else "changed", f"output {RECORD}")
    for name, checksum in reference_tables().items():
        same = provenance["reference"][name] == checksum
        yield Verified("same" if same else "changed", f"reference {name}")


def _outputs(folder: Path, outputs: Mapping[str, str]) -> Iterator[Verified]:
    for name, checksum in outputs.items():
        path = folder / name
        yield Verified(_state([path] if path.is_file() else [], checksum), f"output {name}")
    # A stray partition would be read together with the named ones; readers pass over . and _.
    for path in sorted((folder / PARTITIONS).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in outputs and path.name[0] not in "._":
            yield Verified("strange", f"output {name}")


def _inputs(
    provenance: Mapping[str, Any],
    known: Mapping[str, list[Path]],
    given: Mapping[str, list[Path]],
) -> Iterator[Verified]:
    sets = provenance.get("sample_sets", {"": provenance})
    checked: dict[tuple[str, str], str] = {}
    for sample_set, of_set in sets.items():
        for role, entries in recorded_inputs(of_set).items():
            for entry in entries:
                key = entry["name"], entry["sha256"]
                if key not in checked:
                    places = given.get(entry["name"]) or known.get(entry["name"])
                    checked[key] = (
                        "unchecked" if places is None else _state(places, entry["sha256"])
                    )
                of = f" of {sample_set}" if sample_set else ""
                yield Verified(checked[key], f"{role} {entry['name']}{of}")


def _models(provenance: Mapping[str, Any], given: Mapping[str, list[Path]]) -> Iterator[Verified]:
    """Shipped models, by id; other models, by a file or folder with their content in ``given``."""
    for model in provenance["models"]:
        if model["id"] in list_models():
            same = load_model(model["id"]).checksum == model["sha256"]
            state = "same" if same else "changed"
        else:
            held = any(_is_model(path, model["sha256"]) for own in given.values() for path in own)
            state = "same" if held else "unchecked"
        yield Verified(state, f"model {model['id']}")


def _is_model(path: Path, checksum: str) -> bool:
    """Whether a scoring file, or the folder of a model.yaml, has the checksum of a model."""
    if path.name == "model.yaml":
        return load_model(path).checksum == checksum
    return path.is_file() and path.name.endswith(_SCORING) and sha256(path) == checksum


def _state(places: Sequence[Path], checksum: str) -> str:
    there = [path for path in places if path.is_file()]
    if not there:
        return "gone"
    return "same" if any(sha256(path) == checksum for path in there) else "changed"


def _known_places(folder: Path) -> dict[str, list[Path]]:
    """The inputs of the batch that wrote the folder: their paths by file name."""
    place = Workplace(folder / WORK)
    if not place.inputs.is_file():
        return {}
    found: dict[str, list[Path]] = {}
    for name in read_json(place.inputs):
        path = place.work / name
        found.setdefault(path.name, []).append(path)
    return found


def _search(places: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for place in places:
        for path in place.rglob("*") if place.is_dir() else [place]:
            found.setdefault(path.name, []).append(path)
    return found
