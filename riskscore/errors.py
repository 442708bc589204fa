"""Every failure riskscore knows, each with its own exit code.

RiskscoreError (1)
├── UsageError (2)                 a combination of options that cannot be meant
│   └── ExtraMissingError (4)      a package that is installed with an extra, and is not there
├── InputError (10)                what was given cannot be read
│   ├── FileMissingError (11)      no such file
│   ├── IndexMissingError (12)     the VCF has no usable index
│   ├── VCFFormatError (13)        a header or record breaks the format
│   ├── BuildMismatchError (14)    the file's genome build is not the one asked for, or unclear
│   ├── DuplicateSampleError (15)  a sample is named twice
│   ├── EmptyVCFError (16)         no samples or no records
│   ├── NothingMatchedError (17)   none of the models' loci is in the file
│   ├── HLAFormatError (18)        an HLA name or table that cannot be read
│   └── PanelFormatError (19)      a haplotype panel for HLA imputation that cannot be used
├── ModelError (20)                a model cannot be used
│   ├── ModelNotFoundError (21)    no model of that name or path
│   ├── ModelFormatError (22)      model.yaml or weights.tsv does not parse
│   ├── PopulationError (23)       no reference frequencies for that population
│   ├── ModelDoubtError (24)       weights that contradict the published tables of the disease
│   └── ModelExportError (25)      a model that the PGS Catalog's format cannot say
├── ExposureError (30)             the exposures cannot be used
│   ├── ExposureLevelError (31)    a level or unit the model does not know
│   ├── ExposureRangeError (32)    a number outside the plausible range
│   └── ExposureTableError (33)    a table without sample ids, or with repeated ones
├── OutputError (40)               the results could not be written
├── StudyError (50)                a study that its data cannot bear
│   ├── OutcomeError (51)          an outcome that is not yes or no, or of one class only
│   ├── FewPeopleError (52)        too few people for what is asked
│   ├── NoVariationError (53)      a column that is the same in everyone, or repeats others
│   ├── SeparationError (54)       an effect without a finite estimate
│   └── StudyTableError (55)       a table without the columns or levels that are asked for
└── BatchError (60)                a batch that cannot go on, or its parts
    ├── BatchLockedError (61)      another run works in the same folder
    ├── ManifestError (62)         the list of files and sample sets cannot be meant
    ├── ShardError (63)            parts that are not of one run, or not all there
    ├── WorkerError (64)           a worker process ended before its work was done
    ├── FileChangedError (65)      a file was changed while it was read
    └── VerifyError (66)           files are not those that the provenance names

Exit code 3 is not an error: the run ended, and some samples could not be scored.
Messages say what is wrong, where, and what to do. They never contain a sample id.
"""

from __future__ import annotations

import re

EXIT_SOME_NOT_SCORED = 3


class RiskscoreError(Exception):
    """The root of the tree. ``what`` went wrong, ``where``, and the ``fix`` to try.

    >>> print(IndexMissingError("no index", where="a.vcf.gz", fix="run: tabix -p vcf a.vcf.gz"))
    no index (a.vcf.gz). To fix it: run: tabix -p vcf a.vcf.gz
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        what, where, fix = (plain(text) for text in map(_bounded, (what, where, fix)))
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        cure = f". To fix it: {fix}" if fix else ""
        super().__init__(f"{what}{place}{cure}")


# What would move a terminal's cursor, turn its writing round, or is half of a letter.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


_MOST_LETTERS = 2_000  # of what a message tells of a cell, a line or a list of names


def _bounded(text: str) -> str:
    more = len(text) - _MOST_LETTERS
    return text if more <= 0 else f"{text[:_MOST_LETTERS]}… and {more:,} letters more"


def plain(text: str) -> str:
    r"""Text from a file or a name as a terminal may show it: control characters as escapes.

    >>> plain("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return _UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


class UsageError(RiskscoreError):
    exit_code = 2


class ExtraMissingError(UsageError):
    exit_code = 4


class InputError(RiskscoreError):
    exit_code = 10


class FileMissingError(InputError):
    exit_code = 11


class IndexMissingError(InputError):
    exit_code = 12


class VCFFormatError(InputError):
    exit_code = 13


class BuildMismatchError(InputError):
    exit_code = 14


class DuplicateSampleError(InputError):
    exit_code = 15


class EmptyVCFError(InputError):
    exit_code = 16


class NothingMatchedError(InputError):
    exit_code = 17


class HLAFormatError(InputError):
    exit_code = 18


class PanelFormatError(InputError):
    exit_code = 19


class ModelError(RiskscoreError):
    exit_code = 20


class ModelNotFoundError(ModelError):
    exit_code = 21


class ModelFormatError(ModelError):
    exit_code = 22


class PopulationError(ModelError):
    exit_code = 23


class ModelDoubtError(ModelError):
    exit_code = 24


class ModelExportError(ModelError):
    exit_code = 25


class ExposureError(RiskscoreError):
    exit_code = 30


class ExposureLevelError(ExposureError):
    exit_code = 31


class ExposureRangeError(ExposureError):
    exit_code = 32


class ExposureTableError(ExposureError):
    exit_code = 33


class OutputError(RiskscoreError):
    exit_code = 40


class StudyError(RiskscoreError):
    exit_code = 50


class OutcomeError(StudyError):
    exit_code = 51


class FewPeopleError(StudyError):
    exit_code = 52


class NoVariationError(StudyError):
    exit_code = 53


class SeparationError(StudyError):
    exit_code = 54


class StudyTableError(StudyError):
    exit_code = 55


class BatchError(RiskscoreError):
    exit_code = 60


class BatchLockedError(BatchError):
    exit_code = 61


class ManifestError(BatchError):
    exit_code = 62


class ShardError(BatchError):
    exit_code = 63


class WorkerError(BatchError):
    exit_code = 64


class FileChangedError(BatchError):
    exit_code = 65


class VerifyError(BatchError):
    exit_code = 66
