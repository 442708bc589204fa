"""Model folders: their schema, their reader, and a folder begun from a scoring file."""
