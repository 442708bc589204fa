"""Genes and exposures together: additive and multiplicative interaction."""
