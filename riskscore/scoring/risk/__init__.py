"""Risks by age and of relatives: from a score, incidence and family history to probabilities."""
