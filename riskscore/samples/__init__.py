"""What was measured on people: VCF files to dosages and HLA calls, exposures, the cohort."""
