"""What is written is whole or not there, and never takes the place of what is read."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from riskscore.errors import OutputError, UsageError
from riskscore.files.outputs import atomic_write, new_folder, require_other


def put(path: Path, data: bytes = b"new") -> None:
    with atomic_write(path) as stream:
        stream.write(data)


def test_a_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "target.tsv"
    target.write_bytes(b"old")
    (tmp_path / "link.tsv").symlink_to(target)
    put(tmp_path / "link.tsv")
    assert (tmp_path / "link.tsv").is_symlink()
    assert target.read_bytes() == b"new"


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    put(pipe)
    reader.join(10)
    assert read == [b"new"]
    assert pipe.is_fifo()


def test_a_device_stays_a_device() -> None:
    before = Path(os.devnull).stat()
    put(Path(os.devnull))
    assert Path(os.devnull).stat().st_ino == before.st_ino


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not write"):
        put(tmp_path)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_run_left_is_taken_away(tmp_path: Path, kind: str) -> None:
    left, held = (tmp_path / f".out.{name}.unfinished" for name in ("dead", "alive"))
    for path in (left, held):
        if kind == "folder":
            path.mkdir()
            (path / "scores.tsv").write_text("people")
        else:
            path.write_text("people")
    other = tmp_path / ".out.tsv"  # not ours
    other.write_text("mine")
    handle = os.open(held, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)  # as the process does that writes it
    if kind == "file":
        put(tmp_path / "out")
    else:
        with new_folder(tmp_path / "out") as folder:
            (folder / "scores.tsv").write_text("new")
    os.close(handle)
    assert not left.exists()
    assert held.exists()
    assert other.exists()


def test_an_output_that_is_an_input_is_refused(tmp_path: Path) -> None:
    table, folder = tmp_path / "table.tsv", tmp_path / "results"
    table.write_text("sample\n")
    folder.mkdir()
    for name in ("scores.tsv", "report.html"):
        (folder / name).write_text("")
    (tmp_path / "cohort.vcf.gz.tbi").write_text("")
    (tmp_path / "soft").symlink_to(table)
    os.link(table, tmp_path / "hard")
    for name in ("table.tsv", "soft", "hard"):
        with pytest.raises(UsageError, match="one of the inputs"):
            require_other([tmp_path / name], [table])
    with pytest.raises(UsageError, match="one of the inputs"):
        require_other([tmp_path / "cohort.vcf.gz.tbi"], [tmp_path / "cohort.vcf.gz"])
    for name in ("results/scores.tsv", "results"):
        with pytest.raises(UsageError, match="one of the inputs"):
            require_other([tmp_path / name], [folder])
    # A page in a folder of results, a new file, and a device are no inputs.
    require_other([folder / "report.html", folder / "new.tsv", Path(os.devnull)], [folder, table])
    require_other([Path(os.devnull)], [Path(os.devnull)])
