"""HLA genotypes typed elsewhere: one reader a format."""
