"""Association in a cohort, and new models from it."""
