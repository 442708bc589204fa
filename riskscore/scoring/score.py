"""Scores: the centred sum of a model's terms, what it means as a risk, and how sure it is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array, listed
from riskscore.errors import UsageError
from riskscore.models.reference.panel import ReferencePanel
from riskscore.plotting import Plots
from riskscore.samples.cohort import Cohort
from riskscore.scoring.account.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_report,
    tally_scores,
)
from riskscore.scoring.account.ledger import (
    LEDGER_COLUMNS,
    UNCERTAINTY_COLUMNS,
    ledger,
    uncertainty_rows,
)
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.centre import centred_on
from riskscore.scoring.scores.columns import columns_of
from riskscore.scoring.scores.people_scores import Halves, score_people
from riskscore.scoring.scores.scored import ModelScores, ScoredCohort

if TYPE_CHECKING:
    import pandas

    from riskscore.scoring.ancestry.shares import Placement

CHUNK = 2048  # samples worked on at a time; results do not depend on it
# What a notebook shows of scores.
_MODELS_SHOWN, _PEOPLE_SHOWN = 20, 5
_NUMBERS_SHOWN = (
    "log_odds", "odds_ratio", "probability", "probability_low", "probability_high", "percentile",
    "coverage",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Scores(ScoredCohort):
    """The scores of a cohort, a table a model, and the cohort they were computed from.

    >>> import riskscore as rs
    >>> one = rs.person("ms", hla={"A": "02:01 01:01"})
    >>> scores = rs.score(one)
    >>> len(scores.to_frame()), scores.of("ms").unscored
    (1, 0)
    """

    placement: Placement | None = None  # of percentiles by ancestry, where anybody's is known
    plot = Plots()  # scores.plot.waterfall(sample), an Altair chart

    def __repr__(self) -> str:
        cohort = self.cohort
        lines = [
            f"Scores of {len(cohort.samples):,} people "
            f"({cohort.build}, reference population {cohort.population})"
        ]
        for table in self.tables[:_MODELS_SHOWN]:
            coverage = table.numbers["coverage"]
            mean = f"{np.nanmean(coverage):.0%}" if np.isfinite(coverage).any() else "none"
            scored = len(cohort.samples) - table.unscored
            lines.append(
                f"  {table.model.id} {table.model.version}: {scored:,} scored, mean coverage {mean}"
            )
        if len(self.tables) > _MODELS_SHOWN:
            lines.append(f"  and {len(self.tables) - _MODELS_SHOWN} models more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The first people of each model as a table, for notebooks."""
        import pandas as pd

        people = slice(_PEOPLE_SHOWN)
        shown = [
            pd.DataFrame(
                {"sample": self.cohort.samples[people], "model": table.model.id}
                | {name: table.numbers[name][people] for name in _NUMBERS_SHOWN}
            )
            for table in self.tables[:_MODELS_SHOWN]
        ]
        told = html.escape(repr(self)).replace("\n", "<br>")
        written = pd.concat(shown).to_html(index=False, float_format="{:.4g}".format, border=0)
        return f"<p>{told}</p>{written}"

    def of(self, model: str) -> ModelScores:
        """The scores of one model, by its id; raises UsageError where it was not scored."""
        for table in self.tables:
            if table.model.id == model:
                return table
        raise UsageError(f"model {model!r} was not scored")

    def beside(self, model: str) -> ModelScores | None:
        """The same people by the model that is set beside ``model``; None where there is none.

        A family history is left out, as is a horizon that it does not have.

        >>> import riskscore as rs
        >>> one = rs.person("ra", hla={"DRB1": "04:01 15:01"}, sex="female")
        >>> other = rs.score(one).beside("ra")
        >>> other.model.id, round(float(other.numbers["published_score"][0]), 3)
        ('ra-dumontcel', 0.88)
        """
        own = self.of(model).model.beside
        if own is None:
            return None
        question = replace(self.cohort.question, family=None)
        if question.horizon not in own.model.horizons:
            question = replace(question, horizon=None)
        cohort = replace(self.cohort, models=(own.model,), question=question)
        return score_cohort(cohort, self.panel).tables[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table: those of COLUMNS, and ``z_adjusted`` where that was asked."""
        return columns_of(by_ancestry=_by_ancestry(self.cohort))

    def blocks(self) -> Iterator[dict[str, Sequence[str] | Array]]:
        """The table by columns, in their order, some thousand samples at a time."""
        names = self.columns[3:-1]
        for table in self.tables:
            for start in range(0, len(self.cohort.samples), CHUNK):
                part = slice(start, start + CHUNK)
                samples = self.cohort.samples[part]
                yield {
                    "sample": samples,
                    "model": [table.model.id] * len(samples),
                    "model_version": [table.model.version] * len(samples),
                    **{name: table.numbers[name][part] for name in names},
                    "flags": table.flags[part],
                }

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a sample and model, in the order of COLUMNS; nan where there is none."""
        return [
            dict(zip(block, row, strict=True))
            for block in self.blocks()
            for row in zip(*(listed(values) for values in block.values()), strict=True)
        ]

    def to_frame(self) -> pandas.DataFrame:
        """A pandas frame, one row a sample and model; its columns are those of ``columns``.

        >>> import riskscore as rs
        >>> one = rs.person("ms-2013", hla={"DRB1": "15:01 03:01"})
        >>> frame = rs.score(one).to_frame()
        >>> frame[["sample", "model"]].values.tolist()
        [['person', 'ms-2013']]
        """
        import pandas as pd

        blocks = [pd.DataFrame(block) for block in self.blocks()]
        if not blocks:
            return pd.DataFrame(columns=list(self.columns))
        return pd.concat(blocks, ignore_index=True)

    def explain(self, sample: str, model: str | None = None) -> pandas.DataFrame:
        """The ledger of one sample as a frame: each term's contribution; they sum to log_odds.

        ``model`` may be left out when only one was scored. Raises UsageError for an unknown sample.

        >>> import riskscore as rs
        >>> one = rs.person("ms-2013", hla={"DRB1": "15:01 03:01"})
        >>> scores = rs.score(one)
        >>> total = scores.explain("person")["contribution"].sum()
        >>> bool(abs(total - scores.to_frame().loc[0, "log_odds"]) < 1e-9)
        True
        """
        import pandas as pd

        entries = ledger(self.cohort, self._only(model).reference, sample)
        return pd.DataFrame(map(asdict, entries), columns=list(LEDGER_COLUMNS))

    def risk_by_age(self, sample: str, model: str | None = None) -> pandas.DataFrame:
        """One sample's risk from the first age of the model's horizon to each age, as a frame.

        Columns are ``age``, ``risk`` and ``average_risk`` (of the same sex), death from other
        causes counted. Raises UsageError for an unknown sample, or a model without a table of
        incidence by age.

        >>> import riskscore as rs
        >>> one = rs.person("ms", hla={"DRB1": "15:01 15:01"}, sex="female")
        >>> last = rs.score(one).risk_by_age("person").iloc[-1]
        >>> bool(last["risk"] > 2 * last["average_risk"])
        True
        """
        import pandas as pd

        from riskscore.scoring.risk.curve import AGE_CURVE_COLUMNS, age_curve

        rows = age_curve(self.cohort, self._only(model).reference, sample)
        return pd.DataFrame(rows, columns=list(AGE_CURVE_COLUMNS))

    def matches(self) -> pandas.DataFrame:
        """How each variant, HLA gene and exposure was found, as a frame: a row a model and thing.

        ``code`` says how it was matched or why not, ``record`` where, ``observed`` the mean share
        over people of its terms' variance that was seen (0 to 1), ``variance_share`` what its terms
        carry of the score's expected variance, and ``lost_share`` the part of that which was not
        seen; ``advice`` what would help.

        >>> import riskscore as rs
        >>> one = rs.person("ms", hla={"DRB1": "15:01 03:01"})
        >>> found = rs.score(one).matches().set_index("name")
        >>> found.loc["HLA-DRB1", "code"], found.loc["HLA-A", "code"]
        ('found', 'absent')
        """
        import pandas as pd

        return pd.DataFrame(map(asdict, match_report(self)), columns=list(MATCH_COLUMNS))

    def coverage(self) -> pandas.DataFrame:
        """Coverage as a frame: a row a model and component, and ``all`` for the whole model.

        ``variance_share`` is what the component carries of the score's expected variance;
        ``coverage_mean`` and ``coverage_minimum`` are over people, of the share of that variance
        which was observed (0 to 1).

        >>> import riskscore as rs
        >>> one = rs.person("ms", hla={"DRB1": "15:01 03:01"})
        >>> found = rs.score(one).coverage().set_index("component")
        >>> bool(0 < found.loc["all", "coverage_mean"] < 1)
        True
        """
        import pandas as pd

        return pd.DataFrame(coverage_table(tally_scores(self)), columns=list(COVERAGE_COLUMNS))

    def uncertainty(self, sample: str, model: str | None = None) -> pandas.DataFrame:
        """What makes one sample's score unsure, as a frame: a row a source, then the total.

        The variance is of the log odds; the shares of the sources sum to 1. Raises UsageError for
        an unknown sample.

        >>> import riskscore as rs
        >>> one = rs.person("ms-2013", hla={"DRB1": "15:01 03:01"})
        >>> found = rs.score(one).uncertainty("person")
        >>> round(float(found["share"].iloc[:-1].sum()), 6)
        1.0
        """
        import pandas as pd

        rows = uncertainty_rows(self, self._only(model), sample)
        return pd.DataFrame(rows, columns=list(UNCERTAINTY_COLUMNS))

    def _only(self, model: str | None) -> ModelScores:
        if model is None and len(self.tables) > 1:
            raise UsageError("several models were scored; say which one to explain")
        return self.of(model) if model else self.tables[0]


def _by_ancestry(cohort: Cohort) -> bool:
    """Whether percentiles are by ancestry: where it was asked, though no SNP may tell it."""
    return cohort.question.by_ancestry or cohort.projection is not None


def score_cohort(
    cohort: Cohort,
    panel: ReferencePanel,
    *,
    chunk: int = CHUNK,
    halves: Halves | None = None,
) -> Scores:
    """Score every sample of a cohort with each of its models.

    The baseline risk is the one the cohort's question asks for. ``halves`` does the halves of many
    people, in two processes if it likes.
    Raises UsageError when a model lacks the horizon.
    """
    question, tables = cohort.question, []
    for model in cohort.models:
        ground = centred_on(model, cohort)
        reference = replace(
            build_reference(
                ground.model, panel, cohort.population, question.prevalence_by_sex, question.horizon
            ),
            basis=ground.basis,
            unknown=ground.unknown,
        )
        table = score_people(cohort, reference, chunk, halves)
        if model.plain is not None:
            from riskscore.scoring.scores.genome_wide import with_plain

            table = with_plain(table, model.plain, cohort.plain[model.id], cohort.population)
        tables.append(table)
    if not _by_ancestry(cohort):
        return Scores(cohort, panel, tuple(tables))
    from riskscore.scoring.scores.adjusted import by_ancestry, placement_of

    placement = placement_of(cohort)
    return Scores(
        cohort, panel, tuple(by_ancestry(cohort, tables, panel, placement, chunk)), placement
    )
