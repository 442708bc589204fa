"""The person of a file that names none: the sample that the file's name begins with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from riskscore.errors import HLAFormatError
from riskscore.samples.hla.typed.typing import Typings

# What typing tools append to a person's name in the names of their files.
_ENDINGS = re.compile(
    r"(?:[._-](?:result|genotypes?|alleles|final|bestguess|g|hla|hlatypes|winners|report|sum|"
    r"classii?|class|hlagenotype[24]digits|assembly_graph|extracted|tsv|txt|json|csv|xml|hml|gz))+$",
    re.IGNORECASE,
)


def named_by_file(typings: Typings) -> Typings:
    """The typings of a file of one unnamed person, named after the file."""
    name = _ENDINGS.sub("", typings.file) or typings.file
    return _renamed(typings, name)


def named_in(typings: Typings, samples: Sequence[str]) -> Typings:
    """The typings of a file of one unnamed person, under the sample's name.

    That is the longest of the samples that the file's name begins with, up to its end or a ``.``,
    ``_`` or ``-``; else the only sample there is.

    Raises HLAFormatError when it can be neither.
    """
    if set(typings.people) != {""}:
        return typings
    fitting = [name for name in samples if _begins(typings.file, name)]
    if not fitting and len(samples) > 1:
        raise HLAFormatError(
            f"nothing says whose the {typings.format} types are",
            where=typings.file,
            fix="begin the file's name with the sample's name in the genotype file",
        )
    return _renamed(typings, max(fitting, key=len) if fitting else samples[0])


def _begins(file: str, sample: str) -> bool:
    return file.startswith(sample) and file[len(sample) : len(sample) + 1] in {"", ".", "_", "-"}


def _renamed(typings: Typings, name: str) -> Typings:
    if set(typings.people) != {""}:
        return typings
    return replace(typings, people={name: typings.people[""]})
