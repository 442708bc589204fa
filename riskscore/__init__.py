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
    from riskscore.batches.run import batch
    from riskscore.errors import RiskscoreError
    from riskscore.genetics.build import Build
    from riskscore.genetics.hla import HLAAllele
    from riskscore.genetics.missing import Missing
    from riskscore.genetics.variant import Variant
    from riskscore.models.catalog import list_models, load_model
    from riskscore.models.model import RiskModel
    from riskscore.models.terms import Term
    from riskscore.run import ancestry, score
    from riskscore.samples.cohort import Cohort
    from riskscore.samples.files.reading import Reading
    from riskscore.samples.frame import read_frame
    from riskscore.samples.hla.table import read_hla
    from riskscore.samples.person import person
    from riskscore.samples.question import Question
    from riskscore.samples.read import read_cohort
    from riskscore.scoring.score import Scores
    from riskscore.studies.association.fit import fit
    from riskscore.studies.association.model_files import write_model
    from riskscore.studies.association.new_model import model_of, recalibrate
    from riskscore.studies.association.penalised import penalised, stacked
    from riskscore.studies.charts.theme import save_chart
    from riskscore.studies.estimator import RiskScorer
    from riskscore.studies.evaluation.evaluate import evaluate
    from riskscore.studies.evaluation.groups import compare_groups
    from riskscore.studies.interaction.interaction import interaction
    from riskscore.studies.simulation.simulate import simulate
    from riskscore.writing.explorer.write import write_explorer
    from riskscore.writing.folders.bundle import write_bundle
    from riskscore.writing.report.write import write_report

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

__all__ = [
    "Build",
    "Cohort",
    "HLAAllele",
    "Missing",
    "Question",
    "Reading",
    "RiskModel",
    "RiskScorer",
    "RiskscoreError",
    "Scores",
    "Term",
    "Variant",
    "ancestry",
    "batch",
    "compare_groups",
    "evaluate",
    "fit",
    "interaction",
    "list_models",
    "load_model",
    "model_of",
    "penalised",
    "person",
    "read_cohort",
    "read_frame",
    "read_hla",
    "recalibrate",
    "save_chart",
    "score",
    "simulate",
    "stacked",
    "write_bundle",
    "write_explorer",
    "write_model",
    "write_report",
]


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
