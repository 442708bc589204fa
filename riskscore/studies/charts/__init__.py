"""Charts of scores and of studies."""
