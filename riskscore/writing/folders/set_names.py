"""The name of a sample set, from the names of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.samples.files.containers import ENDINGS
from riskscore.writing.provenance import recorded_inputs

CHROMOSOME = re.compile(r"(^|[._-])chr(\d{1,2}|X|Y|M|MT)(?=[._-]|$)", re.IGNORECASE)


def stem(name: str) -> str:
    """A file's name without the ending of its format."""
    ending = next((e for e in ENDINGS if name.endswith(e)), Path(name).suffix)
    return name.removesuffix(ending)


def label(name: str) -> str:
    """A text without the characters that the name of a sample set may not have."""
    return re.sub(r"[^A-Za-z0-9._+-]", "_", name).lstrip("._+-") or "all"


def set_name(files: Sequence[str]) -> str:
    """The name of the sample set of one file, or of several that are a chromosome each.

    >>> set_name(["cohort.vcf.gz"]), set_name(["ukb.chr1.bcf", "ukb.chr6.bcf"]), set_name([])
    ('cohort', 'ukb', 'all')
    """
    shared = {CHROMOSOME.sub("", stem(name)) for name in files}
    if len(files) > 1 and len(shared) == 1:
        return label(shared.pop())
    return label(stem(files[0])) if files else "all"


def recorded_set_name(record: Mapping[str, Any]) -> str:
    """The name of the sample set, from the genotype files listed in a provenance."""
    return set_name([one["name"] for one in recorded_inputs(record).get("vcf", ())])
