"""Models against the published tables of their disease: what points the other way is named."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.errors import ModelDoubtError
from riskscore.models.catalog import shipped_models
from riskscore.models.provenance import Doubt, compare

ScoringFile = Callable[..., Path]
Run = Callable[..., CompletedProcess[str]]
PUBLISHED = Path(__file__).parents[1] / "published"
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
T1D = {"trait_mapped": "type 1 diabetes mellitus", "trait_efo": "MONDO_0005147"}
RA = {"trait_mapped": "rheumatoid arthritis", "trait_efo": "EFO_0000685", "genome_build": "GRCh37"}


def table(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / f"{name}.tsv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.mark.parametrize("name", rs.list_models())
def test_shipped_models_agree_with_each_other(name: str) -> None:
    model = rs.load_model(name)
    comparison = compare(model, shipped_models(model.card.disease["mondo"]))
    assert comparison.findings == ()
    alone = {"ra", "ra-dumontcel", "sle", "hashimoto", "ra-smoking-epitope", "ms-smoking-hla"}
    assert comparison.compared > 0 or name in alone


# PGS000024: its DR-DQ weights are sorted apart from their labels ------------------------------


def haplotype_text(name: str) -> str:
    """``DRB1*03:01-DQA1*05:01-DQB1*02:01`` as constituents; unknown digits are left out."""
    parts = []
    for constituent in name.split("-"):
        gene, _, fields = constituent.partition("*")
        alleles = []
        for first in fields.partition(":")[0].split("/"):
            second = fields.partition(":")[2]
            known = f":{second}" if second.isdigit() else ""
            alleles.append(f"HLA-{gene}*{first}{known}")
        parts.append("/".join(alleles))
    return ";".join(parts)


def drdq_rows(column: str, total: str) -> list[str]:
    names = {row["dq_tag"]: row["short"] for row in table("t1d/grs2_drdq_tags")}
    rows = [
        f". 6 _ {haplotype_text(row['dr_dq_haplotype'])} _ {row[column]} {row['short']} True _"
        for row in table("t1d/grs2_drdq_tags")
    ]
    rows += [
        f". 6 _ {names[row['dq1']]}+{names[row['dq2']]} _ {row[total]} _ _ True"
        for row in table("t1d/grs2_interactions")
    ]
    return rows


DRDQ = f"{SNP} locus_name is_haplotype is_diplotype"


def test_the_missorted_table_is_named(scoring_file: ScoringFile, riskscore: Run) -> None:
    rows = drdq_rows("pgs000024_published_beta", "pgs000024_published_total")
    path = scoring_file(DRDQ, rows, pgs_id="PGS000024", **T1D)
    with pytest.raises(ModelDoubtError, match="weight stands beside another label") as error:
        rs.load_model(path)
    assert "t1d" in error.value.fix
    model = rs.load_model(path, force=True)
    named = compare(model, shipped_models("MONDO:0005147")).findings
    findings = [f for f in named if f.doubt is Doubt.SORTED_APART]
    contrary = [f for f in named if f.doubt is not Doubt.SORTED_APART]
    assert {f.doubt for f in contrary} == {Doubt.DIRECTION}  # typed families say so too
    assert {f.against for f in contrary} == {"t1d-hla"}
    wrong = {
        row["short"]
        for row in table("t1d/grs2_drdq_tags")
        if abs(float(row["pgs000024_published_beta"]) - float(row["beta_haplotype"])) > 0.06
    }
    assert {f.term for f in findings if "+" not in f.term} == wrong
    assert {f.term for f in contrary} < wrong
    assert len(wrong) >= 10
    pairs = [f for f in findings if "+" in f.term]
    assert len(pairs) >= 12
    checked = riskscore("models", "check", path)
    assert checked.returncode == ModelDoubtError.exit_code
    assert "weight stands beside another label\tDR15-DQ6.2\t1.3913\t-1.426890964" in checked.stdout


def test_the_same_table_rightly_labelled_is_accepted(scoring_file: ScoringFile) -> None:
    rows = drdq_rows("beta_haplotype", "delta_interaction")
    model = rs.load_model(scoring_file(DRDQ, rows, pgs_id="PGS000024", **T1D))
    ours = rs.load_model("t1d")
    expected = {t.id: t.weight for t in ours.terms if t.component == "HLA_DRDQ"}
    assert {t.id: t.weight for t in model.terms} == pytest.approx(expected, abs=3e-6)


# PGS000195: 29 of 70 SNPs reversed ------------------------------------------------------------


def reversed_rows() -> tuple[list[str], set[str]]:
    """Rows as that file has them: the published table's letters with the file's odds ratios."""
    rows, wrong = [], set()
    for row in table("ra/ra_snps"):
        if row["pgs000195_or_same_allele"]:
            weight = math.log(float(row["pgs000195_or_same_allele"]))
            rows.append(
                f"{row['rsid']} {row['chrom']} {row['pos_grch37']} {row['effect_allele']} "
                f"{row['other_allele']} {weight:.5f}"
            )
            if row["pgs000195_direction"] not in {"ok", ""} and row["recommended"] == "core":
                wrong.add(row["rsid"])
    return rows, wrong


def test_a_file_with_reversed_snps_is_refused(scoring_file: ScoringFile) -> None:
    rows, wrong = reversed_rows()
    path = scoring_file(SNP, rows, pgs_id="PGS000195", **RA)
    with pytest.raises(ModelDoubtError, match="points the other way"):
        rs.load_model(path)
    findings = compare(rs.load_model(path, force=True), shipped_models("MONDO:0008383")).findings
    used = {t.id for t in rs.load_model("ra").terms}
    assert {f.term for f in findings} == wrong & used
    assert len(wrong & used) > 5


def test_the_rows_that_are_right_are_accepted(scoring_file: ScoringFile) -> None:
    rows, wrong = reversed_rows()
    right = [row for row in rows if row.split()[0] not in wrong]
    assert rs.load_model(scoring_file(SNP, right, pgs_id="PGS000195", **RA)).terms


# Letters, strands and frequencies -------------------------------------------------------------


def ms_rows(turned: frozenset[int], flipped: frozenset[int], swapped: frozenset[int]) -> list[str]:
    """Twelve variants of the MS model; some with the effect of the other allele, some on the other
    strand, some written for the other allele with the sign that belongs to it.
    """
    other_strand = str.maketrans("ACGT", "TGCA")
    rows = []
    singles = [t for t in MS.terms if t.component == "Non_HLA"]
    singles = [t for t in singles if not t.factors[0].variant.palindromic]  # type: ignore[union-attr]
    for i, term in enumerate(singles[:12]):
        factor = term.factors[0]
        v = factor.variant  # type: ignore[union-attr]
        effect, other, weight = v.effect_allele, v.other_allele, term.weight
        frequency = factor.frequency["EUR"]  # type: ignore[union-attr]
        if i in swapped:
            effect, other, weight, frequency = other, effect, -weight, 1 - frequency
        if i in turned:
            weight = -weight
        if i in flipped:
            effect, other = effect.translate(other_strand), other.translate(other_strand)
        rows.append(
            f"{v.name} {v.chromosome} {v.position_grch38} {effect} {other} {weight!r} {frequency!r}"
        )
    return rows


index = st.frozensets(st.integers(0, 11))
NONE: frozenset[int] = frozenset()
MS = rs.load_model("ms")


@settings(max_examples=40)
@given(turned=index, flipped=index, swapped=index)
def test_only_turned_rows_are_found(
    tmp_path_factory: pytest.TempPathFactory,
    turned: frozenset[int],
    flipped: frozenset[int],
    swapped: frozenset[int],
) -> None:
    rows = ms_rows(turned, flipped, swapped)
    lines = ["#pgs_id=PGS999003", "#genome_build=GRCh38", "#trait_efo=MONDO_0005301"]
    lines.append("\t".join([*SNP.split(), "allelefrequency_effect"]))
    lines += ["\t".join(row.split()) for row in rows]
    path = tmp_path_factory.mktemp("files") / "PGS999003.txt"
    path.write_text("\n".join(lines) + "\n")
    model = rs.load_model(path, force=True)
    comparison = compare(model, [MS])
    assert {f.term for f in comparison.findings} == {rows[i].split()[0] for i in turned}
    assert {f.doubt for f in comparison.findings} <= {Doubt.DIRECTION}
    assert comparison.compared == 12
    assert comparison.doubtful == (len(turned) >= 3)


def test_a_frequency_of_the_other_allele(scoring_file: ScoringFile) -> None:
    rows = [row.split() for row in ms_rows(NONE, NONE, NONE)]
    off = [i for i, row in enumerate(rows) if abs(float(row[6]) - 0.5) > 0.2][:3]
    for i in off:
        rows[i][6] = repr(1 - float(rows[i][6]))
    path = scoring_file(
        f"{SNP} allelefrequency_effect_European",
        [" ".join(row) for row in rows],
        trait_efo="MONDO_0005301",
    )
    with pytest.raises(ModelDoubtError, match="frequency fits the other allele"):
        rs.load_model(path)
    findings = compare(rs.load_model(path, force=True), shipped_models("MONDO:0005301")).findings
    assert {f.term for f in findings} == {rows[i][0] for i in off}


def test_another_disease_is_not_compared(scoring_file: ScoringFile) -> None:
    rows = [
        row.rpartition(" ")[0] for row in ms_rows(frozenset(range(12)), frozenset(), frozenset())
    ]
    assert rs.load_model(scoring_file(SNP, rows, trait_efo="MONDO_0005148")).terms


def test_genome_wide_files_are_compared_too(scoring_file: ScoringFile) -> None:
    rows = [
        row.rpartition(" ")[0] for row in ms_rows(frozenset(range(6)), frozenset(), frozenset())
    ]
    rows += [f"x{i} 1 {i + 1} A G 0.001" for i in range(2100)]
    path = scoring_file(SNP, rows, trait_efo="MONDO_0005301")
    with pytest.raises(ModelDoubtError, match="6 of the 12 rows"):
        rs.load_model(path)


# Columns sorted apart from their labels --------------------------------------------------------


def _exported(model: str, tmp_path: Path, change: Callable[[list[list[str]]], None]) -> Path:
    """A shipped model as a scoring file, its rows changed."""
    from riskscore.models.scoring_files.export import export_pgs

    lines = export_pgs(rs.load_model(model), lossy=True).text.splitlines()
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    rows = [line.split("\t") for line in lines[first:]]
    change(rows)
    path = tmp_path / "PGS999009.txt"
    text = "\n".join([*lines[:first], *("\t".join(row) for row in rows)]) + "\n"
    path.write_text(text.replace(f"pgs_id={model}", "pgs_id=PGS999009"))
    return path


def _column(rows: list[list[str]], weights: list[str]) -> None:
    at = rows[0].index("effect_weight")
    for row, weight in zip(rows[1:], weights, strict=True):
        row[at] = weight


def _weights(rows: list[list[str]]) -> list[str]:
    return [row[rows[0].index("effect_weight")] for row in rows[1:]]


def _down(rows: list[list[str]]) -> None:
    weights = _weights(rows)
    _column(rows, [weights[-1], *weights[:-1]])


def _sorted(rows: list[list[str]]) -> None:
    _column(rows, sorted(_weights(rows), key=float))


def _four_swapped(rows: list[list[str]]) -> None:
    weights = _weights(rows)
    places = [i for i, w in enumerate(weights) if weights.count(w) == 1][:4]
    for place, weight in zip(places, [weights[i] for i in (*places[1:], places[0])], strict=True):
        weights[place] = weight
    _column(rows, weights)


@pytest.mark.parametrize("model", ["ms", "sle"])
@pytest.mark.parametrize("change", [_down, _sorted, _four_swapped])
def test_weights_beside_other_labels(
    tmp_path: Path, model: str, change: Callable[[list[list[str]]], None]
) -> None:
    """Signs alone would show four rows of 168 of the multiple sclerosis table moved by one."""
    path = _exported(model, tmp_path, change)
    with pytest.raises(ModelDoubtError, match="weight stands beside another label"):
        rs.load_model(path)
    loaded = rs.load_model(path, force=True)
    found = compare(loaded, [rs.load_model(model)])
    right = {t.id: t.weight for t in rs.load_model(model).terms}
    truth = {t.id for t in loaded.terms if t.id in right and abs(t.weight - right[t.id]) > 1e-3}
    moved = {f.term for f in found.findings if f.doubt is Doubt.SORTED_APART}
    assert moved <= truth
    assert len(moved) >= 0.9 * len(truth)


@pytest.mark.parametrize("model", ["ms", "sle", "t1d-grs1"])
@pytest.mark.parametrize("seed", [1, 2])
def test_another_study_of_the_same_variants_is_no_doubt(
    tmp_path: Path, model: str, seed: int
) -> None:
    """Weights that differ as two studies' do, also where both are rounded to two decimals."""
    draw = random.Random(seed)

    def noisy(rows: list[list[str]]) -> None:
        weights = [float(weight or 0) for weight in _weights(rows)]
        _column(rows, [f"{w * draw.uniform(0.75, 1.3):.2f}" if w else "" for w in weights])

    loaded = rs.load_model(_exported(model, tmp_path, noisy), force=True)
    findings = compare(loaded, [rs.load_model(model)]).findings
    assert [f for f in findings if f.doubt is Doubt.SORTED_APART] == []


def test_check_lists_nothing_for_a_good_model(riskscore: Run) -> None:
    done = riskscore("models", "check", "t1d")
    assert done.returncode == 0
    assert done.stdout == "doubt\tterm\tours\ttheirs\tagainst\tsource\n"
    assert "0 contradict them" in done.stderr
