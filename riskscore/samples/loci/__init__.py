"""Risk variants met with records: matched by allele, turned to one strand, as dosages."""
