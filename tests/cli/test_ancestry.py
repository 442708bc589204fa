"""The verb ancestry, on files of drawn people: builds, strands, missing records, company."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import BuildMismatchError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import complement
from riskscore.samples.ancestry.table import component_table

ROOT = Path(__file__).parents[2]
PEOPLE = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
TABLE = component_table()
MIXTURES = ([0, 0, 0, 1, 0], [0.5, 0, 0, 0.5, 0], [0, 0, 1, 0, 0])
CONTIGS = {
    Build.GRCh37: ("##contig=<ID=1,length=249250621>",),
    Build.GRCh38: ("##contig=<ID=1,length=248956422>",),
}
Run = Callable[..., CompletedProcess[str]]
Make = Callable[..., Path]
CALLS = ("0/0", "0/1", "1/1")
SNPS = range(0, len(TABLE.mean), 3)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def drawn(people: int = 3, seed: int = 1) -> np.ndarray:
    """Genotypes, (people, SNPs), by mixtures of the superpopulations' frequencies."""
    shares = np.array([MIXTURES[i % 3] for i in range(people)])
    frequency = shares @ TABLE.expected(TABLE.centres)
    return np.random.default_rng(seed).binomial(2, frequency)


@pytest.fixture
def write(make_vcf: Make) -> Make:
    """`write(genotypes)` is a VCF of them; a genotype of -1 has no record in a file of one."""

    def make(
        genotypes: np.ndarray,
        build: Build = Build.GRCh38,
        name: str = "people.vcf.gz",
        *,
        turned: bool = False,
        snps: Sequence[int] = SNPS,
    ) -> Path:
        rows = []
        for j in snps:
            variant, cells = TABLE.variants[j], genotypes[:, j]
            if (cells < 0).all():
                continue
            letters = [variant.other_allele, variant.effect_allele]
            if turned:
                letters = [complement(letter) for letter in letters]
            place = variant.position(build)
            called = ["./." if copies < 0 else CALLS[copies] for copies in cells]
            rows.append((variant.chromosome, place, ".", *letters, "GT", called))
        rows.sort(key=lambda row: (int(row[0]), row[1]))
        names = [f"P{i}" for i in range(len(genotypes))]
        return make_vcf(names, rows, name=name, header=CONTIGS[build])

    return make


def test_components_and_shares_of_admixed_people(riskscore: Run, write: Make) -> None:
    done = riskscore("ancestry", write(drawn()))
    assert done.returncode == 0, done.stderr
    rows = table(done.stdout)
    for row, mixture in zip(rows, MIXTURES, strict=True):
        assert row["rests_on"] == "components"
        assert row["loci"] == str(len(SNPS))
        shares = [float(row[f"share_{name}"]) for name in TABLE.populations]
        assert np.abs(np.array(shares) - mixture).max() < 0.15
        place = [float(row[f"PC{k}"]) for k in range(1, 5)]
        truth = np.array(mixture) @ TABLE.centres
        assert np.abs(place - truth).max() < 0.01
    assert [row["verdict"] for row in rows] == ["sure", "mixed", "sure"]
    assert [rows[0]["most_similar"], rows[2]["most_similar"]] == ["EUR", "EAS"]
    assert "3 people by the components of 3,187 to 3,187 SNPs" in done.stderr


def test_builds_and_strands_make_no_difference(write: Make) -> None:
    genotypes = drawn()
    found = rs.ancestry(write(genotypes)).to_frame()
    old = rs.ancestry(write(genotypes, Build.GRCh37, "old.vcf.gz")).to_frame()
    turned = rs.ancestry(write(genotypes, name="turned.vcf.gz", turned=True)).to_frame()
    assert old.equals(found)
    assert turned.equals(found)
    with pytest.raises(BuildMismatchError):
        rs.ancestry(write(genotypes, name="again.vcf.gz"), build="GRCh37")
    with pytest.raises(UsageError):
        rs.ancestry(write(genotypes, name="other.vcf.gz"), build="hg17")


def test_one_alone_has_the_numbers_of_one_among_many(write: Make) -> None:
    genotypes = drawn(24, seed=5)
    genotypes[np.random.default_rng(6).random(genotypes.shape) < 0.1] = -1
    together = rs.ancestry(write(genotypes)).to_frame()
    for i in (0, 7, 23):
        alone = rs.ancestry(write(genotypes[i : i + 1], name=f"p{i}.vcf.gz")).to_frame()
        one = together.iloc[[i]].assign(sample="P0").reset_index(drop=True)
        assert alone.equals(one)


def test_too_few_snps_fall_back_on_the_models_loci(riskscore: Run, write: Make) -> None:
    few = write(drawn(), snps=range(0, 9559, 12))
    done = riskscore("ancestry", few, "-m", "ms")
    assert done.returncode == 17, done.stdout  # and it has none of the model's loci either
    assert "none of the" in done.stderr
    done = riskscore("ancestry", PEOPLE, "-m", "ra", "-m", "ms")
    rows = table(done.stdout)
    asked = table(riskscore("population", PEOPLE, "-m", "ra", "-m", "ms").stdout)
    for row, other in zip(rows, asked, strict=True):
        assert row["rests_on"] == "likelihood"
        assert {row[f"share_{name}"] for name in TABLE.populations} == {""}
        assert row["PC1"] == ""
        for name in ("most_similar", "posterior", "loci"):
            assert row[name] == other[name]
        assert row["verdict"] == ("sure" if float(row["posterior"]) >= 0.95 else "unsure")
    assert "which says much less" in done.stderr


def test_a_list_of_variants_places_nobody_unless_absent_is_reference(
    riskscore: Run, write: Make
) -> None:
    genotypes, everything = drawn(1), range(len(TABLE.mean))
    full = rs.ancestry(write(genotypes, snps=everything)).to_frame()
    variants = np.where(genotypes == 0, -1, genotypes)
    file = write(variants, name="variants.vcf.gz", snps=everything)
    assumed = table(riskscore("ancestry", file, "--absent", "homref").stdout)
    assert float(assumed[0]["PC1"]) == pytest.approx(full.loc[0, "PC1"])
    assert assumed[0]["verdict"] == "sure"
    done = riskscore("ancestry", file)
    assert done.returncode == 17
    assert "lists variants only" in done.stderr
    assert "--absent homref" in done.stderr
    assert "P0" not in done.stderr


def test_scores_by_ancestry(riskscore: Run, write: Make, tmp_path: Path) -> None:
    """One EUR, one of half AFR and half EUR, one EAS, one without genotypes; of the same HLA types.

    Each is a shard by itself, and among those the last cannot be told from one of another file.
    """
    types = tmp_path / "hla.tsv"
    types.write_text(
        "sample\tDRB1_1\tDRB1_2\n" + "".join(f"P{i}\t15:01\t03:01\n" for i in range(4))
    )
    genotypes = drawn(4)
    genotypes[3] = -1
    asked = ("score", write(genotypes), "-m", "ms", "--hla", types)
    plain = table(riskscore(*asked, "--population", "EUR").stdout)
    done = riskscore(*asked, "--out", "results", "-o", "-")
    assert "percentiles of 3 of 4 people are of their own ancestry" in done.stderr
    rows = table(done.stdout)
    assert list(rows[0]) == [*list(plain[0])[:-1], "z_adjusted", "flags"]
    for row, before in zip(rows, plain, strict=True):
        same = set(before) - {"percentile", "flags"}
        assert {name: row[name] for name in same} == {name: before[name] for name in same}
    assert float(rows[0]["percentile"]) == pytest.approx(float(plain[0]["percentile"]), abs=3)
    in_eas = table(riskscore(*asked, "--population", "EAS").stdout)
    assert float(rows[2]["percentile"]) == pytest.approx(float(in_eas[2]["percentile"]), abs=3)
    assert "ancestry=EAS(" in rows[2]["flags"]
    assert "ancestry=unknown(EUR taken)" in rows[3]["flags"]
    assert rows[3]["percentile"] == plain[3]["percentile"]
    assert rows[3]["z_adjusted"] == ""
    assert (tmp_path / "results" / "scores.tsv").read_text() == done.stdout
    told = json.loads((tmp_path / "results" / "provenance.json").read_text())
    assert told["parameters"]["population"] == "auto"
    assert told["cohort"]["percentiles"] == "each person's own ancestry"
    parts = [f"part{i}" for i in (1, 2, 3, 4)]
    for i, part in enumerate(parts, start=1):
        riskscore(*asked, "--shard", f"{i}/4", "--out", part)
    assert riskscore("merge", *parts, "--out", "whole").returncode == 0
    for name in ("scores.tsv", "provenance.json", "match_report.tsv", "coverage.tsv"):
        assert (tmp_path / "whole" / name).read_text() == (tmp_path / "results" / name).read_text()


def test_a_batch_has_the_column_whether_or_not_ancestry_is_known(
    riskscore: Run, write: Make, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.tsv"
    types = tmp_path / "hla.tsv"
    types.write_text("sample\tDRB1_1\tDRB1_2\nP0\t15:01\t03:01\n")
    known = write(drawn(1), name="known.vcf.gz")
    unknown = write(drawn(1), name="unknown.vcf.gz", snps=range(0, 9559, 30))
    lines = [f"{path.name[:3]}\t{path.name}\t{types.name}" for path in (known, unknown)]
    manifest.write_text("sample_set\tvcf\thla\n" + "\n".join(lines) + "\n")
    done = riskscore("batch", manifest, "-m", "ms", "--out", "all", "--tsv")
    assert done.returncode == 0, done.stderr
    rows = {row["sample_set"]: row for row in table((tmp_path / "all" / "scores.tsv").read_text())}
    assert float(rows["kno"]["z_adjusted"]) > 0
    assert rows["unk"]["z_adjusted"] == ""
    assert rows["unk"]["percentile"] != ""
    stored = pd.read_parquet(tmp_path / "all" / "scores")
    assert stored["z_adjusted"].isna().tolist() == [False, True]


def test_standard_input_is_read_once(riskscore: Run) -> None:
    done = riskscore("ancestry", "-", "-m", "ms")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
