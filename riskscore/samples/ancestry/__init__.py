"""Genotypes of SNPs spread over the genome, which tell ancestry, and the reference people."""
