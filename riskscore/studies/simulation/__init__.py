"""Simulated people, with known truth."""
