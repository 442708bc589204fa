"""Simulated people as values: what was drawn, and the truth about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from riskscore.arrays import Array, Mask, Places
from riskscore.genetics.sex import Sex
from riskscore.studies.simulation.exposures import DrawnExposures
from riskscore.studies.simulation.outcome import Disease
from riskscore.studies.simulation.people import Drawer, People
from riskscore.studies.simulation.plan import Settings

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class SimulatedPeople:
    """Simulated people and the truth about them.

    ``log_odds``, ``risk`` and ``outcome`` are by model, each of shape (people,): the true centred
    score, the probability the disease was drawn with, and whether the person has it.
    """

    settings: Settings
    drawer: Drawer
    diseases: Mapping[str, Disease]
    people: People
    exposures: DrawnExposures
    log_odds: Mapping[str, Array]
    risk: Mapping[str, Array]
    outcome: Mapping[str, Mask]

    def take(self, rows: Places) -> Self:
        """Some of the people, in the order of ``rows``."""
        return replace(
            self,
            people=self.people.take(rows),
            exposures=self.exposures.take(rows),
            log_odds={name: values[rows] for name, values in self.log_odds.items()},
            risk={name: values[rows] for name, values in self.risk.items()},
            outcome={name: values[rows] for name, values in self.outcome.items()},
        )

    def __len__(self) -> int:
        return len(self.people)

    def __repr__(self) -> str:
        ill = "; ".join(f"{int(v.sum()):,} with {name}" for name, v in self.outcome.items())
        return f"Simulation of {len(self):,} people ({ill}), none of them real"

    @property
    def samples(self) -> tuple[str, ...]:
        """The people's names: SIM and a number."""
        width = max(6, len(str(len(self))))
        return tuple(f"SIM{number:0{width}d}" for number in range(1, len(self) + 1))

    @property
    def sex(self) -> tuple[Sex, ...]:
        return tuple(Sex.FEMALE if f else Sex.MALE for f in self.people.female.tolist())

    def to_frame(self) -> pandas.DataFrame:
        """A row for each person: sample, sex, exposures, and by model log_odds, risk and outcome.

        Columns of a model are called ``log_odds_t1d``, ``risk_t1d`` and ``t1d``.
        """
        import pandas as pd

        columns: dict[str, object] = {"sample": self.samples, "sex": [str(s) for s in self.sex]}
        for exposure in self.exposures.exposures:
            if exposure.is_dose:
                columns[exposure.id] = self.exposures.doses[exposure.id]
            else:
                columns[exposure.id] = [c or None for c in self.exposures.cells(exposure)]
        for model in self.settings.models:
            columns[f"log_odds_{model.id}"] = self.log_odds[model.id]
            columns[f"risk_{model.id}"] = self.risk[model.id]
            columns[model.id] = self.outcome[model.id].astype(int)
        return pd.DataFrame(columns)
