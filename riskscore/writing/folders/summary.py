"""What other programs read of results: the table for MultiQC; of a batch summary.json, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskscore.scoring.scores.tally import Tally
from riskscore.writing.folders.shards import Whole
from riskscore.writing.provenance import NOTICE, software

MULTIQC = "riskscore_mqc.json"


def summary(wholes: Sequence[Whole], models: Sequence[str], failed: int) -> dict[str, Any]:
    """People, scores and coverage of each sample set and of all; counts, never a sample."""
    sets = {whole.sample_set: _of_set(whole) for whole in wholes}
    totals = {
        model: {
            key: sum(told["models"][model][key] for told in sets.values())
            for key in ("scored", "not_scored")
        }
        for model in models
    }
    return {
        "notice": NOTICE,
        "sample_sets": len(wholes),
        "sample_sets_failed": failed,
        "people": sum(whole.people for whole in wholes),
        "samples_in_several_sets": _repeated(wholes),
        "models": totals,
        "by_sample_set": sets,
    }


def _repeated(wholes: Sequence[Whole]) -> int:
    """How many sample names more than one sample set has: the same people, or names too short."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for whole in wholes:
        own = {s for shard in whole.shards for s in shard.scores(0)["sample"].to_pylist()}
        repeated |= own & seen
        seen |= own
    return len(repeated)


def _of_set(whole: Whole) -> dict[str, Any]:
    return {
        "people": whole.people,
        "build": whole.shards[0].told["cohort"]["build"],
        "warnings": whole.shards[0].told["cohort"]["warnings"],
        "models": {tally.model: _of_model(tally) for tally in whole.tallies()},
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

    A row a sample set, from its tallies, one a model; never a row of one person.
    """
    data: dict[str, dict[str, Any]] = {}
    for name, tallies in sample_sets.items():
        row: dict[str, Any] = {"people": tallies[0].count}
        for tally in tallies:
            told = _of_model(tally)
            row |= {f"{tally.model}_{key}": told[key] for key in ("not_scored", "coverage_mean")}
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
    """Software versions in the form that workflow managers gather."""
    lines = [f"  {name}: {number}" for name, number in software().items()]
    return "\n".join(["riskscore:", *lines]) + "\n"
