"""reference/hla/ and reference/examples/ against the published tables."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from riskscore.genetics.hla import GENES, HLAAllele
from riskscore.genetics.hla_fields import FIRST_FIELDS

Row = dict[str, str]
Read = Callable[[str], list[Row]]

ROOT = Path(__file__).resolve().parents[2]
SUPERPOPULATIONS = {"AFR", "AMR", "EAS", "EUR", "SAS"}
GENES_OF_HAPLOTYPES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")
CHROMOSOMES = {"AFR": "1322", "AMR": "694", "EAS": "1008", "EUR": "1006", "SAS": "978"}


def g_groups(reference: Read) -> dict[str, str]:
    """The first name of the G group of each member."""
    return {row["allele"]: row["group"] for row in reference("hla/g_groups")}


def test_allele_frequencies(reference: Read, published: Read) -> None:
    """DPA1 is that of the published table; of other genes the haplotypes are counted."""
    group, count = g_groups(reference), Counter[tuple[str, str, str]]()
    for row in reference("hla/haplotypes"):
        for gene in GENES_OF_HAPLOTYPES:
            name = group.get(f"{gene}*{row[gene]}", f"{gene}*{row[gene]}")
            for population in SUPERPOPULATIONS:
                count[gene, name, population] += int(row[population])
    ours = reference("hla/allele_frequencies")
    for row in ours:
        if row["gene"] != "DPA1":
            share = count.pop((row["gene"], row["allele"], row["population"])) / int(
                row["n_chromosomes"]
            )
            assert float(row["frequency"]) == pytest.approx(share, abs=1e-6)
    assert not any(count.values())
    theirs = [row for row in published("hla/hla_frequencies") if row["gene"] == "DPA1"]
    assert [
        (r["allele"], r["population"], r["frequency"]) for r in ours if r["gene"] == "DPA1"
    ] == [(row["allele"], row["population"], row["freq"]) for row in theirs]


def test_two_typings_give_nearly_the_same_frequencies(reference: Read, published: Read) -> None:
    """Against HLA*LA alone: equal to 1%, but for what it made up."""
    ours = {
        (row["allele"], row["population"]): float(row["frequency"])
        for row in reference("hla/allele_frequencies")
    }
    apart = {
        row["allele"]
        for row in published("hla/hla_frequencies")
        if abs(ours.get((row["allele"], row["population"]), 0) - float(row["freq"])) > 0.01
    }
    assert "DRB1*15:13" in apart
    assert not any(allele == "DRB1*15:13" for allele, _ in ours)
    assert len(apart) < 15


def test_allele_frequencies_sum_to_one(reference: Read) -> None:
    total: dict[tuple[str, str], float] = defaultdict(float)
    for row in reference("hla/allele_frequencies"):
        assert row["allele"].startswith(f"{row['gene']}*")
        assert row["allele"].count(":") == 1
        assert row["n_chromosomes"] == CHROMOSOMES[row["population"]]
        total[row["gene"], row["population"]] += float(row["frequency"])
    assert len(total) == 8 * len(SUPERPOPULATIONS)
    assert all(value == pytest.approx(1, abs=2e-5) for value in total.values())


def test_drdq_haplotypes(reference: Read) -> None:
    group, count = g_groups(reference), Counter[tuple[str, ...]]()
    for row in reference("hla/haplotypes"):
        alleles = [f"{gene}*{row[gene]}" for gene in ("DRB1", "DQA1", "DQB1")]
        for population in SUPERPOPULATIONS:
            count[(*(group.get(a, a) for a in alleles), population)] += int(row[population])
    total: dict[str, float] = defaultdict(float)
    for row in reference("hla/drdq_haplotypes"):
        key = (row["DRB1"], row["DQA1"], row["DQB1"], row["population"])
        share = count.pop(key) / int(row["n_chromosomes"])
        assert float(row["frequency"]) == pytest.approx(share, abs=1e-6)
        split = row["dqb1_split"].split("/")
        assert {group.get(name, name) for name in split} == {row["DQB1"]}
        total[row["population"]] += float(row["frequency"])
    assert not any(count.values())
    assert set(total) == SUPERPOPULATIONS
    assert all(value == pytest.approx(1, abs=1e-4) for value in total.values())


def test_drb1_residues(reference: Read, published: Read) -> None:
    common = published("hla/drb1_aminoacids")
    every = published("hla/drb1_aminoacids_all2field")
    expected = {
        (row["allele"], place): (row[f"aa{place}"], "derived")
        for row in every
        for place in ("11", "13", "70", "71", "72", "73", "74")
    }
    for row in common:  # the two tables agree where they overlap
        for place in ("11", "13", "70", "71", "72", "73", "74"):
            assert expected[row["allele"], place][0] == row[f"aa{place}"]
    groove = published("hla/drb1_pseudosequences")  # as a second copy has them
    for row in groove:
        for place in ("11", "13", "70", "71", "74"):
            assert expected[row["allele"], place][0] == row[f"aa{place}"], row["allele"]
    for place in ("57", "67", "86"):
        second = {row["allele"]: row[f"aa{place}"] for row in groove}
        assert all(second[row["allele"]] == row[f"aa{place}"] for row in common)
        expected |= {(allele, place): (residue, "found") for allele, residue in second.items()}
    rows = [row for row in reference("hla/residues") if row["gene"] == "DRB1"]
    ours = {(row["allele"], row["position"]): (row["residue"], row["status"]) for row in rows}
    assert len(ours) == len(rows)
    assert ours == expected
    assert all(row["source"].startswith("IPD-IMGT/HLA ") for row in rows)
    count = Counter(row["position"] for row in rows)
    assert count == dict.fromkeys(("11", "13", "70", "71", "72", "73", "74"), 2412) | dict.fromkeys(
        ("57", "67", "86"), 2136
    )


def test_hla_b_9(reference: Read, published: Read) -> None:
    """Five copies of the sequences agree on every allele that more than one of them has."""
    rows = [row for row in reference("hla/residues") if row["gene"] == "B"]
    ours = {row["allele"]: (row["position"], row["residue"], row["status"]) for row in rows}
    table = published("hla/b_residue_9")
    assert len(ours) == len(rows) == 6664
    assert ours == {row["allele"]: ("9", row["aa9"], row["status"]) for row in table}
    copies = ("B_prot", "mhcseqnet", "immunotype", "tcrpmhcdataset", "mhcmatch")
    for row in table:
        assert {row[copy] for copy in copies} - {""} == {row["aa9"]}, row["allele"]
    assert sum(sum(bool(row[copy]) for copy in copies) > 1 for row in table) == 5187


def test_hla_b_9_as_the_alignment_writes_it(reference: Read) -> None:
    """Positions 1 to 10 of IPD-IMGT/HLA 3.17.0.1, where B*07:02 reads GSHSMRYFYT."""
    ours = {row["allele"]: row["residue"] for row in reference("hla/residues")}
    lines = """
        07:29 *-------D-     07:70 *-------C-    07:71 *----T----    07:88 *--A------
        07:227 ----------    08:01 --------D-    08:26 *---------    08:45 *---L---D-
        08:50 *---------     08:62 --------H-    51:33 *--F------    52:13 *---K-----
        52:27 *---------     53:20 *F--------    54:02 *-------H-
    """.split()
    first = "GSHSMRYFYT"
    for name, changes in zip(lines[::2], lines[1::2], strict=True):
        residue = first[8] if changes[8] == "-" else changes[8]
        assert ours[f"B*{name}"] == residue, name


def test_every_b_allele_of_the_population_has_its_residue(reference: Read) -> None:
    known = {row["allele"] for row in reference("hla/residues") if row["gene"] == "B"}
    assert {f"B*{row['B']}" for row in reference("hla/haplotypes")} <= known


GROOVE = {  # positions of the pseudosequences of NetMHCpan and NetMHCIIpan, as IPD-IMGT/HLA counts
    "class I": (7, 9, 24, 45, 59, 62, 63, 66, 67, 69, 70, 73, 74, 76, 77, 80, 81, 84, 95, 97, 99,
                114, 116, 118, 143, 147, 150, 152, 156, 158, 159, 163, 167, 171),
    "alpha": (11, 14, 25, 27, 34, 61, 62, 64, 68, 69, 71, 75, 76),
    "beta": (9, 11, 13, 26, 28, 30, 47, 57, 67, 70, 71, 74, 77, 78, 81, 85, 86, 89, 90),
    "DP beta": (9, 11, 13, 24, 26, 28, 45, 55, 65, 68, 69, 72, 75, 76, 79, 83, 84, 87, 88),
}  # fmt: skip


@pytest.fixture(scope="module")
def sequences(reference: Read) -> dict[str, dict[int, str]]:
    """The known residues of each aligned allele by position."""
    found = {}
    for row in reference("hla/alignment"):
        assert row["status"] == "found"
        assert row["gene"] == row["allele"].partition("*")[0]
        assert "IPD-IMGT/HLA" in row["source"]
        known = enumerate(row["sequence"], int(row["first"]))
        found[row["allele"]] = {place: letter for place, letter in known if letter != "*"}
    return found


def test_aligned_sequences_have_the_groove_of_another_copy(
    sequences: dict[str, dict[int, str]], published: Read
) -> None:
    compared = 0
    for row in published("hla/groove"):
        own = sequences[row["allele"]]
        for place, letter in zip(GROOVE[row["positions"]], row["residues"], strict=True):
            if place in own:
                compared += 1
                assert own[place] == letter, (row["allele"], place)
    assert compared > 11000


def test_aligned_sequences_agree_with_the_table_of_residues(
    sequences: dict[str, dict[int, str]], reference: Read
) -> None:
    compared = 0
    for row in reference("hla/residues"):
        letter = sequences.get(row["allele"], {}).get(int(row["position"]))
        if letter is not None:
            compared += 1
            assert letter == row["residue"], row
    assert compared > 800


def test_aligned_sequences_have_what_papers_name(sequences: dict[str, dict[int, str]]) -> None:
    """DQB1 57 (Todd et al., Nature 1987, 329:599) and HLA-B 97 (Pereyra et al., Science 2010,
    330:1551); the deletion at DQA1 56 is the alignment's.
    """
    for allele, place, letter in (
        ("DQB1*03:02", 57, "A"), ("DQB1*02:01", 57, "A"), ("DQB1*06:02", 57, "D"),
        ("DQB1*03:01", 57, "D"), ("B*57:01", 97, "V"), ("B*27:05", 97, "N"), ("B*14:02", 97, "W"),
        ("B*52:01", 97, "T"), ("B*07:02", 97, "S"), ("DQA1*02:01", 56, "."),
        ("DQA1*01:02", 56, "G"),
    ):  # fmt: skip
        assert sequences[allele][place] == letter, allele


def test_alleles_of_the_population_are_aligned(
    sequences: dict[str, dict[int, str]], reference: Read
) -> None:
    for row in reference("hla/haplotypes"):
        for gene in GENES_OF_HAPLOTYPES:
            name = f"{gene}*{row[gene]}"
            assert name in sequences or name in {"DQB1*03:42", "DQB1*06:55"}


def test_dpb1_9_is_that_of_the_alignment(reference: Read, published: Read) -> None:
    """Alleles of each residue as the alignment writes them, and those that a model's source names.

    Positions 6 to 10 read NYVYQ in the first sequence, DPB1*01:01.
    """
    rows = [row for row in reference("hla/residues") if row["gene"] == "DPB1"]
    assert {(row["position"], row["status"]) for row in rows} == {("9", "found")}
    ours = {row["allele"]: row["residue"] for row in rows}
    assert len(ours) == len(rows) == 1799
    lines = """
        03:01 ----- L    09:01 ---H- L    16:01 --LF- -    23:01 --LF- -    39:01 --LF- -
        70:01 ---D- L    80:01 --LF- -    105:01 --LF- -   126:01 --LF- -   143:01 --LL- -
        165:01 -CLF- -   219:01 --LFR -   223:01 --LS- -   251:01 --MH- L   289:01 ---H- L
        416:01 --LF- -   436:01 ----- -   452:01 --RF- -   552:01 --MH- L   690:01 -CLF- -
        727:01 -C--- L   747:01 ---F- -   752:01 --LL- -   759:01 -HLF- -   840:01 --IF- -
        885:01 --LF- -   1016:01 --LL- -  1097:01 --LFL -  1125:01 --M-- L  1178:01 ---H- F
        1252:01 T---- -  1452:01 --AH- L  1605:01 ----- S  1633:01 --L-- -  1642:01 --LFH -
        1696:01 ---HR L  1788:01 H-LF- -  1832:01 --LL- -  1948:01 --L-- L  1978:01 --LF- -
    """.split()
    first = "NYVYQ"
    for name, changes in zip(lines[::3], lines[1::3], strict=True):
        residue = first[3] if changes[3] == "-" else changes[3]
        assert ours[f"DPB1*{name}"] == residue, name
    second = published("hla/dpb1_pseudosequences")
    assert len(second) == 128
    assert all(ours[row["allele"]] == row["aa9"] for row in second)
    assert not {f"DPB1*{name}:01" for name in (328, 700, 875, 1932)} & set(ours)  # null
    coding = {row["term"]: row["coding"] for row in published("ra/ra_hla_other")}
    (listed,) = [text for term, text in coding.items() if term == "HLA-DPB1 Phe9"]
    names = listed.partition("DPB1")[2].partition(" = ")[0].split(",")
    assert {ours[f"DPB1{name.removeprefix('DPB1')}"] for name in names} == {"F"}


def test_residue_haplotypes_of_the_common_alleles(weights: Read, reference: Read) -> None:
    residue = {(r["allele"], r["position"]): r["residue"] for r in reference("hla/residues")}
    for row in weights("ra"):
        if row["is_haplotype"]:
            for name in row["variant_description"].partition("common alleles ")[2].split(","):
                places = ("11", "71", "74")
                found = "".join(residue[f"DRB1{name}", place] for place in places)
                assert found == row["locus_name"]


def test_tags(reference: Read, published: Read) -> None:
    table: dict[tuple[str, str, str], Row] = {}
    for name in ("hla/hla_best_tag_snps", "hla/hla_named_tag_snps", "ms/ms_tag_snps"):
        for row in published(name):
            if row["pos_grch38"]:
                key = (row["hla"], row["tag_snp"], row["superpop"])
                same = ("tag_allele", "other_allele", "r2", "tag_freq")
                assert all(table.setdefault(key, row)[column] == row[column] for column in same)
    good = {(hla, tag) for (hla, tag, _), row in table.items() if float(row["r2"]) >= 0.8}

    def whole(number: str) -> str:
        return str(int(float(number)))

    ours = reference("hla/tags")
    assert sorted(tuple(row.values()) for row in ours) == sorted(
        (
            hla,
            tag,
            "6",
            whole(row["pos_grch38"]),
            whole(row["pos_grch37"]),
            row["tag_allele"],
            row["other_allele"],
            population,
            row["r2"],
            row["tag_freq"],
            row["source"],
            row["status"],
        )
        for (hla, tag, population), row in table.items()
        if (hla, tag) in good
    )
    assert all(0 < float(row["tag_frequency"]) < 1 for row in ours)


def test_the_tag_of_drb1_1501_is_european(reference: Read) -> None:
    r2 = {
        row["population"]: float(row["r2"])
        for row in reference("hla/tags")
        if (row["hla"], row["tag_rsid"]) == ("DRB1*15:01", "rs3135388")
    }
    assert r2["EUR"] > 0.97
    assert max(r2["AFR"], r2["SAS"]) < 0.21


def test_populations(reference: Read) -> None:
    codes = [row["code"] for row in reference("populations/superpopulations")]
    assert codes == sorted(SUPERPOPULATIONS)


def test_example_people(reference: Read) -> None:
    rows = reference("examples/1000G_samples")
    path = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        header = next(line for line in stream if line.startswith("#CHROM"))
    assert {row["sample"] for row in rows} == set(header.split()[9:])
    assert len(rows) == 2504
    assert {row["superpopulation"] for row in rows} == SUPERPOPULATIONS
    assert {row["sex"] for row in rows} == {"female", "male"}


def test_g_group_shares(reference: Read) -> None:
    """Shares of a group sum to 1, and are the counts they were made from."""
    total: dict[tuple[str, str], float] = defaultdict(float)
    members: dict[str, set[str]] = defaultdict(set)
    for row in reference("hla/g_groups"):
        total[row["population"], row["group"]] += float(row["share"])
        members[row["group"]].add(row["allele"])
        assert float(row["share"]) == pytest.approx(int(row["count"]) / int(row["of"]), abs=1e-4)
        assert row["status"] == "derived"
    assert all(value == pytest.approx(1, abs=3e-4) for value in total.values())
    # IPD-IMGT/HLA 3.38.0, hla_nom_g.txt: the members at two fields that are not rare, by G group.
    listed = {
        "C*07:01": "07:01 07:06 07:18", "DQA1*01:01": "01:01 01:04 01:05",
        "DQB1*03:01": "03:01 03:09 03:19", "DRB1*14:01": "14:01 14:54",
    }  # fmt: skip
    for group, alleles in listed.items():
        gene = group.partition("*")[0]
        assert members[group] == {f"{gene}*{allele}" for allele in alleles.split()}
    assert members["DQB1*02:01"] == {"DQB1*02:01", "DQB1*02:02"}
    assert members["DQA1*03:01"] == {"DQA1*03:01", "DQA1*03:02", "DQA1*03:03"}
    assert members["DQA1*05:01"] == {"DQA1*05:01", "DQA1*05:05"}


def test_first_fields_are_those_that_names_are_checked_against(reference: Read) -> None:
    listed: dict[str, set[str]] = defaultdict(set)
    for row in reference("hla/first_fields"):
        listed[row["gene"]].add(row["first_field"])
        assert row["status"] in {"found", "derived", "recalled"}
    assert listed.pop("DPB1") == {"*"}
    assert listed == FIRST_FIELDS
    assert {*listed, "DPB1"} == set(GENES)


def test_serotypes_count_the_alleles_that_the_who_assigned(
    reference: Read, published: Read
) -> None:
    """Listed one by one as published; a first field has all that are assigned within it."""
    assigned = {row["serotype"]: row["alleles"].split("/") for row in published("hla/serotypes")}
    rows = reference("hla/serotypes")
    assert {row["serotype"] for row in rows} == set(assigned)
    for row in rows:
        alleles = [HLAAllele.parse(name) for name in row["alleles"].split("/")]
        for name in assigned[row["serotype"]]:
            allele = HLAAllele.parse(name)
            assert any(own.covers(allele) for own in alleles), row
        if row["status"] == "found":
            assert row["alleles"].split("/") == assigned[row["serotype"]]
    # IPD-IMGT/HLA 3.41.0, rel_ser_ser.txt: B;15;62/63/75/76/77 and B;70;71/72
    whole = {row["serotype"]: set(row["alleles"].split("/")) for row in rows}
    assert all(whole[f"B{split}"] <= whole["B15"] for split in (62, 63, 75, 76, 77))
    assert all(whole[f"B{split}"] <= whole["B70"] for split in (71, 72))
    assert not whole["B15"] & whole["B70"]


def test_every_published_allele_has_a_first_field_of_its_gene(reference: Read) -> None:
    names = {row["allele"] for row in reference("hla/allele_frequencies")}
    names |= {row["allele"] for row in reference("hla/residues") if ":" in row["allele"]}
    for row in reference("hla/haplotypes"):
        names |= {f"{gene}*{row[gene]}" for gene in ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")}
    assert len(names) > 3000
    assert all(str(HLAAllele.parse(name)) == name for name in names)
