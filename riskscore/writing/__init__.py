"""What leaves: tables, the bundle of a run, provenance, and the words people read."""
