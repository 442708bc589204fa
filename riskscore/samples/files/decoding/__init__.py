"""Cells of a record decoded: whole records at once, others cell by cell."""
