"""Output: tables, folders of results, provenance, reports, and texts for people."""
