"""The account of scores: how each thing was found, how much was covered, what each term adds."""
