"""Numbers of R, and the data they were made from."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

R = Path(__file__).resolve().parent.parent / "data" / "r"


@pytest.fixture(scope="session")
def r() -> dict[str, Any]:
    """What R said (tests/data/r/README.md)."""
    return json.loads((R / "r_numbers.json").read_text())


@pytest.fixture(scope="session")
def birthwt() -> pd.DataFrame:
    return pd.read_csv(R / "birthwt.csv")


@pytest.fixture(scope="session")
def asah() -> pd.DataFrame:
    return pd.read_csv(R / "aSAH.csv")


@pytest.fixture(scope="session")
def sex2() -> pd.DataFrame:
    frame = pd.read_csv(R / "sex2.csv")
    return frame.loc[frame.index.repeat(frame["people"])].reset_index(drop=True)


@pytest.fixture(scope="session")
def dcurves() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_csv(R / "dcurves_binary.csv"), pd.read_csv(R / "dcurves_net_benefit.csv")
