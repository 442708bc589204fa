"""Raw data of a consumer array as a Source: one person, named by the file's stem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from riskscore.genetics.variant import Variant, complement
from riskscore.samples.files.consumer.layout import read_genotypes
from riskscore.samples.files.consumer.text import consumer_text
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source

_ENDINGS = (".gz", ".zip", ".txt", ".csv", ".tsv")
_UNNAMED = "N"  # the letter of an allele that neither the file nor a model names
# Weedon MN et al., BMJ 2021;372:n214: of variants with a frequency below 0.001% in UK Biobank that
# a chip called, sequencing confirmed 16%.
CAUTION = (
    "This is raw data of a consumer array, {vendor}. It cannot make or rule out a diagnosis. The "
    "vendor does not check each position; common variants are mostly right, but of very rare ones "
    "that such chips report, five in six are not there (16% confirmed below 1 in 100,000; Weedon "
    "et al., BMJ 2021;372:n214). It has no HLA types, and lacks loci that the chip does not read."
)


@dataclass(frozen=True)
class ConsumerRecord(Record):
    """One position of a consumer array, with the letters seen there, on the forward strand.

    The file does not say which alleles the position has: :meth:`towards` takes them from whoever
    asks. Until then REF is N, and the letters that were seen are symbolic ALTs, which match none.
    """

    letters: str = ""
    reference_known: bool = False

    @property
    def is_block(self) -> bool:
        return False

    @property
    def ref_is_reference(self) -> bool:
        return self.reference_known

    @property
    def is_forward(self) -> bool:
        return True

    def towards(self, variant: Variant) -> Record:
        """The record with REF and ALT as a variant names them, if the letters seen are of these.

        A variant whose other allele is not known is not met: that a person has the effect allele
        can be seen, but not that somebody lacks it.
        """
        effect, reference = variant.effect_allele, variant.reference_allele
        other = variant.other_allele or reference
        if not other or other == effect or variant.members:
            return self
        if len(effect) != len(other):
            return self._indel(variant, effect, other)
        if len(effect) > 1 or not set(self.letters) <= set("ACGT"):
            return self
        pair = (effect, other)
        if not set(self.letters) <= set(pair):
            turned = (complement(effect), complement(other))
            if reference in pair or not set(self.letters) <= set(turned):
                return self
            pair = turned
        elif reference and reference not in pair:
            pair = (complement(effect), complement(other))
            if not set(self.letters) <= set(pair):
                return self
        return self._named(pair, reference, self.letters)

    def _indel(self, variant: Variant, effect: str, other: str) -> Record:
        """D is the shorter allele, I the longer; vendors place an indel at either of two bases."""
        places = {variant.position_grch37, variant.position_grch38}
        here = self.position in places
        if not set(self.letters) <= set("DI") or not (here or self.id == variant.name):
            return self
        place = min((p for p in places if p), key=lambda p: abs(p - self.position))
        short, long = sorted((effect, other), key=len)
        alleles = tuple(short if letter == "D" else long for letter in self.letters)
        record = self._named((effect, other), variant.reference_allele, alleles)
        return replace(record, position=place)

    def _named(
        self, pair: tuple[str, str], reference: str, seen: str | tuple[str, ...]
    ) -> ConsumerRecord:
        known = reference in pair
        ref = reference if known else pair[1]
        alt = pair[0] if ref == pair[1] else pair[1]
        call = "/".join("0" if allele == ref else "1" for allele in seen) or "./."
        return replace(self, ref=ref, alts=(alt,), body=call.encode(), reference_known=known)


class ConsumerFile(Source):
    """The raw data of one person; see :func:`consumer_text` and :func:`read_genotypes` for errors.

    ``vendor`` is who gave it out, by the file's comments.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._genotypes = read_genotypes(consumer_text(path), path.name)
        self.samples = (_stem(path),)
        self.build = self._genotypes.build
        self.chromosomes = frozenset(self._genotypes.rows)
        self.vendor = self._genotypes.vendor
        self.caution = CAUTION.format(vendor=self.vendor)
        self.warnings = (self.caution,)

    def fetch(self, region: Region) -> Iterator[Record]:
        if region.chromosome not in self._genotypes.rows:
            return
        positions, names, letters = self._genotypes.rows[region.chromosome]
        low, high = np.searchsorted(positions, [region.start, region.end + 1])
        for row in range(low, high):
            record = self._record(
                region.chromosome, int(positions[row]), str(names[row]), str(letters[row])
            )
            if region.holds(record):
                yield record

    def _record(self, chromosome: str, position: int, name: str, letters: str) -> ConsumerRecord:
        seen = sorted(set(letters))
        return ConsumerRecord(
            chromosome=chromosome,
            position=position,
            id=name,
            ref=_UNNAMED,
            alts=tuple(f"<{one}>" for one in seen) or (f"<{_UNNAMED}>",),
            filter=".",
            info=".",
            format=("GT",),
            body="/".join(str(1 + seen.index(one)) for one in letters).encode() or b"./.",
            samples=1,
            file=self.name,
            letters=letters,
        )

    def close(self) -> None:
        """Nothing is open: the file was read whole."""


def _stem(path: Path) -> str:
    """The name of a file without its endings, as a name of a person.

    >>> _stem(Path("genome_v5_Full.txt.gz")), _stem(Path(".zip"))
    ('genome_v5_Full', '.zip')
    """
    name = path.name
    while (ending := Path(name).suffix.lower()) in _ENDINGS and name[: -len(ending)]:
        name = name[: -len(ending)]
    return "_".join(name.split())
