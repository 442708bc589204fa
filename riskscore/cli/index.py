"""The verb index: a record index beside each file, by which later runs find records at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import say


def index(
    files: Annotated[
        list[Path],
        typer.Argument(help="VCF or BCF, bgzipped and indexed (.tbi or .csi).", metavar="FILE..."),
    ],
) -> None:
    """List where every record of a file stands, in FILE.records beside it: later runs are quicker.

    It is used wherever it is there and belongs to the file as it is. Results are the same.
    """
    from riskscore.samples.files.record_listing import write_record_index

    for file in files:
        count = write_record_index(file)
        say([f"riskscore: {file.name}.records lists {count:,} records"])
