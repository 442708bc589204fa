"""riskscore: genetic risk scores of autoimmune disease, from VCF, HLA and exposures.

Illustrative, not diagnostic.

>>> import riskscore as rs
>>> rs.load_model("t1d").edition
'luckett25'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from riskscore.studies.charts.attached import attach_charts

if TYPE_CHECKING:
    from riskscore.batches.run import batch as batch
    from riskscore.errors import RiskscoreError as RiskscoreError
    from riskscore.genetics.build import Build as Build
    from riskscore.genetics.hla import HLAAllele as HLAAllele
    from riskscore.genetics.missing import Missing as Missing
    from riskscore.genetics.variant import Variant as Variant
    from riskscore.models.catalog import list_models as list_models
    from riskscore.models.catalog import load_model as load_model
    from riskscore.models.model import RiskModel as RiskModel
    from riskscore.models.terms import Term as Term
    from riskscore.run import ancestry as ancestry
    from riskscore.run import score as score
    from riskscore.samples.cohort import Cohort as Cohort
    from riskscore.samples.files.reading import Reading as Reading
    from riskscore.samples.frame import read_frame as read_frame
    from riskscore.samples.hla.table import read_hla as read_hla
    from riskscore.samples.person import person as person
    from riskscore.samples.question import Question as Question
    from riskscore.samples.read import read_cohort as read_cohort
    from riskscore.scoring.score import Scores as Scores
    from riskscore.studies.association.fit import fit as fit
    from riskscore.studies.association.model_files import write_model as write_model
    from riskscore.studies.association.new_model import (
        model_of as model_of,
    )
    from riskscore.studies.association.new_model import (
        recalibrate as recalibrate,
    )
    from riskscore.studies.association.penalised import penalised as penalised
    from riskscore.studies.association.penalised import stacked as stacked
    from riskscore.studies.charts.theme import save_chart as save_chart
    from riskscore.studies.estimator import RiskScorer as RiskScorer
    from riskscore.studies.evaluation.evaluate import evaluate as evaluate
    from riskscore.studies.evaluation.groups import compare_groups as compare_groups
    from riskscore.studies.interaction.interaction import interaction as interaction
    from riskscore.studies.simulation.simulate import simulate as simulate
    from riskscore.writing.explorer.write import write_explorer as write_explorer
    from riskscore.writing.folders.bundle import write_bundle as write_bundle
    from riskscore.writing.report.write import write_report as write_report

# Where each public name lives; it is imported when it is first asked for.
_HOMES = {
    "Build": "genetics.build",
    "Cohort": "samples.cohort",
    "HLAAllele": "genetics.hla",
    "Missing": "genetics.missing",
    "Question": "samples.question",
    "Reading": "samples.files.reading",
    "RiskModel": "models.model",
    "RiskScorer": "studies.estimator",
    "RiskscoreError": "errors",
    "Scores": "scoring.score",
    "Term": "models.terms",
    "Variant": "genetics.variant",
    "ancestry": "run",
    "batch": "batches.run",
    "compare_groups": "studies.evaluation.groups",
    "evaluate": "studies.evaluation.evaluate",
    "fit": "studies.association.fit",
    "interaction": "studies.interaction.interaction",
    "list_models": "models.catalog",
    "load_model": "models.catalog",
    "model_of": "studies.association.new_model",
    "penalised": "studies.association.penalised",
    "person": "samples.person",
    "read_cohort": "samples.read",
    "read_frame": "samples.frame",
    "read_hla": "samples.hla.table",
    "recalibrate": "studies.association.new_model",
    "save_chart": "studies.charts.theme",
    "score": "run",
    "simulate": "studies.simulation.simulate",
    "stacked": "studies.association.penalised",
    "write_bundle": "writing.folders.bundle",
    "write_explorer": "writing.explorer.write",
    "write_model": "studies.association.model_files",
    "write_report": "writing.report.write",
}

__all__ = list(_HOMES)


attach_charts()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from riskscore.distribution import version_of

        return version_of("riskscore")
    if name not in _HOMES:
        raise AttributeError(f"module 'riskscore' has no attribute {name!r}")
    return getattr(import_module(f"riskscore.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
