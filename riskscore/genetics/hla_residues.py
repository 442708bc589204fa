"""Which amino acid an HLA allele carries at a position of the mature protein."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from riskscore.genetics.hla import HLAAllele, HLAName

COLUMNS = ("gene", "position", "allele", "residue")

Residues = Mapping[tuple[str, int], Mapping[str, str]]  # by gene and position, by allele


@dataclass(frozen=True)
class ResidueTable:
    """Amino acids by gene, position and allele; the longest name that covers an allele decides.

    Built from IPD-IMGT/HLA alignments (reference/hla/residues.tsv). ``alignment`` reads positions
    that ``residues`` lacks, of fewer alleles (alignment.tsv), once one of them is asked for.
    """

    residues: Residues
    alignment: Callable[[], Residues] = dict

    @property
    def places(self) -> list[tuple[str, int]]:
        """Every gene and position of the table and the alignment, in order."""
        return sorted({*self.residues, *self.alignment()})

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, str]]) -> ResidueTable:
        """From rows with a gene, a position, an allele and its residue."""
        return cls.of_columns(*([row[name] for row in rows] for name in COLUMNS))

    @classmethod
    def of_columns(
        cls,
        genes: Sequence[str],
        positions: Sequence[str],
        alleles: Sequence[str],
        residues: Sequence[str],
    ) -> ResidueTable:
        """From the columns of such rows."""
        table: dict[tuple[str, int], dict[str, str]] = {}
        written: dict[tuple[str, str], dict[str, str]] = {}
        for gene, position, allele, residue in zip(
            genes, positions, alleles, residues, strict=True
        ):
            own = written.get((gene, position))
            if own is None:
                own = table.setdefault((gene, int(position)), {})
                written[gene, position] = own
            own[allele] = residue
        return cls(table)

    def residue(self, name: HLAName, position: int) -> str | None:
        """The residue of an allele at a position; None when the table cannot say.

        An ambiguous name has a residue if all it may stand for have the same. An absent gene
        carries none, which is known.

        >>> rows = [{"gene": "B", "position": "9", "allele": a, "residue": r}
        ...         for a, r in (("B*07:02", "Y"), ("B*08:01", "D"))]
        >>> ResidueTable.of(rows).residue(HLAAllele.parse("B*08:01"), 9)
        'D'
        """
        found = {self._residue(member, position) for member in name.members}
        return found.pop() if len(found) == 1 else None

    def carries(self, name: HLAName, residues: Sequence[tuple[int, str]]) -> bool | None:
        """Whether an allele has all of the residues on one chain; None when that cannot be told.

        Of an ambiguous name each member is judged by itself, so that a haplotype of residues is
        not put together from different alleles.
        """
        verdicts = {self._carries(member, residues) for member in name.members}
        return verdicts.pop() if len(verdicts) == 1 else None

    def _carries(self, allele: HLAAllele, residues: Sequence[tuple[int, str]]) -> bool | None:
        found = [self._residue(allele, position) for position, _ in residues]
        wanted = [residue for _, residue in residues]
        if any(f is not None and f not in w for f, w in zip(found, wanted, strict=True)):
            return False
        return None if None in found else True

    def _residue(self, allele: HLAAllele, position: int) -> str | None:
        if allele.is_absent:
            return "absent"
        place = (allele.gene, position)
        names = self.residues.get(place) or self.alignment().get(place, {})
        if allele.suffix == "N" and str(allele) not in names:
            return "none"  # a null allele makes no protein
        if allele.fields and (exact := names.get(str(allele))) is not None:
            return exact
        for length in range(len(allele.fields), -1, -1):
            residue = names.get(f"{allele.gene}*{':'.join(allele.fields[:length])}")
            if residue is not None:
                return None if self._contradicted(allele, residue, names) else residue
        # A coarse name still tells when every finer allele it begins agrees.
        finer = set(self._finer(allele, names))
        return finer.pop() if len(finer) == 1 else None

    @staticmethod
    def _finer(allele: HLAAllele, names: Mapping[str, str]) -> list[str]:
        """The residues of the listed alleles that a coarse name may stand for."""
        prefix = f"{allele.gene}*{''.join(field + ':' for field in allele.fields)}"
        return [
            residue
            for name, residue in names.items()
            if name.startswith(prefix) and name[-1] not in "N*"
        ]

    def _contradicted(self, allele: HLAAllele, residue: str, names: Mapping[str, str]) -> bool:
        """Whether a coarse allele may stand for one that is listed with another residue."""
        return any(other != residue for other in self._finer(allele, names))


def aligned(rows: Sequence[Mapping[str, str]]) -> Residues:
    """The residues of aligned sequences at the positions at which they differ.

    ``rows`` have a gene, an allele, the first position and the sequence from there on, in which
    ``*`` is not known and ``.`` is a residue that the allele lacks.

    >>> row = {"gene": "DQA1", "first": "54"}
    >>> both = ({"allele": "DQA1*01:01", "sequence": "FGG"},
    ...         {"allele": "DQA1*02:01", "sequence": "LR."})
    >>> [own["DQA1*02:01"] for own in aligned([row | one for one in both]).values()]
    ['L', 'R', '.']
    """
    table: dict[tuple[str, int], dict[str, str]] = {}
    for row in rows:
        for position, letter in enumerate(row["sequence"], int(row["first"])):
            if letter != "*":
                table.setdefault((row["gene"], position), {})[row["allele"]] = letter
    return {place: own for place, own in table.items() if len(set(own.values())) > 1}
