"""The shipped reference tables: HLA panel, haplotypes, incidence, progression."""
