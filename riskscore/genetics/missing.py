"""Why a value is not there. A cell of the design matrix is a number or one of these."""

from __future__ import annotations

from enum import IntEnum


class Missing(IntEnum):
    """The reason a term has no observed value; NOT_MISSING is the number's own mark.

    >>> Missing(1).name, bool(Missing.NOT_MISSING)
    ('ABSENT', False)
    """

    NOT_MISSING = 0
    ABSENT = 1  # no record at the locus, or no such gene in the file
    NO_CALL = 2  # a record, but no genotype for this sample
    ALLELES_DIFFER = 3  # a record whose letters are not the model's
    AMBIGUOUS_STRAND = 4  # a palindrome whose strand nothing decides
    DUPLICATE_RECORD = 5  # two records claim the locus
    OUTSIDE_INDEX = 6  # the file's index has no such chromosome
    LOW_IMPUTATION_QUALITY = 7
    FILTERED = 8
    LOW_RESOLUTION = 9  # typed, but not finely enough for the term
    AMBIGUOUS = 10  # typed, with more than one reading
    TAG_NOT_VALID = 11  # only a tag SNP is there, and it does not hold in this population
    NOT_GIVEN = 12  # an exposure nobody recorded
    NOT_APPLICABLE = 13  # the term does not concern this person: nothing is lost
    AT_FREQUENCY = 14  # no record, and the user takes the population's mean for it
    NO_POSITION = 15  # the model does not say where the variant lies in the file's build
    NOT_PHASED = 16  # a haplotype of SNPs, and which alleles share a chromosome is not known
    NO_CHROMOSOME = 17  # a file without an index, and no record of its chromosome


# The fix a person can try, shown beside the reason.
ADVICE: dict[Missing, str] = {
    Missing.ABSENT: "impute the locus, or give a gVCF; if absent means reference: --absent homref",
    Missing.NO_CALL: "impute the missing genotypes",
    Missing.ALLELES_DIFFER: "check the build, and that the file holds this variant",
    Missing.AMBIGUOUS_STRAND: "give a file on the forward strand, or one with allele frequencies",
    Missing.DUPLICATE_RECORD: "keep one record a locus (bcftools norm -d exact)",
    Missing.OUTSIDE_INDEX: "add the chromosome's file, or index the file anew",
    Missing.NO_CHROMOSOME: "add the chromosome's file",
    Missing.LOW_IMPUTATION_QUALITY: "lower the threshold, or impute with a better panel",
    Missing.FILTERED: "look at the FILTER column",
    Missing.LOW_RESOLUTION: "type or impute HLA at two fields",
    Missing.AMBIGUOUS: "type at higher resolution, or add phase",
    Missing.TAG_NOT_VALID: "impute HLA alleles: the tag SNP does not stand for them here",
    Missing.NOT_GIVEN: "record the exposure",
    Missing.AT_FREQUENCY: "use a file that covers the locus, or impute it",
    Missing.NOT_PHASED: "phase the genotypes (GT written 0|1), with one phase set over the SNPs",
    Missing.NO_POSITION: "use the harmonised scoring file, which has positions in this build",
}
