"""The explorer: a page on which one chooses a genotype and exposures, and sees the risk."""
