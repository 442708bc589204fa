"""Simulated people: HLA haplotypes, SNPs, exposures and disease, all drawn from the models.

No person is real, and all files say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from riskscore.errors import UsageError
from riskscore.genetics.build import Build
from riskscore.models.catalog import Models, as_models
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.cohort import Cohort
from riskscore.scoring.population.build import build_reference
from riskscore.studies.simulation.cohort import as_cohort
from riskscore.studies.simulation.exposures import (
    draw_exposures,
    joined_exposures,
    plan_exposures,
    plan_mediations,
)
from riskscore.studies.simulation.outcome import Disease
from riskscore.studies.simulation.people import (
    BLOCK,
    DISEASE,
    EXPOSURES,
    ORDER,
    Drawer,
    People,
    joined,
    stream,
)
from riskscore.studies.simulation.plan import (
    DRAWS_AT_MOST,
    HLARecords,
    Settings,
    hla_pool,
    plan_loci,
)
from riskscore.studies.simulation.simulated import SimulatedPeople
from riskscore.studies.simulation.truth import TrueScore
from riskscore.studies.simulation.write import write_simulation

_Choice = TypeVar("_Choice", Build, HLARecords)


class Simulation(SimulatedPeople):
    """Simulated people and the truth about them, as a cohort or as files."""

    def cohort(self) -> Cohort:
        """The people as a cohort that ``rs.score`` takes, read without error and without a file."""
        return as_cohort(self)

    def write(self, folder: str | Path) -> Path:
        """Write VCF, exposures, outcome and truth into a new folder (those at the top of
        write.py).

        Raises OutputError when the folder holds something already; nothing partial is left.
        """
        return write_simulation(self, Path(folder))


def simulate(
    models: Models,
    n: int = 0,
    *,
    population: str = "EUR",
    seed: int = 0,
    out: str | Path | None = None,
    admixture: Mapping[str, float] | None = None,
    trios: bool = False,
    cases: int | None = None,
    controls: int | None = None,
    disease: str = "",
    prevalence: float | None = None,
    liability: bool = False,
    r2: float | None = None,
    hla: HLARecords | str = HLARecords.PRESENT_ALT,
    build: Build | str = Build.GRCh38,
) -> Simulation:
    """Simulate ``n`` people for one or several models; with ``out``, write them to a new folder.

    DRB1~DQA1~DQB1 haplotypes are drawn whole, alleles of the other HLA genes by their frequencies,
    from reference/hla/; tag SNPs follow them; other SNPs are drawn at the models' frequencies of
    ``population`` (AFR, AMR, EAS, EUR, SAS), independently of each other. ``admixture`` gives the
    shares of several populations: each haplotype's chromosome comes whole from one of them. With
    ``trios``, n counts families of father, mother and child.

    Disease follows the model (``liability``: a normal liability with a threshold in place of the
    logistic link) at the model's baseline risk or ``prevalence``. ``cases`` and ``controls``, in
    place of n, draw people until there are so many with and without the ``disease`` of a model
    (the first, unless it says which).

    ``r2`` is the imputation quality of the VCF, above 0 and at most 1, which gives GT:DS:HDS:GP;
    None gives true genotypes. ``hla`` is how HLA alleles stand in it: "A/T", "P/A" or "none". The
    same seed gives the same people. Raises UsageError, PopulationError or OutputError.

    >>> people = simulate("ms", 200, seed=7)
    >>> len(people), people.samples[0], sorted(people.outcome)
    (200, 'SIM000001', ['ms'])
    """
    loaded = as_models(models)
    settings = Settings(
        models=loaded,
        people=n,
        population=population,
        mixture=dict(admixture) if admixture is not None else {population: 1.0},
        seed=seed,
        build=_choice(Build, build, "build"),
        hla=_choice(HLARecords, hla, "layout of HLA records"),
        r2=r2,
        trios=trios,
        cases=cases,
        controls=controls,
        disease=disease or (loaded[0].id if cases is not None else ""),
        prevalence=prevalence,
        liability=liability,
    )
    if out is not None:
        from riskscore.files.outputs import require_new_folder

        require_new_folder(Path(out))
    simulation = _Simulator(settings, reference_panel()).run()
    if out is not None:
        simulation.write(out)
    return simulation


def _choice(kind: type[_Choice], value: str, what: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(kind)
        raise UsageError(f"no {what} {value!r}", fix=f"choose from: {names}") from None


class _Simulator:
    """Draws blocks of people until there are enough."""

    def __init__(self, settings: Settings, panel: ReferencePanel) -> None:
        self.settings = settings
        loci = plan_loci(settings, panel)
        self.plan = plan_exposures(settings.models)
        self.mediations = plan_mediations(settings.models, self.plan)
        self.drawer = Drawer(settings, hla_pool(panel, tuple(settings.mixture)), loci, panel)
        references = {m.id: build_reference(m, panel, settings.population) for m in settings.models}
        self.scores = {
            name: TrueScore(reference, self.drawer, panel) for name, reference in references.items()
        }
        self.diseases = {
            name: Disease(settings, reference, loci, self.plan, panel)
            for name, reference in references.items()
        }

    def run(self) -> Simulation:
        parts = list(self._wanted())
        joined_part = self._joined(parts)
        if self.settings.cases is not None:  # so that the order does not show who is a case
            order = stream(self.settings.seed, ORDER).permutation(len(joined_part.people))
            joined_part = joined_part.take(order)
        return joined_part

    def _wanted(self) -> Iterator[Simulation]:
        """Blocks, of which with case-control sampling only the people still wanted are kept."""
        settings = self.settings
        if settings.cases is None:
            size = BLOCK // 3 if settings.trios else BLOCK
            for number, start in enumerate(range(0, settings.people, size)):
                yield self._block(number, min(size, settings.people - start))
            return
        missing = {True: settings.cases, False: settings.controls or 0}
        rarest = min(self.diseases[settings.disease].prevalence.values())
        if missing[True] / rarest > DRAWS_AT_MOST:
            raise UsageError(
                f"{missing[True]} cases of a disease as rare as {rarest:g} need more than "
                f"{DRAWS_AT_MOST} draws",
                fix="ask for fewer cases or a higher prevalence",
            )
        number = 0
        while any(missing.values()):
            block = self._block(number, BLOCK)
            ill = block.outcome[settings.disease]
            kept = [np.flatnonzero(ill == state)[: missing[state]] for state in missing]
            missing = {s: missing[s] - len(k) for s, k in zip(missing, kept, strict=True)}
            yield block.take(np.sort(np.concatenate(kept)))
            number += 1

    def _block(self, number: int, size: int) -> Simulation:
        seed = self.settings.seed
        people = self.drawer.block(number, size)
        rng = stream(seed, EXPOSURES, number)
        exposures = draw_exposures(self.plan, people.female, rng, self.mediations)
        draws = stream(seed, DISEASE, number)
        log_odds, risk, outcome = {}, {}, {}
        for name, score in self.scores.items():
            log_odds[name] = score.log_odds(people, exposures)
            risk[name] = self.diseases[name].risk(log_odds[name], people.female)
            outcome[name] = draws.random(len(people)) < risk[name]
        people = _numbered(people, number)
        return Simulation(
            self.settings, self.drawer, self.diseases, people, exposures, log_odds, risk, outcome
        )

    def _joined(self, parts: list[Simulation]) -> Simulation:
        names = [model.id for model in self.settings.models]
        log_odds, risk, outcome = (
            {name: np.concatenate([getattr(part, what)[name] for part in parts]) for name in names}
            for what in ("log_odds", "risk", "outcome")
        )
        people = joined([part.people for part in parts])
        exposures = joined_exposures([part.exposures for part in parts])
        return replace(
            parts[0], people=people, exposures=exposures, log_odds=log_odds, risk=risk,
            outcome=outcome,
        )  # fmt: skip


def _numbered(people: People, block: int) -> People:
    """The people with families numbered across blocks."""
    in_family = people.family[:, 0] >= 0
    people.family[in_family, 0] += block * (BLOCK // 3)
    return people
