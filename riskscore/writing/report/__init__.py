"""The report: one self-contained HTML file of what was read, what was found, and how sure."""
