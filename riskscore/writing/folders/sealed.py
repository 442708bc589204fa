"""A folder of results: files, and a record with their checksums and its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from riskscore.files.outputs import new_folder, write_file
from riskscore.writing.provenance import sealed, to_json


def write_folder(
    folder: Path,
    contents: Mapping[str, Iterable[str | bytes]],
    record: str,
    told: Mapping[str, Any],
    *,
    replacing: Collection[str] = (),
) -> Path:
    """Write the files of a folder, and last the ``record`` with their checksums and its own.

    It appears whole, written through to the disk, or not at all. Of an earlier folder the files
    ``replacing`` may be there.
    """
    with new_folder(folder, replacing=replacing) as staging:
        outputs = {name: write_file(staging / name, parts) for name, parts in contents.items()}
        write_file(staging / record, [to_json(sealed({**told, "outputs": outputs}))])
    return folder
