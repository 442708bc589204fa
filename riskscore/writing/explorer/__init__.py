"""The explorer: a page in which a genotype, exposures and a baseline make a risk, as one looks."""
