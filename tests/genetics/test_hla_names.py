"""HLA names against published examples, mhcgnomes' recorded answers, and the rules of the field."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import DISPENSABLE, GENES, AlleleList, HLAAllele, OtherAllele, covered
from riskscore.genetics.hla_fields import FIRST_FIELDS
from riskscore.genetics.hla_names import gl_string, read_gl_string, read_name

DATA = Path(__file__).parents[1] / "data"

# Where we differ from mhcgnomes on purpose, and why.
DIFFERENCES = {
    "DRB1*99:99": "DRB1 cannot be absent, and no allele has this name",
    "DRB1*4:1": "not a name; it could be 04:01 or a slip of the pen",
    "A*01:01/A*01:02": "one allele of two, not a pair",
    "A*01:01+A*02:01": "a GL string of a pair, not one name",
    "DQ2.5": "a haplotype of two genes, not an allele",
    "DR2": "a broad antigen: DR15 or DR16",
    "B62": "some of B*15",
    "DRB1": "a gene",
    "HLA-DRB1": "a gene",
    "DRB1*04:ABCD": "a code",
}


def recorded() -> list[dict[str, str]]:
    with (DATA / "mhcgnomes_names.tsv").open() as stream:
        lines = [line for line in stream if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def test_mhcgnomes_reads_the_same_alleles() -> None:
    compared = 0
    for row in recorded():
        if row["kind"] != "allele" or row["name"] in DIFFERENCES:
            continue
        assert str(read_name(row["name"])) == row["allele"], row["name"]
        compared += 1
    assert compared > 3000


def test_what_mhcgnomes_calls_a_serotype_is_its_allele_group() -> None:
    serotypes = [row["name"] for row in recorded() if row["kind"] == "serotype"]
    for name in serotypes:
        if name not in DIFFERENCES:
            read = read_name(name)
            assert isinstance(read, HLAAllele)
            assert read.resolution == (2 if name in {"DQ7", "DQ8", "DQ9"} else 1)
    assert len(serotypes) > 20


def test_differences_from_mhcgnomes_are_these() -> None:
    names = {row["name"]: row for row in recorded()}
    for name in DIFFERENCES:
        assert name in names
        if "/" in name:
            assert isinstance(read_name(name), AlleleList)
            continue
        with pytest.raises(HLAFormatError):
            read_name(name)


@pytest.mark.parametrize(
    ("text", "gene", "expected"),
    [
        ("HLA_DRB1*04:01:01:01", "", "DRB1*04:01:01:01"),  # HLA-TAPAS
        ("HLA_DRB1_04:01", "", "DRB1*04:01"),  # SNP2HLA as VCF
        ("HLA_DRB1_0401", "", "DRB1*04:01"),  # SNP2HLA
        ("HLA-A*01:01", "", "A*01:01"),  # HIBAG
        ("DRB1*15:01", "", "DRB1*15:01"),  # FinnGen
        ("02:01", "A", "A*02:01"),  # HIBAG's table
        ("0405", "DRB1", "DRB1*04:05"),  # Axiom HLA
        ("A*11:01:01G", "", "A*11:01:01G"),  # HLA*LA
        ("HLA-Cw*0702", "", "C*07:02"),
        ("hla_c*07", "", "C*07"),
        ("DRB4*99:99", "", "DRB4*NNNN"),  # SNP2HLA_UM
        ("DRB5_9901", "", "DRB5*NNNN"),  # UK Biobank
        ("ng", "DRB4", "DRB4*NNNN"),  # FinnGen
        ("DRB3*NNNN", "", "DRB3*NNNN"),
        ("DPB1*99:01", "", "DPB1*99:01"),  # an allele, whatever _9901 means elsewhere
        ("A*24:09N", "", "A*24:09N"),
        ("02:01/02:09", "A", "A*02:01/A*02:09"),
        ("A*02:01/02:01", "", "A*02:01"),
        ("NA", "A", "None"),
        ("", "", "None"),
        ("0", "B", "None"),
        ("301", "DRB1", "DRB1*03:01"),  # 0301 after a spreadsheet
        ("DRB1*301", "", "DRB1*03:01"),
        ("3:01", "DRB1", "DRB1*03:01"),
        ("4", "DRB1", "DRB1*04"),
        ("30101", "DRB1", "DRB1*03:01:01"),  # DRB1 has no first field 30
        ("02101", "A", "A*02:101"),
        ("DPB1*10401", "", "DPB1*104:01"),
        ("00:00", "DRB3", "DRB3*NNNN"),  # BIGDAWG, PyPop
        ("0000", "DRB1", "None"),
        ("HLA-DQB1*00:00", "", "None"),
        ("****", "DRB1", "None"),  # PyPop
        ("99", "DRB5", "DRB5*NNNN"),
        ("HLA_DRB4_99", "", "DRB4*NNNN"),  # SNP2HLA_UM
        ("03:02/03", "DQB1", "DQB1*03:02/DQB1*03:03"),  # the official 1000 Genomes table
        ("02:01/06/30", "A", "A*02:01/A*02:06/A*02:30"),
        ("A*02:01:01/02", "", "A*02:01:01/A*02:01:02"),
        ("04:01/105:01", "DPB1", "DPB1*04:01/DPB1*105:01"),
        ("04/07", "DRB1", "DRB1*04/DRB1*07"),
        ("04:XX", "DRB1", "DRB1*04"),  # NMDP: any allele of the group
        ("15:01*", "DRB1", "DRB1*15:01"),  # the official 1000 Genomes table
        ("9901", "DPB1", "DPB1*99:01"),
        ("9999", "DRB3", "DRB3*NNNN"),
        ("0210101", "A", "A*02:101:01"),
        ("A*30101", "", "A*30:101"),
        ("A*0210101", "", "A*02:101:01"),
        ("A0201", "", "A*02:01"),
        ("A1:01", "", "A*01:01"),
    ],
)
def test_names_in_the_wild(text: str, gene: str, expected: str) -> None:
    assert str(read_name(text, gene)) == expected


@pytest.mark.parametrize(
    ("text", "gene", "says"),
    [
        ("DRB1*04:ABCD", "", "multiple allele code ABCD"),
        ("DR6", "", "antigen"),
        ("DR52", "", "antigen"),
        ("DRB1*99:99", "", "cannot be absent"),
        ("A*NNNN", "", "cannot be absent"),
        ("A*02:01", "B", "belongs"),
        ("A*02:01/B*07:02", "", "one gene"),
        ("A*2", "", "not an HLA allele name"),
        ("A*0201010", "", "no way"),
        ("rs3135388", "", "not an HLA allele name"),
        ("-", "A", "not an HLA allele name"),
        ("003:001", "DRB1", "no first field 003"),
        ("3001", "DRB1", "no first field 30"),
        ("77:01", "DRB1", "no first field 77"),
        ("DQA1*77:01", "", "no first field 77"),
        ("C*09:01", "", "no first field 09"),
        ("02:00", "A", "no field is written 00"),
        ("02:001", "A", "no field is written 001"),
        ("30101", "A", "30:101 or 03:01:01"),
        ("401", "DPB1", "401 or 04:01"),
        ("9", "DRB4", "no first field 09"),
        ("77:XX", "DRB1", "no first field 77"),
        ("03:02/77:01", "DQB1", "no first field 77"),
        ("A*3010101", "", "more than one way"),  # 30:101:01 or 03:01:01:01
        ("C01", "", "not an HLA allele name"),  # an antigen is Cw1, an allele C*01
        ("9999", "A", "cannot be absent"),
        ("*", "A", "not an HLA allele name"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, gene: str, says: str) -> None:
    with pytest.raises(HLAFormatError, match=says):
        read_name(text, gene)


def test_codes_are_read_from_the_users_table() -> None:
    codes = {"ABCD": "01/02/05", "DRB1*15:EF": "DRB1*15:01/DRB1*15:03"}
    assert str(read_name("DRB1*04:ABCD", codes=codes)) == "DRB1*04:01/DRB1*04:02/DRB1*04:05"
    assert str(read_name("15:EF", "DRB1", codes)) == "DRB1*15:01/DRB1*15:03"


def test_a_null_allele_never_matches_its_expressed_sibling() -> None:
    null = HLAAllele.parse("A*24:09N")
    assert not HLAAllele.parse("A*24:09").covers(null)
    assert not null.covers(HLAAllele.parse("A*24:09"))
    assert not HLAAllele.parse("A*24").covers(null)
    assert covered([HLAAllele.parse("A*24")], null) is False
    assert null.reduced(2) == null
    assert str(HLAAllele.parse("DRB4*01:03:01:02N").reduced(2)) == "DRB4*01:03N"
    assert covered([null], HLAAllele.parse("A*24:09")) is False
    assert HLAAllele.parse("A*24:02").covers(HLAAllele.parse("A*24:02:01:02L"))


def test_a_name_is_cut_only_where_it_is_longer() -> None:
    low = HLAAllele.parse("A*24:02:01:02L")
    assert str(low.reduced(4)) == "A*24:02:01:02L"
    assert str(low.reduced(3)) == "A*24:02:01"


def test_alleles_of_one_number_of_two_genes_differ() -> None:
    assert covered([HLAAllele.parse("A*02:01")], HLAAllele.parse("C*02")) is False


def test_a_list_has_the_fields_that_all_its_members_share() -> None:
    for names, fields in [
        (("A*02:01:01", "A*02:01:02"), ("02", "01")),
        (("A*02:01", "A*02:06:01"), ("02",)),
        (("A*02:01", "A*03:01"), ()),
    ]:
        several = AlleleList.of(map(HLAAllele.parse, names))
        assert several.fields == fields
        assert several.resolution == len(fields)
        assert several.gene == "A"
        assert several.is_group
        assert not several.is_absent


def test_what_is_left_of_two_alleles_when_some_are_measured() -> None:
    base, measured = HLAAllele.parse("DRB1*15"), HLAAllele.parse("DRB1*15:01")
    other = OtherAllele(base, (measured,))
    for name, possible in [
        ("DRB1*15:02", True),
        ("DRB1*15:01", False),
        ("DRB1*15:01:01", False),
        ("DRB1*03:01", False),
    ]:
        assert other.may_be(HLAAllele.parse(name)) is possible
    assert (other.gene, other.fields, other.resolution) == ("DRB1", ("15",), 1)
    assert other.is_group
    assert not other.is_absent
    assert covered([HLAAllele.parse("DRB1*15:02")], other) is None
    assert covered([measured], other) is False


def test_groups_and_lists_are_ambiguities() -> None:
    fine, family = HLAAllele.parse("DQB1*02:01"), HLAAllele.parse("DQB1*02")
    group = HLAAllele.parse("DQB1*02:01:01G")
    assert covered([fine], group) is None
    assert covered([family], group) is True
    assert covered([HLAAllele.parse("DQB1*03:01")], group) is False
    assert covered([HLAAllele.parse("DQB1*02:02")], group) is None  # may be in the group
    several = read_name("DQB1*02:01/DQB1*02:02")
    assert several is not None
    assert covered([fine], several) is None
    assert covered([family], several) is True
    assert covered([HLAAllele.parse("DQB1*06:02")], several) is False


def test_an_absent_gene_is_no_allele_and_not_unknown() -> None:
    absent = HLAAllele.absent("DRB4")
    assert covered([HLAAllele.parse("DRB4*01:03")], absent) is False
    assert covered([HLAAllele.parse("DRB4*01")], absent) is False
    assert absent.resolution == 0


def test_gl_string_of_every_separator() -> None:
    read = read_gl_string(
        "HLA-A*02:69+HLA-A*23:30|HLA-A*02:302+HLA-A*23:26/HLA-A*23:39^HLA-B*44:02:13+HLA-B*49:08"
    )  # the published example of Milius 2013
    assert [tuple(map(str, pair)) for pair in read["A"].pairs] == [
        ("A*02:69", "A*23:30"),
        ("A*02:302", "A*23:26/A*23:39"),
    ]
    assert [tuple(map(str, pair)) for pair in read["B"].pairs] == [("B*44:02:13", "B*49:08")]
    assert not read["A"].phased
    phased = read_gl_string(
        "HLA-DRB1*15:01~HLA-DQB1*06:02+HLA-DRB1*03:01~HLA-DQB1*02:01^HLA-A*01:01"
    )
    assert phased["DRB1"].phased
    assert phased["DQB1"].phased
    assert phased["A"].pairs == ((HLAAllele.parse("A*01:01"), None),)


def test_a_whole_chromosome_may_lack_a_gene() -> None:
    read = read_gl_string("HLA-DRB1*03:01~HLA-DRB3*01:01+HLA-DRB1*15:01~HLA-DRB5*01:01")
    pairs = {gene: tuple(map(str, found.pairs[0])) for gene, found in read.items()}
    assert pairs == {
        "DRB1": ("DRB1*03:01", "DRB1*15:01"),
        "DRB3": ("DRB3*01:01", "DRB3*NNNN"),
        "DRB5": ("DRB5*NNNN", "DRB5*01:01"),
    }


def test_phase_is_known_of_one_genotype_of_whole_chromosomes() -> None:
    pair = "HLA-DRB1*15:01~HLA-DQB1*06:02+HLA-DRB1*03:01~HLA-DQB1*02:01"
    other = "HLA-DRB1*15:01~HLA-DQB1*02:01+HLA-DRB1*03:01~HLA-DQB1*06:02"
    assert read_gl_string(pair)["DRB1"].phased
    assert not read_gl_string(f"{pair}|{other}")["DRB1"].phased
    assert not read_gl_string("HLA-A*01:01+HLA-A*02:01")["A"].phased


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NA",
        "HLA-A*01:01~NA+HLA-A*02:01",
        "HLA-DRB1*03:01~HLA-DQB1*02:01+HLA-DRB1*15:01",  # each chromosome has a DQB1
        "HLA-DRB3*01:01+HLA-DRB4*01:01",  # no phase that says which chromosome lacks which
        "HLA-A*01:01+",
        "HLA-A*01:01+HLA-A*02:01+HLA-A*03:01",
        "HLA-A*01:01+HLA-B*08:01",
        "HLA-A*01:01+HLA-A*02:01^HLA-A*03:01+HLA-A*11:01",
        "HLA-A*01:01~HLA-A*02:01+HLA-A*03:01~HLA-A*11:01",
        "HLA-A*01:01+HLA-A*02:01|HLA-B*08:01+HLA-B*07:02",
        "HLA-A*01:01+HLA-A*02:ABCD",
    ],
)
def test_gl_strings_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(HLAFormatError):
        read_gl_string(text)


def alleles(gene: str) -> st.SearchStrategy[HLAAllele]:
    field = st.integers(1, 999).map(lambda n: f"{n:02d}")
    first = st.sampled_from(sorted(FIRST_FIELDS[gene])) if gene in FIRST_FIELDS else field
    fields = st.builds(lambda one, more: (one, *more), first, st.lists(field, max_size=3))
    suffix = st.sampled_from(["", "", "", "N", "L", "Q"])
    named = st.builds(HLAAllele, st.just(gene), fields, suffix)
    absence = {("99",), ("99", "99"), ("99", "01")}
    return named.filter(lambda a: a.fields not in absence or gene not in DISPENSABLE).filter(
        lambda a: a.fields != ("99", "99")
    )


@given(st.data())
def test_every_name_reads_back(data: st.DataObject) -> None:
    allele = data.draw(alleles(data.draw(st.sampled_from(GENES))))
    assert HLAAllele.parse(str(allele)) == allele
    assert HLAAllele.parse(f"HLA-{allele}") == allele
    if allele.resolution > 1:  # 101 alone may be DPB1*101 or DPB1*01:01
        assert read_name(":".join(allele.fields) + allele.suffix, allele.gene) == allele


@given(alleles("DRB1"), alleles("DRB1"), st.integers(1, 4))
def test_covering_survives_reduction(a: HLAAllele, b: HLAAllele, fields: int) -> None:
    if a.suffix not in {"N"} and b.suffix not in {"N"} and a.covers(b):
        assert a.reduced(fields).covers(b)
        assert a.reduced(fields).covers(b.reduced(fields))
    assert (a.covers(b) and b.covers(a)) == (
        a.fields == b.fields and (a.suffix == "N") == (b.suffix == "N")
    )


@given(st.lists(st.tuples(alleles("A"), alleles("A")), min_size=1, max_size=4, unique=True))
def test_gl_strings_read_back(pairs: list[tuple[HLAAllele, HLAAllele]]) -> None:
    text = gl_string({"A": tuple(pairs)})
    assert read_gl_string(text)["A"].pairs == tuple(dict.fromkeys(pairs))
