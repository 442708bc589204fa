"""A simulation as a folder: VCF, exposures, outcome, and the truth beside them.

| file | content |
|---|---|
| cohort.vcf.gz | SNPs and HLA records: true genotypes, or GT:DS:HDS:GP with imputation noise |
| truth.vcf.gz | the true genotypes, where the cohort's are noisy |
| exposures.tsv | sample, sex, exposures |
| outcome.tsv | sample, and 1 or 0 a model |
| truth.tsv | ancestry, HLA haplotypes, and by model log odds and risk |
| variants.tsv | each record: frequency as drawn at and as came out, r2 of its dosages |
| pedigree.fam | families, in PLINK's layout; with trios only |
| simulation.json | what was asked for, with models and versions |
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from riskscore.distribution import version_of
from riskscore.files.outputs import new_folder
from riskscore.samples.files.vcf_write import DOSAGE_FORMATS, GT_FORMAT, VCFWriter
from riskscore.studies.simulation.records import SimulatedRecord, simulated_records
from riskscore.studies.simulation.simulated import SimulatedPeople

NOTICE = "simulated people, none of them real; illustrative, not diagnostic"
_INFOS = (
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT in this file">',
    '##INFO=<ID=MAF,Number=1,Type=Float,Description="Frequency of the rarer allele">',
    '##INFO=<ID=R2,Number=1,Type=Float,Description="Estimated imputation quality">',
    '##INFO=<ID=IMPUTED,Number=0,Type=Flag,Description="Imputed: here, made noisy on purpose">',
)
_VARIANT_COLUMNS = (
    "id chromosome position ref alt kind frequency_drawn_at frequency imputation_r2".split()
)


def write_simulation(simulation: SimulatedPeople, folder: Path) -> Path:
    """Write every file of a simulation into a new folder, complete or not at all."""
    with new_folder(folder) as staging:
        _write_vcfs(simulation, staging)
        texts = {
            "exposures.tsv": _exposures(simulation),
            "outcome.tsv": _outcome(simulation),
            "truth.tsv": _truth(simulation),
            "simulation.json": json.dumps(_description(simulation), indent=2) + "\n",
        }
        if simulation.settings.trios:
            texts["pedigree.fam"] = _pedigree(simulation)
        for name, text in texts.items():
            (staging / name).write_text(text, encoding="utf-8")
    return folder


def _write_vcfs(simulation: SimulatedPeople, folder: Path) -> None:
    """The cohort's file, the truth's where it is another, and the table of variants."""
    settings = simulation.settings
    noisy = settings.r2 is not None
    chromosomes = simulation.drawer.chromosomes
    head = [
        f"##source=riskscore simulate {version_of('riskscore')}: {NOTICE}",
        "##note=REF is the reference base where the models know it, else their other allele; "
        "positions of HLA records are markers",
        *_INFOS,
    ]

    def opened(name: str, formats: tuple[str, ...]) -> VCFWriter:
        return VCFWriter(
            folder / name,
            simulation.samples,
            build=settings.build,
            chromosomes=chromosomes,
            header=[*head, *formats],
        )

    rows = ["\t".join(_VARIANT_COLUMNS)]
    with opened("truth.vcf.gz" if noisy else "cohort.vcf.gz", (GT_FORMAT,)) as true:
        if not noisy:
            for record in simulated_records(simulation.people, simulation.drawer):
                true.write(record.as_true())
                rows.append(_variant_row(record))
        else:
            with opened("cohort.vcf.gz", DOSAGE_FORMATS) as imputed:
                for record in simulated_records(simulation.people, simulation.drawer):
                    true.write(record.as_true())
                    imputed.write(record.as_imputed())
                    rows.append(_variant_row(record))
    (folder / "variants.tsv").write_text("\n".join([*rows, ""]), encoding="utf-8")


def _variant_row(record: SimulatedRecord) -> str:
    place = (record.id, record.chromosome, record.position, record.ref, record.alt, record.kind)
    numbers = (record.expected, record.frequency, record.r2)
    return "\t".join([*map(str, place), *("" if math.isnan(x) else f"{x:.6f}" for x in numbers)])


def _tsv(columns: dict[str, list[str]]) -> str:
    """Columns of text as TSV."""
    lines = ["\t".join(columns)]
    lines += map("\t".join, zip(*columns.values(), strict=True))
    return "\n".join([*lines, ""])


def _exposures(simulation: SimulatedPeople) -> str:
    columns = {
        "sample": list(simulation.samples),
        "sex": [str(sex) for sex in simulation.sex],
    }
    for exposure in simulation.exposures.exposures:
        columns[exposure.id] = simulation.exposures.cells(exposure)
    return _tsv(columns)


def _outcome(simulation: SimulatedPeople) -> str:
    columns = {"sample": list(simulation.samples)}
    for name, ill in simulation.outcome.items():
        columns[name] = ["1" if state else "0" for state in ill.tolist()]
    return _tsv(columns)


def _truth(simulation: SimulatedPeople) -> str:
    """Ancestry shares, both HLA haplotypes (``DRB1_1`` and ``DQA1_1`` lie on one), scores."""
    people, pool = simulation.people, simulation.drawer.pool
    columns = {
        "sample": list(simulation.samples),
        "sex": [str(sex) for sex in simulation.sex],
    }
    for i, name in enumerate(simulation.drawer.populations):
        columns[f"ancestry_{name}"] = [f"{share:.4f}" for share in people.ancestry[:, i].tolist()]
    for gene, alleles in pool.alleles.items():
        names = [str(allele) for allele in alleles]
        for side in (0, 1):
            places = people.hla[gene][:, side].tolist()
            columns[f"{gene}_{side + 1}"] = [names[place] for place in places]
    for name, values in simulation.log_odds.items():
        columns[f"log_odds_{name}"] = list(map(repr, values.tolist()))
        columns[f"risk_{name}"] = list(map(repr, simulation.risk[name].tolist()))
    return _tsv(columns)


def _pedigree(simulation: SimulatedPeople) -> str:
    """PLINK's .fam: family, sample, father, mother, sex (1 male, 2 female), phenotype (2 ill).

    The phenotype is the first model's disease.
    """
    samples = simulation.samples
    ill = next(iter(simulation.outcome.values())).tolist()
    lines = []
    for row, (family, role) in enumerate(simulation.people.family.tolist()):
        parents = (samples[row - 2], samples[row - 1]) if role == 2 else ("0", "0")
        sex = "2" if simulation.people.female[row] else "1"
        lines.append(
            "\t".join([f"FAM{family + 1}", samples[row], *parents, sex, f"{1 + ill[row]}"])
        )
    return "\n".join([*lines, ""])


def _description(simulation: SimulatedPeople) -> dict[str, Any]:
    """The settings and a summary of the result, without times or paths."""
    settings = simulation.settings
    return {
        "schema": "riskscore-simulation-1",
        "notice": NOTICE,
        "software": {name: version_of(name) for name in ("riskscore", "numpy", "scipy")}
        | {"python": platform.python_version()},
        "people": len(simulation),
        "population": settings.population,
        "mixture": dict(settings.mixture),
        "seed": settings.seed,
        "build": str(settings.build),
        "hla_records": str(settings.hla),
        "imputation_r2": settings.r2,
        "trios": settings.trios,
        "sampling": "population"
        if settings.cases is None
        else {"disease": settings.disease, "cases": settings.cases, "controls": settings.controls},
        "disease_model": "liability" if settings.liability else "logistic",
        "models": list(_models(simulation)),
        "independence": "SNPs are independent of each other and of HLA, whose haplotypes are those "
        "of the panel; exposures are independent of genotype, and of each other but where one "
        "carries part of another's effect",
    }


def _models(simulation: SimulatedPeople) -> Iterator[dict[str, Any]]:
    for model in simulation.settings.models:
        disease = simulation.diseases[model.id]
        yield {
            "id": model.id,
            "version": model.version,
            "sha256": model.checksum,
            "prevalence": {str(sex): value for sex, value in disease.prevalence.items()},
            "intercept": {str(sex): value for sex, value in disease.intercepts.items()},
            "ill": int(simulation.outcome[model.id].sum()),
        }
