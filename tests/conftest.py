"""What every test can use: tools of other people, and Hypothesis made repeatable in CI."""

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask for an oracle, so that `-m "not oracle"` leaves them out."""
    for item in items:
        if "oracle" in getattr(item, "fixturenames", ()):
            item.add_marker("oracle")


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], str]:
    """`oracle("plink2")` is the path of that tool; a test whose tool is absent is skipped.

    With RISKSCORE_REQUIRE_ORACLES set, as in CI, it fails instead.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("RISKSCORE_REQUIRE_ORACLES"):
            pytest.fail(f"{name} is not on the PATH, and RISKSCORE_REQUIRE_ORACLES is set")
        if path is None:
            pytest.skip(f"{name} is not on the PATH")
        return path

    return find
