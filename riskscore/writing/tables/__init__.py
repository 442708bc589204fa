"""Tables out: text columns, Parquet, TSV and CSV."""
