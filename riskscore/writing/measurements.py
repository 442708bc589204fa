"""A person's ledger by measurement: what was measured, the result, and its effect on the score.

A model has a term for every haplotype it weighs, and a person has two of them: most lines of a
ledger are about what the person does not carry. Here the terms that read the same measurement are
one line, whose contribution is their sum, so that the lines still add up to the log odds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from riskscore.files.tables import UNKNOWN
from riskscore.models.model import RiskModel
from riskscore.models.terms import (
    ExposureFactor,
    FactorKind,
    GeneFactor,
    Part,
    Term,
    factors_of,
)
from riskscore.scoring.account.ledger import Entry
from riskscore.writing.plain_words import plain_code

SNPS = "SNPs"
_AVERAGE = 0.005  # in log odds: less than half a percent of odds is no difference to a reader
_CERTAIN = re.compile(r" \(P 1(?:, [^)]*)?\)")
_UNSURE = re.compile(r" \(P (0\.\d+)(?:, [^)]*)?\)")
_SHOWN = 3
_EXPOSED, _TOGETHER = "Exposures", "Gene-environment"  # components of a ledger
_COPIES = {0: "no copy", 1: "one copy", 2: "two copies"}
DOMINANT, RECESSIVE = " (dominant)", " (recessive)"  # how the id of a term ends
_RESIDUE = re.compile(r"(HLA-\w+):(-?\d+)([A-Z])$")
_RESIDUES = dict(
    zip(
        "ACDEFGHIKLMNPQRSTVWY",
        "alanine cysteine aspartate glutamate phenylalanine glycine histidine isoleucine lysine "
        "leucine methionine asparagine proline glutamine arginine serine threonine valine "
        "tryptophan tyrosine".split(),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line: a gene, the haplotypes, all SNPs, an exposure, or several of them together.

    ``contribution`` is in log odds against a person of average score. ``missing`` is the reason
    when nothing of it was observed, ``variance`` the uncertainty of the contribution.
    """

    name: str
    found: str
    contribution: float
    variance: float
    missing: str
    entries: tuple[Entry, ...]

    @property
    def direction(self) -> str:
        """In words, which way the measurement moves the score."""
        if self.missing:
            return "not seen"
        if abs(self.contribution) < _AVERAGE:
            return "as the average"
        return "raises" if self.contribution > 0 else "lowers"

    @property
    def carried(self) -> tuple[str, ...]:
        """A phrase for each term that is not zero in this person."""
        present = [e for e in self.entries if e.dosage > _AVERAGE and not e.missing]
        ranked = sorted(_by_allele(present), key=lambda e: -abs(e.contribution))
        return tuple(entry_words(entry) for entry in ranked)

    @property
    def reason(self) -> str:
        """Why the line moves the score: what is carried or, if that does not explain it, absent."""
        if self.missing:
            return f"not seen: {self.missing}"
        rest = len(self.carried) - _SHOWN
        words = [*self.carried[:_SHOWN], *([f"{rest} more"] if rest > 0 else [])]
        if self._carried_sum * self.contribution <= 0:
            words += self._absent
        return "; ".join(words)

    @property
    def explanation(self) -> str:
        """The reason, where it adds to what was found and to the direction."""
        known = {self.found, f"{self.found}: {self.direction}"}
        return "" if self.reason in known else self.reason

    @property
    def _carried_sum(self) -> float:
        return sum(e.contribution for e in self.entries if e.dosage > _AVERAGE and not e.missing)

    @property
    def _absent(self) -> list[str]:
        """The term whose absence moves the score most, where the whole line moves that way."""
        absent = [
            e
            for e in self.entries
            if not e.missing and e.dosage <= _AVERAGE and e.contribution * self.contribution > 0
        ]
        if not absent:
            return []
        return [_absent_words(max(absent, key=lambda e: abs(e.contribution)))]


def _by_allele(entries: list[Entry]) -> list[Entry]:
    """The terms of one allele, of each copy and of carriers or homozygotes, as one.

    So are those of one exposure.
    """
    held: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda e: e.term.endswith((DOMINANT, RECESSIVE))):
        name = _level(entry) if entry.component == _EXPOSED else term_words(entry.term)
        held.setdefault(name, []).append(entry)
    return [
        replace(own[0], contribution=math.fsum(e.contribution for e in own))
        for own in held.values()
    ]


def by_measurement(model: RiskModel, entries: Sequence[Entry]) -> list[Measurement]:
    """The lines of a ledger, the largest contribution first, what was not seen last.

    ``entries`` are a person's, in the model's order of terms.
    """
    members: dict[str, list[Entry]] = {}
    for term, entry in zip(model.terms, entries, strict=True):
        members.setdefault(_name(model, term), []).append(entry)
    lines = [_line(name, own) for name, own in members.items()]
    return sorted(lines, key=lambda line: (bool(line.missing), -abs(line.contribution)))


def entry_words(entry: Entry) -> str:
    """A term in words: copies of an allele, or the name of a level.

    >>> entry = Entry("DR15-DQ6.2", "", "HLA", "", 1.0, 0.2, -1.4, None, -1.1, 0.0, "", "", "")
    >>> entry_words(entry)
    'one copy of DR15-DQ6.2: lowers'
    """
    effect = "raises" if entry.contribution > 0 else "lowers"
    if abs(entry.contribution) < _AVERAGE:
        effect = "makes no difference"
    if entry.component in {_EXPOSED, _TOGETHER}:
        return f"{_level(entry) if entry.component == _EXPOSED else entry.label}: {effect}"
    copies = round(entry.dosage)
    name = genetic_words(entry.term, entry.label)
    if any(mark in entry.term for mark in ("=", "_x_", "+")):
        return f"{name}: {effect}"
    if copies == 1 and entry.term.endswith((DOMINANT, RECESSIVE)):
        count = "two copies" if entry.term.endswith(RECESSIVE) else "at least one copy"
        return f"{count} of {name}: {effect}"
    if abs(entry.dosage - copies) < _AVERAGE and copies in _COPIES:
        return f"{_COPIES[copies]} of {name}: {effect}"
    return f"{entry.dosage:.2g} copies of {name} expected: {effect}"


def term_words(term: str) -> str:
    """The id of a genetic term in words, without its coding.

    >>> term_words("HLA-DRB1*15:01_x_HLA-A*02:01"), term_words("HLA-DQB1*03:02 (dominant)")
    ('HLA-DRB1*15:01 with HLA-A*02:01', 'HLA-DQB1*03:02')
    >>> term_words("HLA-DPB1:9F")
    'HLA-DPB1 with phenylalanine at position 9'
    """
    name = term.removesuffix(DOMINANT).removesuffix(RECESSIVE).replace("_x_", " with ")
    residue = _RESIDUE.fullmatch(name)
    if residue is None:
        return name
    gene, position, letter = residue.groups()
    return f"{gene} with {_RESIDUES.get(letter, letter)} at position {position}"


def genetic_words(term: str, label: str) -> str:
    """What a genetic term names; where its id is letters alone, as its label explains them.

    >>> genetic_words("LRA", "DRB1 residues 11-71-74 LRA, per chromosome")
    'DRB1 residues 11-71-74 LRA'
    >>> genetic_words("rs2476601", "PTPN22")
    'rs2476601'
    """
    name, explained = term_words(term), label.partition(",")[0]
    return explained if name.isalpha() and name in explained else name


def _absent_words(entry: Entry) -> str:
    """A term that the person does not have, in words."""
    if entry.component == _EXPOSED:
        return _level(entry)
    if entry.component == _TOGETHER:
        return f"not the case: {entry.label}"
    name = genetic_words(entry.term, entry.label)
    if "_x_" in entry.term:
        return f"not {name}"
    return f"not two copies of {name}" if entry.term.endswith(RECESSIVE) else f"no copy of {name}"


def _level(entry: Entry) -> str:
    """The value of the first exposure that a term reads, as the person reported it."""
    level = _reported(entry)
    if level.lower() in UNKNOWN and not entry.missing:
        return "does not apply"  # as passive smoking to a smoker, whatever it was
    return level


def _reported(entry: Entry) -> str:
    return entry.found.split(" and ")[0].partition(" = ")[2].replace("_", " ")


def _name(model: RiskModel, term: Term) -> str:
    """The measurement that a term reads."""
    if term.part is not Part.GENETIC:
        own = dict.fromkeys(factor.exposure for factor in factors_of([term], ExposureFactor))
        names = [model.exposure(exposure).label for exposure in own]
        if term.part is Part.EXPOSURE:  # the others only say whom the first concerns
            return names[0]
        return " with ".join([" and ".join(names), _of_genes(term)])
    return _of_genes(term)


def _of_genes(term: Term) -> str:
    read = {factor.kind for factor in term.factors}
    if FactorKind.HAPLOTYPES in read:
        return "HLA DR-DQ haplotypes"
    if FactorKind.VARIANT in read:
        return SNPS
    return " and ".join(dict.fromkeys(f"HLA-{f.gene}" for f in factors_of([term], GeneFactor)))


def _line(name: str, entries: Sequence[Entry]) -> Measurement:
    # a term of another sex, or of an exposure that another has taken the place of
    concerned = [e for e in entries if e.missing != "not_applicable"]
    lost = [e for e in concerned if e.missing]
    unseen = bool(concerned) and len(lost) == len(concerned)
    reasons = list(dict.fromkeys(_why(e) for e in lost))
    return Measurement(
        name,
        _found(name, concerned, len(lost)),
        math.fsum(e.contribution for e in entries),
        math.fsum(e.variance for e in entries),
        ", ".join(reasons) if unseen else "",
        tuple(entries),
    )


def _why(entry: Entry) -> str:
    """Why nothing of a term was seen, in plain words."""
    given = _reported(entry) if entry.component == _EXPOSED else ""
    if entry.missing == "not_given" and given and given.lower() not in UNKNOWN:
        return f"given as {given}, which is no level of this model"
    return plain_code(entry.missing)


def _found(name: str, entries: Sequence[Entry], lost: int) -> str:
    """What was found, in words."""
    if not entries:
        return "does not concern this person"
    if name == SNPS:
        return f"{len(entries) - lost} of {len(entries)} seen"
    own = dict.fromkeys(_level(e) if e.component == _EXPOSED else "" for e in entries)
    if len(own) == 1 and "" not in own:  # one exposure, which the line's name has
        return next(iter(own))
    texts = dict.fromkeys(part for e in entries for part in e.found.split(" and "))
    plain = (_UNSURE.sub(r" (probability \1)", _CERTAIN.sub("", text)) for text in texts)
    return "; ".join(text.replace(" = ", ": ").replace("_", " ") for text in plain)
