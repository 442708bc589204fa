"""Scoring files: rows read strictly into terms or arrays, and terms written as rows."""
