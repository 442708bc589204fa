"""Files and tables: what is read with bounds, and what is written whole or not at all."""
