"""The superpopulations of the 1000 Genomes Project."""

from __future__ import annotations

SUPERPOPULATIONS = {
    "AFR": "African",
    "AMR": "admixed American",
    "EAS": "East Asian",
    "EUR": "European",
    "SAS": "South Asian",
}


def superpopulation_words(code: str) -> str:
    """A code with what it stands for; a mixture of several, or an unknown one, as it is.

    >>> superpopulation_words("EUR"), superpopulation_words("EUR=0.7,AFR=0.3")
    ('EUR, European', 'EUR=0.7,AFR=0.3')
    """
    return f"{code}, {SUPERPOPULATIONS[code]}" if code in SUPERPOPULATIONS else code
