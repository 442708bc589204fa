"""The MHC: whole haplotypes of a population, and each person's posterior over pairs of them."""
