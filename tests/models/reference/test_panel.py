"""HLA frequencies in a mixture of populations, against sums written from the tables."""

import pytest

from riskscore.files import reference_root
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.tables import read_rows

MIXTURE, PARTS = "EUR=0.7,AFR=0.3", {"EUR": 0.7, "AFR": 0.3}


def of_table(gene: str) -> dict[tuple[str, str], float]:
    rows = read_rows(reference_root() / "hla" / "allele_frequencies.tsv")
    return {
        (r["population"], r["allele"]): float(r["frequency"]) for r in rows if r["gene"] == gene
    }


@pytest.mark.parametrize("allele", ["B*08:01", "B*57:01", "B*53:01"])
def test_an_allele_has_the_mean_share_of_the_parts(allele: str) -> None:
    table = of_table("B")
    expected = sum(part * table.get((name, allele), 0.0) for name, part in PARTS.items())
    assert reference_panel().frequency(HLAAllele.parse(allele), MIXTURE) == pytest.approx(expected)


def test_a_group_is_shared_out_by_the_chromosomes_of_each_population() -> None:
    table, members = of_table("DQB1"), read_rows(reference_root() / "hla" / "g_groups.tsv")
    share = {
        (row["population"], row["allele"]): float(row["share"])
        for row in members
        if row["group"] == "DQB1*02:01"
    }
    of_group = {name: part * table[name, "DQB1*02:01"] for name, part in PARTS.items()}
    expected = sum(weight * share[name, "DQB1*02:02"] for name, weight in of_group.items()) / sum(
        of_group.values()
    )
    found = dict(reference_panel().candidates(HLAAllele.parse("DQB1*02:01G"), MIXTURE))
    assert found[HLAAllele.parse("DQB1*02:02")] == pytest.approx(expected)


def test_a_population_that_is_not_there_leaves_the_mixture_without_frequencies() -> None:
    assert reference_panel().shares("B", "EUR=0.5,XXX=0.5") == {}
