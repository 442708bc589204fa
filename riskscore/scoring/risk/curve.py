"""One person's risk by age, beside the average of the same sex."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.samples.cohort import Cohort
from riskscore.scoring.design import Measurements
from riskscore.scoring.observed.variance import uncertainty
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.risk.asked_ages import rates_of, risks_of, starting_ages

AGE_CURVE_COLUMNS = ("age", "risk", "average_risk")
_POINTS = 25  # of the curve; between them the risk is smooth


def age_curve(cohort: Cohort, reference: Reference, sample: str) -> list[dict[str, Any]]:
    """The risk from the first age of the model's horizon to each age of it, as rows, 0 at first.

    Where ages are asked, it is from the person's own age on, free of the disease then.
    ``risk`` is the person's mean risk over what is not known, ``average_risk`` that of all people
    of the same sex (of both, where it is not known), death from other causes counted. Raises
    UsageError for an unknown sample, or a model that names no table of incidence by age.
    """
    if sample not in cohort.samples:
        raise UsageError("no such sample in the results")
    model, own = reference.model, cohort.question.incidence_table()
    if model.rates is None:
        raise UsageError(f"model {model.id} names no table of incidence by age")
    place = cohort.samples.index(sample)
    sex = cohort.sex[place]
    measured = Measurements(cohort, reference, range(place, place + 1))
    design = measured.design()
    unknown = uncertainty(measured, design, reference).spectrum
    log_odds = ((design.expected - reference.centre) @ reference.weights).reshape(1)
    tables = {one: rates_of(model, own, one) for one in Sex}
    risks = risks_of(reference, tables, sex)
    first, last = risks.ages
    if cohort.question.by_age and first < (start := starting_ages(cohort)[place]) < last:
        first = float(start)
    begin = {"age": first, "risk": 0.0, "average_risk": 0.0}
    return [begin] + [
        {
            "age": age,
            "risk": float(risks.mean(log_odds, unknown, first, age)[0]),
            "average_risk": risks.average(first, age),
        }
        for age in np.linspace(first, last, _POINTS)[1:].tolist()
    ]
