"""HLA genotypes: from records of a VCF, from typed tables, from tag SNPs."""
