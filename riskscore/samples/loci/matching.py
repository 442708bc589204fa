"""One variant in a source: the records at its place, matched by allele, counted together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Copies, Mask
from riskscore.genetics.build import Build
from riskscore.genetics.change import Change, is_sequence, match_change
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import AlleleMatch, Variant, match_alleles
from riskscore.samples.files.reading import Absent, GenotypeField, Reading
from riskscore.samples.files.record import Record, imputation_quality
from riskscore.samples.files.source import Region, Source
from riskscore.samples.loci.dosages import LocusMatch
from riskscore.samples.loci.frequency import counted_frequency, effect_frequency
from riskscore.samples.loci.genotypes import DECIMALS, AlleleCopies, read_copies
from riskscore.samples.loci.reference_blocks import block_copies
from riskscore.samples.loci.strand import Found

# How far around an indel other spellings of it are looked for.
INDEL_REACH = 30
# Dosages of the ALTs of split records that sum to more than this are not all true.
_MOST_COPIES = 2.1
_CONTIGS_SHOWN, _RECORDS_SHOWN = 25, 3
# Markers of HLA panels: their letters are not bases, and their positions often made up.
_MARKER = r"HLA[_-]|AA_|SNPS_|SNP_[A-Z0-9]+_\d|INDEL_|INS_|([ABC]|D[PQR][AB]\d?)\*"
_MARKER_NAME = re.compile(_MARKER, re.IGNORECASE)
# The same of the bytes of a line, from one place in it to another.
marker_at = re.compile(_MARKER.encode(), re.IGNORECASE).match

BLOCK, ASSUMED = "reference_block", "assumed_homref"
Match = tuple[Record, AlleleMatch]


def region_of(variant: Variant, build: Build) -> Region:
    """Where records of a variant can stand: at its position; around it for an indel."""
    place = variant.position(build)
    reach = 0 if _letters(variant) == 1 else INDEL_REACH
    return Region(variant.chromosome, max(1, place - reach), place + reach)


def no_chromosome(source: Source) -> Missing:
    """Why nothing is known of a chromosome that a source does not have."""
    return Missing.OUTSIDE_INDEX if source.is_indexed else Missing.NO_CHROMOSOME


def find(
    source: Source, variant: Variant, build: Build, reading: Reading, *, variances: bool = False
) -> Found:
    """What a source has at a variant, its strand not yet judged if it is a palindrome.

    With ``variances`` also those of its genotypes, which a sum has no use for.
    """
    if not variant.known_in(build):
        return Found(LocusMatch(variant, Missing.NO_POSITION))
    if variant.chromosome not in source.chromosomes:
        present = sorted(source.chromosomes)
        more = ", ..." if len(present) > _CONTIGS_SHOWN else ""
        note = f"the file has {', '.join(present[:_CONTIGS_SHOWN])}{more}"
        return Found(LocusMatch(variant, no_chromosome(source), note=note))
    records = source.fetch(region_of(variant, build))
    return find_among(records, variant, build, reading, len(source.samples), variances=variances)


def find_among(
    records: Iterable[Record],
    variant: Variant,
    build: Build,
    reading: Reading,
    samples: int,
    *,
    variances: bool = False,
) -> Found:
    """The variant among the records around its place, as :func:`find` returns it."""
    own = [record.towards(variant) for record in records if not is_marker(record.id)]
    return _Locus(variant, build, reading, own, samples, variances=variances).found()


def is_marker(name: str) -> bool:
    """Whether an ID is that of an HLA panel's marker, whose letters are not bases."""
    return _MARKER_NAME.match(name) is not None


class _Locus:
    """The records around one variant, and their copies, each read once."""

    def __init__(
        self,
        variant: Variant,
        build: Build,
        reading: Reading,
        records: list[Record],
        samples: int,
        *,
        variances: bool,
    ) -> None:
        self.variant, self.build, self.reading, self.samples = variant, build, reading, samples
        self.variances = variances
        self.place = variant.position(build)
        self.blocks = [r for r in records if r.is_block and r.position <= self.place <= r.end]
        self.records = [r for r in records if not r.is_block]
        self.notes: Counter[str] = Counter()
        self.remarks: list[str] = []
        self._read: dict[int, AlleleCopies] = {}

    def found(self) -> Found:
        """What the records and blocks say of the variant; else the reason that they do not."""
        matched = [(r, m) for r in self.records if (m := self._match(r))]
        usable = [(r, m) for r, m in matched if self._refusal(r, m) is None]
        if matched and not usable:
            record, match = matched[0]
            reason = self._refusal(record, match)
            assert reason is not None
            return self._lost(reason, record=record.place)
        if usable and len(self.records) == 1 and not self.blocks and not self.records[0].batches:
            return self._settled(usable, self._effect_copies(*usable[0]), None)
        return self._together(usable)

    def _together(self, usable: Sequence[Match]) -> Found:
        """Matched records counted together, gaps filled from blocks."""
        values = np.full(self.samples, np.nan, dtype=np.float32)
        covered = np.zeros(self.samples, dtype=bool)
        agree = 1
        for record, match in usable:
            copies = self._effect_copies(record, match)
            both = ~np.isnan(values) & ~np.isnan(copies)
            if (values[both] != copies[both]).any():
                seen = "; ".join(r.place for r, _ in usable[:_RECORDS_SHOWN])
                if (more := len(usable) - _RECORDS_SHOWN) > 0:
                    seen += f"; … and {more:,} more"
                return self._lost(Missing.DUPLICATE_RECORD, record=seen)
            values = np.where(np.isnan(values), copies, values)
            agree += bool((covered & record.covered).any())
            covered |= record.covered
        if agree > 1:
            self.remarks.append(f"{agree} records agree")
        from_blocks = self._fill(values, covered)
        if usable:
            return self._settled(usable, values, covered)
        if from_blocks:
            return self._from_blocks(values)
        if self.records:
            return self._differ()
        return self._absent()

    def _match(self, record: Record) -> AlleleMatch | None:
        if record.position == self.place:
            found = match_alleles(self.variant, record.ref, record.alts)
            if found and self._same_reference(record):
                return found
        if not record.ref_is_reference or len(record.ref) == _letters(self.variant) == 1:
            return None  # two single letters have one spelling
        return match_change(self.variant, self.build, record.position, record.ref, record.alts)

    def _same_reference(self, record: Record) -> bool:
        """Whether equal letters are equal changes: T>TG is not the deletion TG>T read backwards."""
        known = self.variant.reference_allele
        if _letters(self.variant) == 1 or not known or not record.ref_is_reference:
            return True
        return record.ref.upper() == known

    def _refusal(self, record: Record, match: AlleleMatch) -> Missing | None:
        """Why a matched record is not to be used, if so."""
        accepted = self.reading.filters
        if accepted is not None and not set(record.filter.split(";")) <= accepted:
            return Missing.FILTERED
        least = self.reading.min_r2
        quality = imputation_quality(record, match.effect_index or match.other_index)
        if least is not None and quality is not None and quality < least:
            return Missing.LOW_IMPUTATION_QUALITY
        return None

    def _read_copies(self, record: Record) -> AlleleCopies:
        if id(record) not in self._read:
            self._read[id(record)] = read_copies(record, GenotypeField(self.reading.field))
            self.notes.update(self._read[id(record)].notes)
        return self._read[id(record)]

    def _copies(self, record: Record) -> Copies:
        return self._read_copies(record).values

    def _effect_copies(self, record: Record, match: AlleleMatch) -> Copies:
        """Copies of the effect allele: those of an ALT, or two less those of all ALTs there."""
        own = self._read_copies(record)
        if match.effect_index:
            return np.asarray(own.values[match.effect_index - 1])
        if own.coded is not None and len(self.records) == 1 and _letters(self.variant) == 1:
            return own.coded.through(_remaining)  # nothing else can stand at this base
        replaced_by = record.alts[match.other_index - 1].upper()
        change = Change(record.position, record.ref.upper(), replaced_by).trimmed
        others = [r for r in self.records if r is not record]
        total = np.zeros(self.samples)
        counted: dict[Change, Mask] = {}  # in whom a change was counted already
        for other in (record, *others):
            for index, alt in enumerate(other.alts):
                theirs = Change(other.position, other.ref.upper(), alt.upper())
                if is_sequence(theirs.alt):
                    theirs = theirs.trimmed
                    displaces = theirs.touches(change)
                else:  # *, <NON_REF>, <DEL>: not the reference, whatever it is
                    displaces = other.position == record.position
                if displaces:
                    done = counted.get(theirs, np.zeros(self.samples, dtype=bool))
                    counted[theirs] = done | other.covered
                    copies = self._copies(other)[index]
                    fresh = (other.covered & ~done) | (other is record)
                    total += np.where(fresh, copies, 0.0)
        too_many = total > _MOST_COPIES
        self.notes["more_than_two_alleles"] += int(too_many.sum())
        return _remaining(np.where(too_many, np.nan, total))

    def _fill(self, values: Copies, covered: Mask) -> bool:
        """Fill gaps from blocks, in place; whether any block covers the variant."""
        spoken = False
        for block in self.blocks:
            accepted = self.reading.filters
            if accepted is not None and not set(block.filter.split(";")) <= accepted:
                continue
            copies = block_copies(block, self.variant, self.build, self.notes)
            if copies is not None:
                spoken = True
                gaps = np.isnan(values) & block.covered
                values[gaps] = copies[gaps]
                covered |= block.covered
        return spoken

    def _settled(self, usable: Sequence[Match], values: Copies, covered: Mask | None) -> Found:
        """The result for copies that were read; ``covered`` is None where everybody is."""
        record, match = usable[0]
        if sum(is_sequence(alt.upper()) for alt in record.alts) > 1:
            self.remarks.append("multi_allelic")
        if covered is not None and not covered.all():
            self.notes["absent"] += int((~covered).sum())
            assumed = self._absent()
            if assumed.values is not None:
                values = np.where(covered, values, assumed.values)
        frequency = effect_frequency(record, match.effect_index, values)
        located = LocusMatch(
            self.variant, Missing.NOT_MISSING, match.strand, record.place, frequency, self._note()
        )
        turned, told = None, self.variances and covered is None
        if match.ambiguous and len(usable) == 1:
            other = AlleleMatch(match.other_index, True, True, match.effect_index)
            turned = self._effect_copies(record, other)
        return Found(
            located,
            values,
            turned,
            record.ref.upper() if record.position == self.place else "",
            tuple(counted_frequency(values[part]) for part in record.batches),
            lettered=True,
            ambiguous=match.ambiguous,
            forward=record.is_forward,
            hom_ref=self._any_hom_ref(record),
            variance=self._read_copies(record).variance if told else None,
        )

    def _any_hom_ref(self, record: Record) -> bool:
        read = self._read_copies(record)
        if read.coded is not None:
            return read.coded.any_without
        return bool((read.values.sum(axis=0) == 0).any())

    def _from_blocks(self, values: Copies) -> Found:
        place = f"{self.variant.chromosome}:{self.place}"
        match = LocusMatch(
            self.variant,
            Missing.NOT_MISSING,
            BLOCK,
            place,
            counted_frequency(values),
            self._note(),
        )
        return Found(match, values)

    def _differ(self) -> Found:
        """Records, but none with these two alleles; an indel may be written there another way."""
        at_place = [r for r in self.records if r.position == self.place]
        if not at_place and all(not _is_indel(r) for r in self.records):
            return self._absent()
        shown = at_place or [r for r in self.records if _is_indel(r)]
        if not at_place:
            self.remarks.append("may be the same indel in other words: run bcftools norm -f")
        if {self.variant.effect_allele, self.variant.other_allele} & {"I", "D", "-"}:
            self.remarks.append("the model names no letters (I, D or -), which match no record")
        seen = "; ".join(r.letters for r in shown[:_RECORDS_SHOWN])
        return self._lost(Missing.ALLELES_DIFFER, how=seen, record=shown[0].place)

    def _absent(self) -> Found:
        """No record: missing, at its frequency, or homozygous for the reference, as was asked."""
        reference = self.variant.reference_allele
        if self.reading.absent is Absent.FREQUENCY:
            return self._lost(Missing.AT_FREQUENCY)
        if self.reading.absent is Absent.HOMREF and reference:
            copies = np.float32(2.0 if reference == self.variant.effect_allele else 0.0)
            match = LocusMatch(self.variant, Missing.NOT_MISSING, ASSUMED, note=self._note())
            return Found(match, np.full(self.samples, copies, dtype=np.float32))
        if self.reading.absent is Absent.HOMREF:
            self.remarks.append("the reference allele is not known, so hom-ref says nothing")
        return self._lost(Missing.ABSENT)

    def _lost(self, reason: Missing, how: str = "", record: str = "") -> Found:
        return Found(LocusMatch(self.variant, reason, how, record, note=self._note()))

    def _note(self) -> str:
        counts = [f"{name}={count}" for name, count in sorted(self.notes.items()) if count]
        return "; ".join([*counts, *self.remarks])


def _remaining(copies: NDArray[np.floating]) -> Copies:
    """Two less the copies of the other alleles."""
    left = np.clip(2.0 - copies.astype(np.float64), 0.0, 2.0)
    return np.round(left, DECIMALS).astype(np.float32)


def _letters(variant: Variant) -> int:
    """The length of the longer allele."""
    return max(len(variant.effect_allele), len(variant.other_allele))


def _is_indel(record: Record) -> bool:
    return any(len(alt) != len(record.ref) and is_sequence(alt.upper()) for alt in record.alts)
