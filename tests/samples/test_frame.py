"""People in a pandas frame: the ways to write what is known of them, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import ExposureLevelError, HLAFormatError, InputError
from riskscore.genetics.missing import Missing
from riskscore.samples.frame import read_frame

MS = rs.load_model("ms")


@pytest.mark.parametrize(
    "columns",
    [
        {"DRB1": ["15:01+03:01"]},
        {"HLA-DRB1": ["DRB1*15:01 DRB1*03:01"]},
        {"DRB1": ["HLA-DRB1*15:01, HLA-DRB1*03:01"]},
        {"DRB1_1": ["15:01"], "DRB1_2": ["03:01"]},
        {"HLA-DRB1.1": ["03:01"], "HLA-DRB1.2": ["DRB1*15:01"]},
        {"DRB1*15:01": [1], "DRB1*03:01": [1.0]},
    ],
)
def test_one_genotype_written_in_many_ways(columns: dict[str, list[object]]) -> None:
    best = read_frame(pd.DataFrame(columns), [MS]).hla.genes["DRB1"].best(0)
    assert best is not None
    assert ({str(best[0]), str(best[1])}, best[2]) == ({"DRB1*15:01", "DRB1*03:01"}, 1.0)


def test_imputed_alleles_are_a_posterior() -> None:
    calls = read_frame(pd.DataFrame({"A*02:01": [1.3], "A*03:01": [0.7]}), [MS]).hla.genes["A"]
    copies = {"A*02:01": 0.0, "A*03:01": 0.0}
    for i, j, p in zip(calls.first, calls.second, calls.probability, strict=True):
        for place in (i, j):
            copies[str(calls.alleles[place])] += p
    assert copies == pytest.approx({"A*02:01": 1.3, "A*03:01": 0.7})


@pytest.mark.parametrize("cell", [None, np.nan, "", "NA"])
def test_a_cell_without_a_type_is_not_called(cell: object) -> None:
    cohort = read_frame(pd.DataFrame({"DRB1": ["15:01+03:01", cell]}), [MS])
    assert cohort.hla.genes["DRB1"].called(2).tolist() == [True, False]


def test_what_has_no_column_is_absent_and_an_empty_cell_is_no_call() -> None:
    frame = pd.DataFrame({"rs10801908": [1, None], "rs11256593": [None, 0.5]})
    cohort = read_frame(frame, [MS])
    by_name = {match.variant.name: match for match in cohort.dosages.matches}
    assert by_name["rs10801908"].missing is Missing.NOT_MISSING
    assert by_name["rs10801908"].frequency == 0.5
    assert sum(match.missing is Missing.ABSENT for match in cohort.dosages.matches) == 154
    place = list(by_name).index("rs11256593")
    assert np.isnan(cohort.dosages.values[place]).tolist() == [True, False]


def test_index_names_people_and_unknown_columns_are_named() -> None:
    frame = pd.DataFrame({"smoking": ["ever"], "shoe size": [43], "age": [50]}, index=["ann"])
    cohort = read_frame(frame, [MS])
    assert cohort.samples == ("ann",)
    assert cohort.warnings == ("columns no model reads: shoe size, age",)


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        ({"rs10801908": [3]}, InputError, "between 0 and 2"),
        ({"rs10801908": [-0.1]}, InputError, "between 0 and 2"),
        ({"rs10801908": ["A/G"]}, InputError, "not a number"),
        ({"DRB1": ["15:01"]}, HLAFormatError, "has 1 alleles"),
        ({"DRB1": ["15:01+03:01+04:01"]}, HLAFormatError, "has 3 alleles"),
        ({"DRB1": ["A*02:01+A*03:01"]}, HLAFormatError, "where an allele of HLA-DRB1 belongs"),
        ({"smoking": ["sometimes"]}, ExposureLevelError, "use one of"),
    ],
)
def test_what_is_refused(
    columns: dict[str, list[object]], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_frame(pd.DataFrame(columns), [MS])
