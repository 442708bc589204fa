"""The true score of simulated people, counted on their haplotypes and not read from a file.

Nothing here reads a dosage or a call: copies are counted on the haplotypes that were drawn, so the
result is a check on the path through the VCF, not a copy of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import (
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    Term,
    VariantFactor,
)
from riskscore.scoring.kinds.counting import carries
from riskscore.scoring.kinds.scheme import OTHER, haplotype_values, paired_names
from riskscore.scoring.population.reference import Reference
from riskscore.studies.simulation.exposures import DrawnExposures
from riskscore.studies.simulation.people import COPIES, Drawer, People
from riskscore.studies.simulation.plan import locus_key


class TrueScore:
    """One model's linear predictor on what was drawn."""

    def __init__(self, reference: Reference, drawer: Drawer, panel: ReferencePanel) -> None:
        self.reference, self.drawer, self.panel = reference, drawer, panel
        self.model: RiskModel = reference.model
        self.build = drawer.settings.build
        self.rows = {
            locus_key(locus.variant, self.build): row for row, locus in enumerate(drawer.loci)
        }
        self.pairs = paired_names(self.model)
        # Whether each allele of the pool is counted. One that the tables cannot judge is not, as
        # in the model's reference population; scoring a file calls it low resolution.
        self.counted = {
            factor: np.array(
                [bool(carries(factor, a, panel)) for a in drawer.pool.alleles[factor.gene]],
                dtype=np.int64,
            )
            for factor in self.model.factors
            if not isinstance(
                factor, VariantFactor | ExposureFactor | HaplotypeFactor | DiplotypeFactor
            )
        }

    def log_odds(self, people: People, exposures: DrawnExposures) -> Array:
        """sum_j w_j (x_ij - mu_j) over the terms that count in each person's sex, shape (people,).

        ``mu`` is the mean in the model's reference population, so that these are the numbers that
        scoring the people without error gives.
        """
        total = np.zeros(len(people))
        female = {sex: people.female == (sex is Sex.FEMALE) for sex in Sex}
        for j, term in enumerate(self.model.terms):
            who = np.zeros(len(people), dtype=bool)
            for sex, mask in female.items():
                known = term.only_known and self.model.applies(term, sex)  # as all that is drawn
                if known or self.reference.by_sex[sex].counted[j]:
                    who |= mask
            if who.any():
                centred = self.number(term, people, exposures) - self.reference.mean[j]
                total += np.where(who, term.weight * centred, 0.0)
        return total

    def number(self, term: Term, people: People, exposures: DrawnExposures) -> Array:
        """The product of a term's factors, shape (people,)."""
        number = np.ones(len(people))
        for factor in term.factors:
            number = number * self._factor(factor, people, exposures)
        return number

    def _factor(self, factor: Factor, people: People, exposures: DrawnExposures) -> Array:
        match factor:
            case VariantFactor():
                values = np.array(factor.coding.values, dtype=np.float64)
                return np.asarray(values[self._copies(factor, people)])
            case ExposureFactor():
                exposure = self.model.exposure(factor.exposure)
                if exposure.is_dose:
                    # A dose that does not concern the person belongs to a term that is not counted.
                    return np.nan_to_num(exposures.doses[exposure.id]) / exposure.per
                return exposures.at_level(exposure, factor.level).astype(float)
            case HaplotypeFactor() | DiplotypeFactor():
                assert self.model.scheme is not None
                classes = self.drawer.classes(self.model.scheme, people.hla)
                names = (*self.model.scheme.names, OTHER)
                return haplotype_values(factor, names, classes[:, 0], classes[:, 1], self.pairs)
        carried = self.counted[factor][people.hla[factor.gene]].sum(axis=1)
        return np.asarray(np.array(factor.coding.values)[carried], dtype=np.float64)

    def _copies(self, factor: VariantFactor, people: People) -> NDArray[np.uint8]:
        row = self.rows[locus_key(factor.variant, self.build)]
        copies = COPIES[people.codes[row]]
        same = self.drawer.loci[row].variant.effect_allele == factor.variant.effect_allele
        return np.asarray(copies if same else 2 - copies, dtype=np.uint8)
