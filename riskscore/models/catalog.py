"""Find models: shipped ones by id, others by the path of a folder or scoring file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from riskscore.errors import ModelNotFoundError, UsageError
from riskscore.files.inputs import reference_root
from riskscore.models.folders.folder import read_folder
from riskscore.models.model import RiskModel
from riskscore.models.reference.progression import PROGRESSION
from riskscore.models.scoring_files.weight_type import WeightType, as_weight_type

Models = str | Path | RiskModel | Sequence[str | Path | RiskModel]


def list_models() -> tuple[str, ...]:
    """The ids of the shipped models, in alphabetical order.

    >>> "t1d" in list_models()
    True
    """
    folder = reference_root() / "models"
    return tuple(sorted(path.parent.name for path in folder.glob("*/model.yaml")))


def shipped_models(mondo: str) -> tuple[RiskModel, ...]:
    """The shipped models of a disease, by its MONDO id; all of them when that is not known."""
    models = (read_folder(reference_root() / "models" / name) for name in list_models())
    return tuple(m for m in models if not mondo or m.card.disease["mondo"] == mondo)


def load_model(
    name: str | Path, *, force: bool = False, weight_type: WeightType | str | None = None
) -> RiskModel:
    """A shipped model by its id, or any model by its folder, its model.yaml, or a scoring file.

    A scoring file is one of the PGS Catalog, format 1.0 or 2.0, plain or gzip. Raises
    ModelNotFoundError, ModelFormatError when the files break the format, or ModelDoubtError when
    many rows of a scoring file contradict the catalog's tables of the disease: use it all the same
    with ``force``. ``weight_type`` (beta, OR or HR) says what a scoring file's weights are, where
    it does not itself.

    >>> load_model("ms").card.disease["mondo"]
    'MONDO:0005301'
    """
    if str(name) in list_models():
        return read_folder(reference_root() / "models" / str(name))
    path = Path(name)
    folder = path.parent if path.name == "model.yaml" else path
    if (folder / "model.yaml").is_file():
        return read_folder(folder)
    if path.is_file():
        from riskscore.models.provenance import require_trust
        from riskscore.models.scoring_files.pgs import read_scoring_file

        model = read_scoring_file(path, as_weight_type(weight_type))
        if not force:
            require_trust(model, shipped_models(model.card.disease["mondo"]))
        return model
    if path.name.lower() in list_models():
        return read_folder(reference_root() / "models" / path.name.lower())
    if path.name == PROGRESSION:
        fix = "it is no score of genes, and is not multiplied by one: use riskscore progression"
        raise ModelNotFoundError(f"{PROGRESSION} scores nobody", fix=fix)
    diseases = {
        one: read_folder(reference_root() / "models" / one).card.disease["name"]
        for one in list_models()
    }
    if meant := _meant(path.name, diseases):
        raise ModelNotFoundError(f"no model {path.name!r}", fix=meant)
    raise ModelNotFoundError(
        f"no model {path.name!r}",
        fix=f"choose one of {_by_disease(diseases)}; no other disease has a model here: for one, "
        "give a scoring file of the PGS Catalog, or the folder of a model of your own",
    )


def _by_disease(diseases: Mapping[str, str]) -> str:
    """Models as text: ids, then their disease; a kind of a disease counts as that disease."""
    ids: dict[str, list[str]] = {}
    for one, disease in sorted(diseases.items(), key=lambda item: item[1]):
        whole = next((name for name in ids if disease.startswith(f"{name}, ")), disease)
        ids.setdefault(whole, []).append(one)
    return ", ".join(f"{', '.join(sorted(own))} ({disease})" for disease, own in ids.items())


def _meant(name: str, named: Mapping[str, str]) -> str:
    """A hint for an unknown name: the ids of models whose id or disease is spelt like it."""
    wanted = name.lower()
    diseases = {one: disease.lower() for one, disease in named.items()}
    near = [one for one, disease in diseases.items() if len(wanted) > 3 and wanted in disease]
    near = near or get_close_matches(wanted, diseases, n=1, cutoff=0.7)
    if not near:
        spelled = get_close_matches(wanted, diseases.values(), n=1, cutoff=0.7)
        near = [one for one, disease in diseases.items() if disease in spelled]
    meant = ", ".join(f"{one} ({named[one]})" for one in near)
    return f"did you mean {meant}?" if meant else ""


def as_models(
    models: Models, *, weight_type: WeightType | str | None = None
) -> tuple[RiskModel, ...]:
    """Models by id, by path, or as they are; one or several.

    Raises UsageError when none is named or one twice, and the errors of :func:`load_model`.
    """
    several = [models] if isinstance(models, str | Path | RiskModel) else models
    loaded = tuple(
        m if isinstance(m, RiskModel) else load_model(m, weight_type=weight_type) for m in several
    )
    if not loaded:
        raise UsageError("no model was named")
    repeated = {model.id for model in loaded if [m.id for m in loaded].count(model.id) > 1}
    if repeated:
        raise UsageError(f"the model {repeated.pop()!r} is named twice")
    return loaded
