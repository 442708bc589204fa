"""The words of the field as pure values: builds, variants, HLA alleles, reasons."""
