"""The reference population: its scores' distribution, its average risk, who is like it."""
