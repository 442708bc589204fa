"""The chart of ancestry: people among the reference people, by their first two components."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskscore.arrays import Array
from riskscore.distribution import extra
from riskscore.errors import UsageError
from riskscore.genetics.superpopulations import superpopulation_words
from riskscore.samples.ancestry.table import ComponentTable, component_table
from riskscore.scoring.ancestry.ancestry import Ancestry
from riskscore.studies.charts.theme import HEIGHT, Chart, finish, people

with extra("report"):
    import altair as alt

_EVERY = 3  # one in so many reference people is drawn
# Five of Paul Tol's muted colours, which all kinds of colour vision tell apart.
COLOURS = ("#332288", "#DDCC77", "#117733", "#88CCEE", "#882255")
OPACITY = 0.75


class AncestryPlots:
    """``ancestry.plot``: each method returns an Altair chart."""

    def __init__(self, found: Ancestry) -> None:
        self._found = found

    def components(self) -> Chart:
        """The first two components of everybody projected, the reference people behind them.

        Raises UsageError where nobody could be projected.
        """
        projection, table = self._found.projection, component_table()
        if not projection.done.any():
            raise UsageError("nobody's components are known: the file has too few of the SNPs")
        chart = components_chart(projection.components[projection.done], table).properties(
            width=HEIGHT, height=HEIGHT
        )
        loci = int(np.median(self._found.loci[projection.done]))
        lines = [
            people(int(projection.done.sum())) + " (black), among those of 1000 Genomes",
            f"{loci:,} of {len(table.mean):,} SNPs; a description of genotypes, not of a person",
        ]
        return finish(chart, "Where these people are among the reference people", lines)


def components_chart(components: Array, table: ComponentTable) -> alt.LayerChart | alt.FacetChart:
    """People (rows of components) in black, in front of every third reference person by colour."""
    names = [superpopulation_words(name) for name in table.populations]
    behind = pd.DataFrame(
        {
            "PC1": np.round(table.components[::_EVERY, 0], 4),
            "PC2": np.round(table.components[::_EVERY, 1], 4),
            "reference": [names[k] for k in table.superpopulation[::_EVERY].tolist()],
        }
    )
    front = pd.DataFrame({"PC1": components[:, 0], "PC2": components[:, 1]})
    x, y = alt.X("PC1:Q", title="PC1").axis(tickCount=4), alt.Y("PC2:Q", title="PC2")
    colour = alt.Color(
        "reference:N", title=None, sort=names,
        scale=alt.Scale(domain=names, range=list(COLOURS)),
        legend=alt.Legend(orient="top", columns=3),
    )  # fmt: skip
    return alt.layer(
        alt.Chart(behind).mark_circle(size=14, opacity=OPACITY).encode(x=x, y=y, color=colour),
        alt.Chart(front)
        .mark_point(size=90, filled=True, color="black", stroke="white", opacity=1)
        .encode(x=x, y=y, tooltip=["PC1", "PC2"]),
    )
