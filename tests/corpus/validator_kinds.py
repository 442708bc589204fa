"""Files of the kinds that validators of VCF keep: one change each to a sound file, all our own.

A key is the section of the specification that the kind belongs to, and what is changed there.
"""

from tests.corpus.bad_files import AFTER, BEFORE, GOOD, HEAD, NAMES, line, vcf

_SECOND = "7 100 rs3 A C . PASS . GT 0/1 0/0\n".replace(" ", "\t")


def _cell(place: int, text: str) -> bytes:
    """The sound file with another text in a column of the record that is read."""
    cells = GOOD.rstrip("\n").split("\t")
    cells[place] = text
    return vcf("\t".join(cells) + "\n")


def _meta(text: str) -> bytes:
    return vcf(GOOD, head=HEAD + text + "\n")


def _records(*lines: str) -> bytes:
    return (HEAD + NAMES + "".join(lines)).encode()


KINDS: dict[str, bytes] = {
    "fileformat: lower case": vcf(GOOD, head=HEAD.replace("VCFv4.2", "vcfv4.2")),
    "fileformat: not the first line": vcf(GOOD, head="##source=x\n" + HEAD),
    "fileformat: twice": _meta("##fileformat=VCFv4.2"),
    "fileformat: without a version": vcf(GOOD, head=HEAD.replace("VCFv4.2", "VCF")),
    "fileformat: 4.4": vcf(GOOD, head=HEAD.replace("VCFv4.2", "VCFv4.4")),
    "meta: no equals sign": _meta("##source"),
    "meta: a single hash": _meta("#source=x"),
    "meta: INFO without a Number": _meta('##INFO=<ID=DP,Type=Integer,Description="Depth">'),
    "meta: INFO of an unknown Type": _meta('##INFO=<ID=DP,Number=1,Type=Int,Description="x">'),
    "meta: a Description without quotes": _meta(
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=x>"
    ),
    "meta: a bracket left open": _meta('##INFO=<ID=DP,Number=1,Type=Integer,Description="x"'),
    "meta: FILTER without an ID": _meta('##FILTER=<Description="x">'),
    "meta: an ID twice": _meta('##FORMAT=<ID=GT,Number=1,Type=String,Description="again">'),
    "meta: contig without an ID": _meta("##contig=<length=100>"),
    "meta: a contig twice": _meta("##contig=<ID=6,length=170805979>"),
    "meta: a contig of negative length": _meta("##contig=<ID=7,length=-1>"),
    "meta: PEDIGREE and SAMPLE": _meta(
        '##SAMPLE=<ID=S1,Description="a">\n##PEDIGREE=<ID=S1,Father=S2>'
    ),
    "meta: letters beyond ASCII": _meta('##source="\u00e4\u00f6\u20ac"'),
    "meta: after the header": (HEAD + NAMES + "##source=x\n" + BEFORE + GOOD).encode(),
    "header: a column misspelt": vcf(GOOD, names=NAMES.replace("CHROM", "CHR")),
    "header: columns in another order": vcf(GOOD, names=NAMES.replace("POS\tID", "ID\tPOS")),
    "header: no FORMAT": vcf(GOOD, names=NAMES.replace("\tFORMAT", "")),
    "header: twice": (HEAD + NAMES + NAMES + BEFORE + GOOD).encode(),
    "chrom: with a blank": _cell(0, "6 x"),
    "chrom: with a colon": _cell(0, "6:1"),
    "chrom: in brackets": _cell(0, "<6>"),
    "chrom: not in the header": vcf(GOOD, _SECOND),
    "chrom: records not together": _records(BEFORE, _SECOND, GOOD, AFTER),
    "pos: out of order": _records(AFTER, GOOD, BEFORE),
    "pos: a fraction": _cell(1, "100.0"),
    "pos: with a sign": _cell(1, "+100"),
    "pos: with separators": _cell(1, "1,00"),
    "pos: missing": _cell(1, "."),
    "id: with a blank": _cell(2, "rs 1"),
    "id: several": _cell(2, "rs1;rs9"),
    "id: the same twice": _cell(2, "rs1;rs1"),
    "id: of another record": _cell(2, "rs0"),
    "ref: missing": _cell(3, "."),
    "ref: lower case": _cell(3, "g"),
    "ref: any base": _cell(3, "N"),
    "ref: an ambiguity code": _cell(3, "R"),
    "ref: a digit": _cell(3, "1"),
    "ref: two alleles": _cell(3, "G,C"),
    "alt: missing": _cell(4, "."),
    "alt: lower case": _cell(4, "a"),
    "alt: the same as REF": _cell(4, "G"),
    "alt: twice": _cell(4, "A,A"),
    "alt: twice, and the second called": vcf(line("0/2", "0/0", alt="A,A")),
    "alt: a comma too many": _cell(4, "A,"),
    "alt: a bracket left open": _cell(4, "<DEL"),
    "alt: a breakend": _cell(4, "A,G[7:100["),
    "alt: a symbol beside": _cell(4, "A,<DEL>"),
    "alt: an overlapping deletion": _cell(4, "A,*"),
    "alt: a gVCF symbol beside": _cell(4, "A,<*>"),
    "alt: no letters": _cell(4, "A-"),
    "qual: a word": _cell(5, "high"),
    "qual: negative": _cell(5, "-1"),
    "filter: not in the header": _cell(6, "q10"),
    "filter: 0": _cell(6, "0"),
    "filter: with a blank": _cell(6, "q10 s50"),
    "filter: empty": _cell(6, ""),
    "info: empty": _cell(7, ""),
    "info: blanks": _cell(7, "DP=1 AF=2"),
    "info: an AF above 1": _cell(7, "AF=1.5"),
    "info: a flag with a value": _cell(7, "DB=1;H2=2"),
    "info: a key twice": _cell(7, "DP=1;DP=2"),
    "info: an END before POS": _cell(7, "END=5"),
    "info: a word for an END": _cell(7, "END=x"),
    "info: an escape": _cell(7, "NOTE=a%3Bb"),
    "format: GT not first": _cell(8, "DP:GT").replace(b"DP:GT\t0/1\t0/0", b"DP:GT\t3:0/1\t4:0/0"),
    "format: empty": _cell(8, ""),
    "format: a key twice": _cell(8, "GT:GT").replace(
        b"0/1\t0/0\n6\t110", b"0/1:0/1\t0/0:0/0\n6\t110"
    ),
    "format: an undeclared key": vcf(line("0/1:7", "0/0:8", keys="GT:XX")),
    "format: no GT": vcf(line("7", "8", keys="DP")),
    "sample: too many fields": vcf(line("0/1:1", "0/0")),
    "sample: fields left out": vcf(line("0/1", "0/0:8", keys="GT:DP")),
    "sample: an allele beyond ALT": vcf(line("0/2", "0/0")),
    "sample: a negative allele": vcf(line("0/-1", "0/0")),
    "sample: letters": vcf(line("A/G", "0/0")),
    "sample: a separator too many": vcf(line("0//1", "0/0")),
    "sample: a comma": vcf(line("0,1", "0/0")),
    "sample: one phased, one not": vcf(line("0|1", "0/0")),
    "sample: empty": vcf(line("", "0/0")),
    "sample: a word for a GQ": vcf(line("0/1:x", "0/0:8", keys="GT:GQ")),
    "ploidy: one": vcf(line("1", "0/0")),
    "ploidy: three": vcf(line("0/1/1", "0/0")),
    "ploidy: half called": vcf(line("./1", "0/0")),
    "ploidy: none called": vcf(line("./.", "0/0")),
    "duplicated: the record twice": vcf(GOOD, GOOD),
    "duplicated: with other genotypes": vcf(GOOD, line("0/0", "0/1")),
    "duplicated: with another ALT": vcf(GOOD, line("0/0", "0/0", alt="T")),
    "format: the columns left out": vcf("\t".join(GOOD.split("\t")[:8]) + "\n"),
    "biobank: dosages of more digits": vcf(line("0.99999999", "0.00000001", keys="DS")),
    "biobank: dosage beside a call": vcf(line("0/1:1.02", "0/0:0", keys="GT:DS")),
    "biobank: imputed alleles of the reference alone": _cell(4, ".").replace(b"0/1", b"0/0"),
    "biobank: an ID of place and alleles": _cell(2, "6:100:G:A"),
    "biobank: chr before a name": vcf(GOOD)
    .replace(b"\n6\t", b"\nchr6\t")
    .replace(b"ID=6,", b"ID=chr6,"),
}
