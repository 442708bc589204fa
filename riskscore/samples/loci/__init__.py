"""Risk variants matched to records by allele, turned to one strand, and read as dosages."""
