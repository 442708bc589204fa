"""The two sexes of which rates, risks and inheritance are given."""

from __future__ import annotations

from enum import StrEnum


class Sex(StrEnum):
    """Sex, as baseline risks and some exposures depend on it."""

    FEMALE = "female"
    MALE = "male"
