"""Genome-wide scores: summed along a file as it passes."""
