"""The one word by which the quick path hands over to the complete one."""

from __future__ import annotations


class Unusual(Exception):
    """Something the quick path does not take: not a fault of the file. It never reaches a user."""
