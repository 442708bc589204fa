"""Absolute risks of one small model by pyicare 1.0.0 (MIT; PyPI), into pyicare_absolute_risk.json.

Run by hand, where pyicare is installed. It goes by whole years and takes the hazard at the start
of each, so the rates are low enough that this changes no risk by 1e-6.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

INCIDENCE = [1e-5 * (1 + (age // 10) % 3) for age in range(81)]
MORTALITY = [1e-5 * (1 + age // 20) for age in range(81)]
REFERENCE = np.random.default_rng(1).normal(0, 1, 200).round(4).tolist()
PEOPLE = [-2.0, 0.0, 0.7, 1.5]
INTERVALS = [(0, 80), (20, 40), (55, 25)]


def main() -> None:
    import icare  # no dependency of the tests

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ages = range(81)
        pd.DataFrame({"age": ages, "rate": INCIDENCE}).to_csv(folder / "incidence.csv", index=False)
        pd.DataFrame({"age": ages, "rate": MORTALITY}).to_csv(folder / "mortality.csv", index=False)
        pd.DataFrame({"score": REFERENCE}).to_csv(folder / "reference.csv", index=False)
        pd.DataFrame({"score": PEOPLE}).to_csv(folder / "people.csv", index=False)
        (folder / "formula.txt").write_text("score")
        (folder / "effects.json").write_text('{"score": 1.0}')
        risks = []
        for start, length in INTERVALS:
            found = icare.compute_absolute_risk(
                apply_age_start=start,
                apply_age_interval_length=length,
                model_disease_incidence_rates_path=folder / "incidence.csv",
                model_competing_incidence_rates_path=folder / "mortality.csv",
                model_covariate_formula_path=folder / "formula.txt",
                model_log_relative_risk_path=folder / "effects.json",
                model_reference_dataset_path=folder / "reference.csv",
                apply_covariate_profile_path=folder / "people.csv",
            )
            profile = json.loads(found["profile"])
            risks.append([start, length, [person["risk_estimates"] for person in profile]])
        case = {
            "made_by": "pyicare 1.0.0",
            "incidence": INCIDENCE,
            "mortality": MORTALITY,
            "reference_log_hazard": REFERENCE,
            "person_log_hazard": PEOPLE,
            "risks": risks,
        }
        Path(__file__).with_name("pyicare_absolute_risk.json").write_text(json.dumps(case) + "\n")


if __name__ == "__main__":
    main()
