"""People's scores: of the terms, of genome-wide sums, and beside people of their own ancestry."""
