"""Arithmetic: the design matrix, the reference population, the score, its interval, its ledger."""
