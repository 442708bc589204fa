"""Cohort statistics: people simulated from the models, effects fitted, scores evaluated."""
