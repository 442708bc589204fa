"""The command line. Data go to standard output or --out, messages to standard error."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, NoReturn

import typer

from riskscore.cli.streams import end_by_signals, keeping_inputs, prepare_streams
from riskscore.errors import InputError, RiskscoreError

_BOXES = 70  # columns of a terminal: in fewer the names of options are cut inside boxes

# Each verb is a function of its name in a module here, imported when it is needed.
VERBS = {
    "score": "scoring", "explain": "scoring", "check": "scoring", "hla": "hla", "demo": "scoring",
    "ancestry": "ancestry", "population": "ancestry", "simulate": "simulate", "fit": "studies",
    "evaluate": "studies", "interaction": "studies", "exposures": "models", "batch": "batch",
    "merge": "batch", "verify": "batch", "report": "report", "explore": "report",
    "models": "models", "panel": "hla", "progression": "models",
}  # fmt: skip
GROUPS = ("models", "panel")  # verbs of several


def command_line(verb: str = "") -> typer.Typer:
    """The command line with all its verbs, or with one verb only, which starts quicker."""
    several = verb not in VERBS or verb in GROUPS  # what is listed is verbs, which stay whole
    boxes = several or get_terminal_size().columns >= _BOXES
    app = typer.Typer(
        name="riskscore",
        help="Genetic risk scores of autoimmune disease from VCF, HLA and exposures. "
        "Illustrative, not diagnostic.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if boxes else None,
    )
    app.callback()(_whole)
    for name in [verb] if verb in VERBS else VERBS:
        found = getattr(import_module(f"riskscore.cli.{VERBS[name]}"), name)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(help=_paragraphs(found.__doc__ or ""))(keeping_inputs(found))
    return app


def _paragraphs(text: str) -> str:
    """A docstring with each paragraph in one line, for help to break where the terminal ends."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def main() -> None:
    """Run the command line; every riskscore error becomes its message and its exit code."""
    # BLAS would start a thread for each core. The products here are small, and the threads would
    # compete with the processes that read a large file.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A command makes too little garbage for a search to be worth its time.
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
    prepare_streams()
    end_by_signals()
    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        try:
            command_line(verb)()
        finally:
            sys.stdout.flush()
    except RiskscoreError as error:
        _fail(error)
    except MemoryError:
        _fail(
            InputError(
                "what is to be read needs more memory than there is",
                fix="check that the files are what they should be, or score in parts (--shard 1/4)",
            )
        )
    except OSError as error:  # errors of writing are an OutputError
        where = Path(os.fsdecode(error.filename)).name if error.filename else ""
        _fail(InputError(f"cannot be read: {error.strerror}", where=where))


def _fail(error: RiskscoreError) -> NoReturn:
    typer.echo(f"riskscore: {type(error).__name__}: {error}", err=True)
    sys.exit(error.exit_code)


def _version(wanted: bool) -> None:
    if wanted:
        from riskscore.distribution import version_of

        typer.echo(f"riskscore {version_of('riskscore')}")
        raise typer.Exit


def _whole(
    version: Annotated[
        bool,
        typer.Option("-V", "--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Genetic risk scores of autoimmune disease. Illustrative, not diagnostic."""
