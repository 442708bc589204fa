"""Results for other programs: the table for MultiQC, and summary.json and versions of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskscore.scoring.scores.tally import Tally
from riskscore.writing.folders.shards import ShardedCohort
from riskscore.writing.provenance import NOTICE, software

MULTIQC = "riskscore_mqc.json"


def summary(cohorts: Sequence[ShardedCohort], models: Sequence[str], failed: int) -> dict[str, Any]:
    """People, scores and coverage of each sample set and of all; counts, never a sample."""
    sets = {cohort.sample_set: _of_set(cohort) for cohort in cohorts}
    totals = {
        model: {
            key: sum(one["models"][model][key] for one in sets.values())
            for key in ("scored", "not_scored")
        }
        for model in models
    }
    return {
        "notice": NOTICE,
        "sample_sets": len(cohorts),
        "sample_sets_failed": failed,
        "people": sum(cohort.people for cohort in cohorts),
        "samples_in_several_sets": _repeated(cohorts),
        "models": totals,
        "by_sample_set": sets,
    }


def _repeated(cohorts: Sequence[ShardedCohort]) -> int:
    """The number of sample names that occur in more than one sample set."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for cohort in cohorts:
        own = {s for shard in cohort.shards for s in shard.scores(0)["sample"].to_pylist()}
        repeated |= own & seen
        seen |= own
    return len(repeated)


def _of_set(cohort: ShardedCohort) -> dict[str, Any]:
    return {
        "people": cohort.people,
        "build": cohort.shards[0].provenance["cohort"]["build"],
        "warnings": cohort.shards[0].provenance["cohort"]["warnings"],
        "models": {tally.model: _of_model(tally) for tally in cohort.tallies()},
    }


def _of_model(tally: Tally) -> dict[str, Any]:
    covered = tally.covered["all"]
    return {
        "scored": tally.count - tally.unscored,
        "not_scored": tally.unscored,
        "coverage_mean": round(covered.mean, 6) if covered.people else None,
        "coverage_minimum": None if covered.minimum is None else round(covered.minimum, 6),
    }


def multiqc(sample_sets: Mapping[str, Sequence[Tally]], models: Sequence[str]) -> dict[str, Any]:
    """A table that MultiQC shows as it is: it reads every file that ends in _mqc.json.

    It has a row for each sample set, made from its tallies (one for each model), and none of
    single people.
    """
    data: dict[str, dict[str, Any]] = {}
    for name, tallies in sample_sets.items():
        row: dict[str, Any] = {"people": tallies[0].count}
        for tally in tallies:
            counts = _of_model(tally)
            row |= {f"{tally.model}_{key}": counts[key] for key in ("not_scored", "coverage_mean")}
        data[name] = row
    headers: dict[str, dict[str, Any]] = {"people": {"title": "People", "format": "{:,.0f}"}}
    for model in models:
        headers[f"{model}_not_scored"] = {"title": f"{model}: not scored", "format": "{:,.0f}"}
        headers[f"{model}_coverage_mean"] = {
            "title": f"{model}: coverage",
            "description": "mean share of the expected score variance that was observed",
            "min": 0,
            "max": 1,
            "format": "{:.3f}",
        }
    return {
        "id": "riskscore",
        "section_name": "riskscore",
        "description": f"Genetic risk scores of autoimmune disease: {NOTICE}.",
        "plot_type": "table",
        "pconfig": {"id": "riskscore_table", "title": "riskscore: sample sets"},
        "headers": headers,
        "data": data,
    }


def versions() -> str:
    """Software versions as YAML, in the form that nf-core workflows collect."""
    lines = [f"  {name}: {number}" for name, number in software().items()]
    return "\n".join(["riskscore:", *lines]) + "\n"
