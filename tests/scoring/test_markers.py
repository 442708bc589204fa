"""SNPs that mark an HLA allele, read from the typed allele where the SNP is not in the file.

The numbers expected are counted one person after the other from the published locus names
(Sharp 2019, Oram 2016), which are written out here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.files.inputs import reference_root
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import design_matrix
from riskscore.scoring.score import score_cohort

# The allele of each locus, and whether the counted letter of the SNP stands with it.
GRS2 = {
    "rs571331280": "B*39:06", "rs2567287": "DPB1*15:01", "rs72848653": "A*24:02",
    "rs1233320": "A*29:02", "rs9500974": "A*02:05", "rs12189871": "C*06:02",
    "rs2975035": "A*02:01", "rs9266268": "B*18:01", "rs1655908": "A*03:01",
    "rs3129197": "DPB1*03:01", "rs17214657": "DPB1*01:01", "rs9378176": "DPB1*05:01",
    "rs2857603": "B*44:03", "rs6934289": "DPB1*04:02", "rs16899379": "B*45:01",
    "rs149663102": "B*57:01",
}  # fmt: skip
GRS1 = {
    "rs1264813": ("A*24", True),
    "rs2395029": ("B*57:01", False),
    "rs3129889": ("DRB1*15", False),
}
GENES = ("A", "B", "C", "DRB1", "DQA1", "DQB1", "DPB1")
PEOPLE = 200


def drawn(snps: list[str], seed: int) -> pd.DataFrame:
    """People with alleles of a few haplotypes each, SNPs known in half, genes typed in most."""
    rng = np.random.default_rng(seed)
    table = reference_panel().haplotypes
    columns: dict[str, list[object]] = {}
    picks = rng.choice(len(table.codes), (PEOPLE, 2), p=table.pooled)
    for gene in GENES:
        place = table.genes.index(gene)
        names = [
            "+".join(str(table.alleles[place][code]) for code in table.codes[pair, place])
            for pair in picks
        ]
        typed = rng.random(PEOPLE) < 0.8
        columns[gene] = [name if on else "" for name, on in zip(names, typed, strict=True)]
    for snp in snps:
        copies = rng.integers(0, 3, PEOPLE).astype(float)
        columns[snp] = list(np.where(rng.random(PEOPLE) < 0.5, copies, np.nan))
    return pd.DataFrame(columns, index=[f"p{i}" for i in range(PEOPLE)])


def expected(frame: pd.DataFrame, snp: str, allele: str, present: bool) -> list[float]:
    """The number of each person: the SNP's own, else counted from the two names, else nan."""
    found = []
    gene, wanted = allele.split("*")
    for i in range(len(frame)):
        own = frame[snp].iloc[i] if snp in frame else float("nan")
        names = frame[gene].iloc[i]
        if not np.isnan(own):
            found.append(float(own))
        elif names:
            carried = [name.split("*")[1].startswith(wanted) for name in names.split("+")]
            found.append(float(sum(carried) if present else 2 - sum(carried)))
        else:
            found.append(float("nan"))
    return found


@pytest.mark.parametrize(
    ("name", "loci"),
    [("t1d", {snp: (allele, True) for snp, allele in GRS2.items()}), ("t1d-grs1", GRS1)],
)
def test_numbers_against_counting_names(name: str, loci: dict[str, tuple[str, bool]]) -> None:
    model, panel = rs.load_model(name), reference_panel()
    frame = drawn(list(loci)[:2], 5)  # two SNPs are in the file, in half of the people
    scores = score_cohort(read_frame(frame, [model]), panel)
    design = design_matrix(scores.cohort, scores.of(name).reference)
    terms = {term.id: j for j, term in enumerate(model.terms)}
    for snp, (allele, present) in loci.items():
        np.testing.assert_array_equal(
            design.values[:, terms[snp]], expected(frame, snp, allele, present), err_msg=snp
        )
    counted = sum(
        (~np.isnan(expected(frame, snp, *loci[snp])))
        & (frame[snp].isna() if snp in frame else True)
        for snp in loci
    )
    told = [0] * PEOPLE
    for i, flags in enumerate(scores.of(name).flags):
        for flag in flags.split(";"):
            if flag.startswith("from_typed_allele="):
                numbers = [part.split("(")[1] for part in flag.split("=")[1].split("),")]
                told[i] = sum(int(number.rstrip(")")) for number in numbers)
    assert told == list(counted)


def test_the_mapping_is_that_of_the_published_tables() -> None:
    markers = {m.variant: str(m.alleles[0]) for m in rs.load_model("t1d").markers}
    assert markers == GRS2
    # The letter that stands with the allele is about as frequent in Europeans as the allele.
    panel = reference_panel()
    for name in ("t1d", "t1d-grs1", "t1d-grs2-sharp19", "t1d-grs2-sharp21"):
        model = rs.load_model(name)
        for variant, known in model.frequencies.items():
            marker = model.marker(variant)
            if marker is None:
                continue
            share = known["EUR"] if marker.present == variant.effect_allele else 1 - known["EUR"]
            own = sum(panel.frequency(allele, "EUR") for allele in marker.alleles)
            assert share == pytest.approx(own, abs=0.07), (name, variant.name)


def test_in_another_population_the_average_is_of_the_allele_there() -> None:
    """A*24:02 has 19% of chromosomes in EAS, and its SNP no known frequency there."""
    model, panel = rs.load_model("t1d"), reference_panel()
    one = rs.person([model], hla={"A": "24:02 24:02"}, population="EAS")
    scores = score_cohort(one, panel)
    j = next(j for j, term in enumerate(model.terms) if term.id == "rs72848653")
    assert scores.tables[0].reference.mean[j] == pytest.approx(
        2 * panel.frequency(HLAAllele.parse("A*24:02"), "EAS")
    )
    entry = scores.explain("person").set_index("term").loc["rs72848653"]
    assert entry["dosage"] == 2
    assert "A*24:02" in entry["found"]
    match = scores.matches().set_index("name").loc["rs72848653"]
    assert match["code"] == "from_typed_allele"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("variant: rs72848653", "variant: rs1", "rs1 is not in the weights"),
        ("present: T", "present: A", "has no allele A"),
        ("hla: A*24:02", "hla: A24", "A24"),
    ],
)
def test_a_marker_that_cannot_be_is_refused(
    old: str, new: str, told: str, tmp_path: Path, copied: Callable[..., Path]
) -> None:
    path = copied("t1d", tmp_path) / "model.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelFormatError, match=told):
        rs.load_model(path.parent)


@pytest.fixture
def copied() -> Callable[..., Path]:
    import shutil

    def copy(name: str, folder: Path) -> Path:
        return Path(shutil.copytree(reference_root() / "models" / name, folder / name))

    return copy


@pytest.mark.parametrize(("typed", "code"), [(2, "from_typed_allele"), (1, "absent")])
def test_how_most_people_are_read_is_told(typed: int, code: str) -> None:
    """Of three people some are typed for HLA-A, which the SNP rs72848653 marks an allele of."""
    cells = ["24:02+01:01"] * typed + [""] * (3 - typed)
    scores = rs.score(read_frame(pd.DataFrame({"A": cells}), [rs.load_model("t1d")]))
    match = scores.matches().set_index("name").loc["rs72848653"]
    assert match["code"] == code
    assert match["observed"] == pytest.approx(typed / 3)
