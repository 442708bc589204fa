"""Containers of genotypes, opened: records in order, from VCF, BCF, PGEN and BGEN."""
