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
    content: Mapping[str, Any],
    *,
    replacing: Collection[str] = (),
) -> Path:
    """Write files into a folder, and last its record: a JSON file named ``record``.

    The record holds ``content``, the checksums of the files, and one of its own. The folder
    appears complete and synced to the disk, or not at all. Files of the names in ``replacing`` may
    already be there, and are replaced.
    """
    with new_folder(folder, replacing=replacing) as staging:
        outputs = {name: write_file(staging / name, parts) for name, parts in contents.items()}
        write_file(staging / record, [to_json(sealed({**content, "outputs": outputs}))])
    return folder
