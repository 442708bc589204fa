"""A model that names another to be read beside it: `ra` and `ra-dumontcel`."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.files.inputs import reference_root
from riskscore.models.terms import Status
from riskscore.writing.report.individual import individual_context

VCF = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
Run = Callable[..., CompletedProcess[str]]


def test_the_other_weights_were_all_found() -> None:
    model = rs.load_model("ra")
    assert any(term.status is Status.RECALLED for term in model.terms)
    assert model.beside is not None
    assert {term.status for term in model.beside.model.terms} == {Status.FOUND}


@pytest.mark.parametrize(
    ("types", "odds_ratio"),
    # Barnetche 2008: S2/S3P 7.25, S3P/S3P 5.15, S2/L 2.41, and L/L 1.
    [("04:01 04:04", 7.25), ("01:01 10:01", 5.15), ("04:01 15:01", 2.41), ("03:01 13:01", 1.0)],
)
def test_both_risks_of_a_person(types: str, odds_ratio: float) -> None:
    models = [rs.load_model("ra"), rs.load_model("ra-dumontcel")]
    scores = rs.score(rs.person(models, hla={"DRB1": types}, sex="female"))
    beside = scores.beside("ra")
    assert beside is not None
    assert beside.numbers["published_score"][0] == pytest.approx(math.log(odds_ratio), abs=1e-4)
    alone = scores.of("ra-dumontcel").numbers
    for name, values in alone.items():
        assert beside.numbers[name] == pytest.approx(values, nan_ok=True, abs=0), name
    assert scores.beside("ra-dumontcel") is None


def test_ages_hold_for_both_and_a_family_history_for_the_first_only(tmp_path: Path) -> None:
    family = tmp_path / "family.tsv"
    family.write_text("sample\trelation\taffected\tage\nNA12878\tmother\tyes\t60\n")
    plain = rs.score(VCF, "ra-dumontcel", horizon=(35, 60))
    scores = rs.score(VCF, "ra", horizon=(35, 60), family=family)
    beside = scores.beside("ra")
    assert beside is not None
    assert beside.numbers["probability"] == pytest.approx(
        plain.tables[0].numbers["probability"], nan_ok=True, abs=0
    )


def test_the_report_of_a_person_has_both(tmp_path: Path) -> None:
    scores = rs.score(VCF, "ra")
    (entry,) = individual_context(scores, "NA12878")["models"]
    place = scores.cohort.samples.index("NA12878")
    alone = rs.score(VCF, "ra-dumontcel").tables[0].numbers["probability"][place]
    assert float(entry["beside"]["risk"]["words"]) == pytest.approx(1000 * alone, rel=0.05)
    page = rs.write_report(scores, tmp_path / "report.html", individual="NA12878").read_text()
    assert "Beside it, Rheumatoid arthritis, DRB1 genotypes of du Montcel" in page
    (other,) = individual_context(rs.score(VCF, "ms"), "NA12878")["models"]
    assert other["beside"] is None


def test_the_verbs_tell_both(riskscore: Run, tmp_path: Path) -> None:
    done = riskscore("explain", VCF, "-m", "ra", "-s", "NA12878")
    assert "beside it ra-dumontcel" in done.stderr
    done = riskscore("score", VCF, "-m", "ra", "-m", "ms", "-o", tmp_path / "scores.tsv")
    assert done.stderr.count("beside ra, ra-dumontcel") == 1
    assert "2,504 people" in done.stderr
    quiet = riskscore("score", VCF, "-m", "ra", "-q", "-o", tmp_path / "quiet.tsv")
    assert "beside" not in quiet.stderr
    card = riskscore("models", "show", "ra").stdout
    assert "Beside it: ra-dumontcel" in card
    assert "ra-dumontcel 1.3 times its average" in card


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ms-2013", "needs .*, which this one does not"),
        ("nothing", "no other model 'nothing'"),
        ("ra", "no other model 'ra'"),
    ],
)
def test_a_model_that_cannot_stand_beside_is_refused(tmp_path: Path, given: str, told: str) -> None:
    for name in ("ra", "ra-dumontcel", "ms-2013"):
        shutil.copytree(reference_root() / "models" / name, tmp_path / name)
    card = tmp_path / "ra" / "model.yaml"
    card.write_text(card.read_text().replace("model: ra-dumontcel", f"model: {given}"))
    with pytest.raises(ModelFormatError, match=told):
        rs.load_model(tmp_path / "ra")
