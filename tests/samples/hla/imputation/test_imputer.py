"""The imputer as a whole: in any company, with errors and gaps, and what it says of itself."""

from dataclasses import replace

import numpy as np
import pytest

from riskscore.errors import PanelFormatError
from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.imputer import MISSING, Imputer
from riskscore.samples.hla.imputation.quality import right_alleles
from tests.samples.hla.imputation.conftest import Split


@pytest.fixture(scope="module")
def imputer(split: Split) -> Imputer:
    return Imputer.of(split.panel, np.arange(len(split.panel.positions)), ("DRB1",))


def accuracy(imputer: Imputer, split: Split, parts: np.ndarray, gene: str) -> tuple[float, float]:
    """Share of alleles that are right, and the mean probability of the best genotype."""
    truth = split.others.codes[:, split.others.genes.index(gene)].astype(np.int64).reshape(-1, 2)
    right, sure = right_alleles(imputer.posteriors(parts).genes[gene], truth)
    return float(right.mean() / 2), float(sure.mean())


def test_people_left_out_are_imputed_and_errors_cost_little(imputer: Imputer, split: Split) -> None:
    genotypes = split.others.genotypes()
    plain = (64 * genotypes).astype(np.uint8)
    rng = np.random.default_rng(4)
    wrong = rng.random(genotypes.shape) < 0.02
    noisy = np.where(wrong, (genotypes + rng.integers(1, 3, genotypes.shape)) % 3, genotypes)
    noisy = (64 * noisy).astype(np.uint8)
    noisy[rng.random(noisy.shape) < 0.05] = MISSING
    for gene, least in (("DQA1", 0.95), ("DQB1", 0.93), ("DRB1", 0.82)):
        clean, sure = accuracy(imputer, split, plain, gene)
        assert clean > least
        assert imputer.quality[gene].accuracy == pytest.approx(clean, abs=0.06)
        assert abs(sure - clean) < 0.12
        assert accuracy(imputer, split, noisy, gene)[0] > clean - 0.05


def test_a_persons_posterior_has_the_same_bits_in_any_company(
    imputer: Imputer, split: Split
) -> None:
    parts = (64 * split.others.genotypes()).astype(np.uint8)
    together = imputer.posteriors(parts).genes["DRB1"]
    order = np.random.default_rng(1).permutation(len(parts))
    mixed = imputer.posteriors(parts[order]).genes["DRB1"]
    for person in range(0, len(parts), 7):
        alone = imputer.posteriors(parts[person : person + 1]).genes["DRB1"]
        for one, who in ((together, person), (mixed, int(np.flatnonzero(order == person)[0]))):
            rows = one.person == who
            assert np.array_equal(one.first[rows], alone.first)
            assert np.array_equal(one.second[rows], alone.second)
            assert one.probability[rows].tobytes() == alone.probability.tobytes()


def test_genes_without_snps_are_refused_by_name(imputer: Imputer) -> None:
    assert imputer.genes == ("DRB1", "DQA1", "DQB1")
    assert set(imputer.refused) == {"A", "C", "B", "DPB1"}
    assert imputer.refused["A"].startswith("the file has 0 SNPs of the panel within 250 kb")


def test_a_panel_in_another_build_is_refused(split: Split) -> None:
    other = replace(split.panel, build=Build.GRCh37)
    with pytest.raises(PanelFormatError, match="needs GRCh38"):
        Imputer.of(other, np.arange(20))
