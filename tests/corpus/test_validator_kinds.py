"""Files of the kinds that validators of VCF keep, and the verdict on each."""

import csv
from pathlib import Path

import numpy as np
import pytest

from riskscore.errors import RiskscoreError
from tests.corpus.test_bad_inputs import code, indexed, read
from tests.corpus.validator_kinds import KINDS

TABLE = Path(__file__).with_name("validator_verdicts.tsv")
with TABLE.open(encoding="utf-8") as stream:
    VERDICTS = {row.pop("kind"): row for row in csv.DictReader(stream, delimiter="\t")}

COPIES = (1.0, 0.0)  # what two people have of the allele in the sound file
OTHERS = {
    "biobank: dosages of more digits": (0.99999999, 0.00000001),
    "biobank: dosage beside a call": (1.02, 0.0),
    "biobank: imputed alleles of the reference alone": (0.0, 0.0),
}
# Nothing is wrong with them, and they say nothing that can be summed.
NO_COPIES = {"format: no GT", "ploidy: three"}
# No tool indexes them as they are.
ORDERED = ("fileformat", "header", "pos", "chrom", "meta: after", "meta: a single")


def test_every_kind_has_a_verdict() -> None:
    assert list(VERDICTS) == list(KINDS)


def test_what_is_sound_is_read() -> None:
    refused = {
        k for k, row in VERDICTS.items() if row["sound"] == "yes" and row["verdict"] == "refused"
    }
    assert refused == NO_COPIES


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_read_rightly_or_not_at_all(kind: str, tmp_path: Path) -> None:
    said = VERDICTS[kind]
    plain = tmp_path / "test.vcf"
    plain.write_bytes(KINDS[kind])
    paths = [plain]
    if said["verdict"] != "refused" and not kind.startswith(ORDERED):
        paths.append(indexed(tmp_path / "test.vcf.gz", KINDS[kind]))
    for path in paths:
        if said["verdict"] == "refused":
            with pytest.raises(RiskscoreError, match=path.name) as error:
                read(path)
            assert str(error.value.exit_code) == said["code"]
            assert "S1" not in str(error.value)
            continue
        dosages, _ = read(path)
        match, copies = dosages.matches[0], dosages.values[0]
        found = ("missing", code(dosages)) if match.missing else ("read", match.note or ".")
        assert found == (said["verdict"], said["code"])
        truth, known = np.array(OTHERS.get(kind, COPIES)), ~np.isnan(copies)
        assert np.allclose(copies[known], truth[known], atol=1e-6)
        assert known.any() == (not match.missing)
