"""Raw data of consumer arrays: one person's genotypes as text, which name no reference allele."""
