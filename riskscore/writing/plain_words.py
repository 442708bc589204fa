"""Codes and risks in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping

NOTICE = "Illustrative, not diagnostic."
_NOTHING = 0.005  # a share that is rounded to 0%


# The codes of match reports and flags in plain words.
_PLAIN_WORDS = {
    "found": "found",
    "swapped": "found, counted by its other allele",
    "flipped": "found, written on the other strand",
    "absent": "not in the file",
    "no_call": "in the file, without a genotype for the person",
    "alleles_differ": "in the file with other alleles",
    "ambiguous_strand": "not used: its strand is unknown",
    "duplicate_record": "not used: two records claim it",
    "outside_index": "on a chromosome that the file does not hold",
    "no_chromosome": "on a chromosome that the file does not hold",
    "low_imputation_quality": "not used: imputed too poorly",
    "filtered": "not used: its FILTER is not accepted",
    "low_resolution": "typed, but not finely enough",
    "ambiguous": "typed with more than one reading",
    "tag_not_valid": "not used: its tag SNP does not stand for it in this population",
    "not_given": "not given",
    "not_applicable": "does not concern the person",
    "at_frequency": "not in the file: the population's mean was taken, as asked",
    "no_position": "without a position in the file's build",
    "not_phased": "not known which alleles share a chromosome",
    "not_scored": "no score",
    "stand_in": "read from a tag SNP in place of an untyped gene",
    "tag": "read from a tag SNP",
    "weights_from": "the weights come from people of other ancestry",
    "from_typed_allele": "read from the typed HLA allele that the variant marks",
    "frequencies_from": "some SNPs take their frequencies from another population",
    "population": "the population is not known",
    "ancestry": "the percentile is among people of this ancestry",
    "haplotype_tags_missing": "some tag SNPs of haplotypes are not in the file",
    "more_than_two_haplotypes": "tag SNPs count more than two haplotypes",
}


# The parts of a score, as models name them. A chart on a phone has room for 16 letters.
_PARTS = {
    "HLA_Class_1": "HLA class I",
    "HLA_Class_2": "HLA class II",
    "HLA_DRDQ": "HLA-DR and DQ",
    "HLA_additive": "HLA, additive",
    "Non_HLA": "outside HLA",
    "Exposures": "exposures",
    "Gene-environment": "gene-environment",
    "all": "the whole score",
}


def part_words(component: str) -> str:
    """A component of a score in plain words; one that no shipped model has, as it is named.

    >>> part_words("HLA_DRDQ"), part_words("Eye_colour")
    ('HLA-DR and DQ', 'Eye colour')
    """
    return _PARTS.get(component, component.replace("_", " "))


def plain_code(code: str) -> str:
    """A code of the match report or of the flags in plain words.

    >>> plain_code("outside_index")
    'on a chromosome that the file does not hold'
    """
    return _PLAIN_WORDS.get(code, code.replace("_", " "))


def lost_words(code: str, observed: float) -> str:
    """Why part of what was looked for is lost, and how much of it is known all the same.

    ``observed`` is the share of its variance that was seen. What was found is lost in part where
    it was imputed, or typed too coarsely.

    >>> lost_words("found", 0.87), lost_words("absent", 0.0), lost_words("no_call", 0.9)
    ('found, but not for certain (87% known)', 'not in the file', 'in the file, without a genotype \
for the person (90% known)')
    """
    words = plain_code(code)
    if observed < _NOTHING:
        return words
    doubt = ", but not for certain" if words.startswith(("found", "read from")) else ""
    return f"{words}{doubt} ({observed:.0%} known)"


def natural(probability: float) -> str:
    """A risk as people in 1,000, or in 100,000 when rare.

    >>> natural(0.0031), natural(0.00004)
    ('3.1 in 1,000', '4 in 100,000')
    """
    people = _people(probability)
    return f"{people * probability:.{3 if people == 1_000 else 2}g} in {people:,}"


def in_thousand(probability: float, unsure: float = 1.0) -> str:
    """A risk in 1,000 people, rounded to a precision that its size justifies.

    ``unsure`` is the upper end of its interval over the lower: where they are more than twice
    apart, numbers below ten have one digit that counts, larger ones and those that begin with 1
    two.

    >>> in_thousand(0.00834, 12.0), in_thousand(0.0254, 12.0), in_thousand(0.00834)
    ('8', '25', '8.34')
    >>> in_thousand(0.00148, 12.0), in_thousand(0.00197, 12.0)
    ('1.5', '2')
    >>> in_thousand(0.00004, 3.0)
    '0.04'
    """
    value = 1000 * probability
    digits = 3 if unsure < 1.2 else 2
    if unsure > 2 and value < 9.5 and not f"{value:.1e}".startswith("1"):
        digits = 1
    if value >= 100:
        digits = max(digits, 3 if unsure < 2 else 2)
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 and digits < 3 else f"{rounded:.6g}"


def percentile_words(percentile: float) -> str:
    """The number of 100 people with a lower score, in words; never none and never all.

    >>> percentile_words(87.4), percentile_words(99.52), percentile_words(0.2)
    ('87', 'more than 99', 'fewer than 1')
    """
    rounded = round(percentile)
    return {0: "fewer than 1", 100: "more than 99"}.get(rounded, f"{rounded}")


def ratio_words(ratio: float) -> str:
    """A ratio of risks as people say it.

    >>> ratio_words(2.34), ratio_words(1.04), ratio_words(0.25)
    ('2.3 times the average', 'about the average', '0.25 times the average')
    """
    if 0.9 < ratio < 1.1:
        return "about the average"
    return f"{ratio:.2g} times the average"


def risk_words(numbers: Mapping[str, float]) -> str:
    """A person's risk with its interval beside the average, or that there is none.

    All are of as many people: 1,000, or 100,000 where the average is rare too. The risk is
    rounded to what the width of its interval bears.

    >>> risk_words({"probability": 0.01, "probability_low": 0.002, "probability_high": 0.04,
    ...             "average_risk": 0.005, "risk_ratio": 2.0})
    '10 in 1,000 (2 to 40), 2 times the average of 5 in 1,000'
    >>> risk_words({"probability": 0.00238, "probability_low": 0.0000657,
    ...             "probability_high": 0.0123, "average_risk": 0.00771, "risk_ratio": 0.309})
    '2 in 1,000 (0.07 to 12), 0.31 times the average of 7.71 in 1,000'
    >>> risk_words({"probability": float("nan")})
    'no probability'
    """
    if math.isnan(numbers["probability"]):
        return "no probability"
    names = ("probability", "probability_low", "probability_high", "average_risk")
    people = _people(max(numbers["probability"], numbers["average_risk"]))
    bottom, top = numbers["probability_low"], numbers["probability_high"]
    unsure = top / bottom if bottom > 0 else math.inf
    risk, low, high, average = (
        in_thousand(people / 1_000 * numbers[n], 1.0 if n == "average_risk" else unsure)
        for n in names
    )
    return (
        f"{risk} in {people:,} ({low} to {high}), {ratio_words(numbers['risk_ratio'])} of "
        f"{average} in {people:,}"
    )


def _people(risk: float) -> int:
    """The number of people by which a risk is expressed: more for risks below 1 in 2,000."""
    return 1_000 if risk >= 0.0005 else 100_000
