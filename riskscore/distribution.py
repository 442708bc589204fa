"""The installed distribution: its name on the index, its version, and its optional packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from riskscore.errors import ExtraMissingError

DISTRIBUTION = "riskscore-hla"  # ``riskscore`` on the package index is somebody else's


def version_of(package: str) -> str:
    """The version of an installed package, by the name it is imported as.

    >>> version_of("riskscore") == version_of("riskscore-hla")
    True
    """
    return version(DISTRIBUTION if package == "riskscore" else package)


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports of the packages of an extra; ExtraMissingError where one is not installed.

    >>> with extra("report"):  # doctest: +ELLIPSIS
    ...     import no_such_package
    Traceback (most recent call last):
    riskscore.errors.ExtraMissingError: this needs the package no_such_package. To fix it: ...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ExtraMissingError(
            f"this needs the package {error.name}", fix=f"pip install '{DISTRIBUTION}[{name}]'"
        ) from error
