"""HLA genotypes from the SNPs around the genes, by the haplotypes of a phased and typed panel."""
