"""Files of the rows of bad_inputs.tsv that are wrong, or odd, in a header or in a record.

A key is the row's number, and a word where a row has several files.
"""

import bz2
import math

from riskscore import errors
from riskscore.genetics.variant import Variant

nan = math.nan
SNP = Variant("rs1", "6", 100, 100, "A", "G", "G")
HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=6,length=170805979>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n'
)
NAMES = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1 S2\n".replace(" ", "\t")
BEFORE = "6 90 rs0 C T . PASS . GT 0/1 0/0\n".replace(" ", "\t")
AFTER = "6 110 rs2 C T . PASS . GT 0/1 0/0\n".replace(" ", "\t")


def line(*cells: str, keys: str = "GT", pos: str = "100", ref: str = "G", alt: str = "A") -> str:
    return "\t".join(["6", pos, "rs1", ref, alt, ".", "PASS", ".", keys, *cells]) + "\n"


GOOD = line("0/1", "0/0")


def vcf(*records: str, head: str = HEAD, names: str = NAMES) -> bytes:
    return (head + names + BEFORE + "".join(records) + AFTER).encode()


# Row, and the file that should be read all the same: its copies, and the match's note.
READ: dict[str, tuple[bytes, list[float], str]] = {
    "22": (vcf(line("1,0", "0,2", keys="DS", alt="A,T")), [1, 0], "multi_allelic"),
    "22 split": (
        vcf(line("1", "0", keys="DS"), line("0", "2", keys="DS", alt="T")), [1, 0], "",
    ),
    "23": (vcf(line("1/2", "0/0", alt="A,*")), [1, 0], ""),
    "27": (vcf(GOOD, GOOD), [1, 0], "2 records agree"),
    "29": (vcf(line("./1", "0/.")), [nan, nan], "half_call=2"),
    "30": (vcf(line("1", "0")), [nan, nan], "haploid=2"),
    "31": (vcf(line("1", "0/1")), [nan, 1], "haploid=1"),
    "33": (vcf(line("./.", ".")), [nan, nan], ""),
    "33 empty": (vcf(line("", "0/1")), [nan, 1], ""),
    "35": (vcf(line("9:0/1", "9:1/1", keys="DP:GT")), [1, 2], ""),
    "36": (vcf(line("0.25,0.5", "0,1", keys="HDS")), [0.75, 1], ""),
    "36 DS alone": (vcf(line("0.5", "2", keys="DS")), [0.5, 2], ""),
    "37": (vcf(line("0/1:0.75", "0/0", keys="GT:DS")), [0.75, 0], "other_field=1"),
    "43": (vcf(line("0.97", "0", keys="DS"), head=HEAD.replace("Float", "Integer")), [0.97, 0], ""),
    "44": (vcf(line("0.97", "0", keys="DS"), head=HEAD.partition("##FORMAT")[0]), [0.97, 0], ""),
    "44 String": (
        vcf(line("0.97", "0", keys="DS"), head=HEAD.replace("Float", "String")), [0.97, 0], "",
    ),
    "45": (vcf(line("1.5:0,1", "0:0,0", keys="DS:HDS")), [1.5, 0], "dosage_conflict=1"),
    "46": (vcf(line("1.27:0.03,0.67,0.3", "0:1,0,0", keys="DS:GP")), [1.27, 0], ""),
    "48": (vcf(line("0.97", "1.003", keys="DS")), [0.97, 1.003], ""),
    "52": (vcf(GOOD).replace(b"\n", b"\r\n"), [1, 0], ""),
    "57": (vcf(GOOD, head="##fileformat=VCFv4.2\n"), [1, 0], ""),
    "58": (vcf(GOOD.replace("PASS", "LOWR2")), [1, 0], ""),
    "59": (
        vcf(GOOD, head=HEAD + "##contig=<ID=HLA-DRB1*15:01:01:01 length=11080>\n"), [1, 0], "",
    ),
    "60": (
        vcf(GOOD, head=HEAD + '##INFO=<ID=AF,Number=A,Type=Float,Description="say "hi" x">\n'),
        [1, 0], "",
    ),
    "61": (vcf(GOOD, head=HEAD + "##CommandLine=<tool -i x -o y>\n"), [1, 0], ""),
    "62": (
        vcf(
            line("0/1:0.97", "0/0:0", keys="GT:DS"),
            head=HEAD + '##FORMAT=<ID=DS,Number=1,Type=String,Description="">\n',
        ),
        [0.97, 0], "",
    ),
    "65": (vcf(GOOD, head=HEAD.replace("VCFv4.2", "VCFv9.9")), [1, 0], ""),
    "66": (vcf(line("|0|1", "/0/0")), [1, 0], ""),
    "77": (vcf(GOOD).replace(b"6\t90", b"6\t0"), [1, 0], ""),
    "77 beyond": (vcf(GOOD).replace(b"6\t110", b"6\t170805980"), [1, 0], ""),
}  # fmt: skip

# Row, the broken file, the error and words of its message.
REFUSED: dict[str, tuple[bytes, type[errors.RiskscoreError], str]] = {
    "25": (vcf(line("0/1", "0/0", alt="")), errors.VCFFormatError, "empty column"),
    "32": (vcf(line("0/1/1", "0/0")), errors.VCFFormatError, "3 alleles"),
    "34": (vcf(line("0/2", "0/0")), errors.VCFFormatError, "beyond ALT"),
    "38": (vcf(line("A/T", "0/0")), errors.VCFFormatError, "not a genotype"),
    "39": (vcf(line("0,97", "0", keys="DS")), errors.VCFFormatError, "2 values for 1 ALT"),
    "40": (vcf(line("2.7", "0", keys="DS")), errors.VCFFormatError, "2.7 is not between"),
    "40 negative": (
        vcf(line("0", "-0.5", keys="DS")),
        errors.VCFFormatError,
        "-0.5 is not between",
    ),
    "41": (vcf(line("nan", "0", keys="DS")), errors.VCFFormatError, "not a finite number"),
    "41 infinite": (vcf(line("0", "inf", keys="DS")), errors.VCFFormatError, "not a finite number"),
    "42": (vcf(line("abc", "0", keys="DS")), errors.VCFFormatError, "not a number"),
    "47": (vcf(line("0,30,60", "0,1,0", keys="GP")), errors.VCFFormatError, "GP of the record"),
    "47 PL": (vcf(line("0,30,60", "0,30,60", keys="PL")), errors.VCFFormatError, "PL has no DS or"),
    "67": (vcf(GOOD, names=NAMES).replace(b"S1", b"S\xe91"), errors.VCFFormatError, "UTF-8"),
    "68": (vcf(line("0/1")), errors.VCFFormatError, "10 columns, the header 11"),
    "69": (vcf(line("0/1", "0/0", "1/1")), errors.VCFFormatError, "12 columns, the header 11"),
    "70": (vcf(line("0/1:1", "0/0")), errors.VCFFormatError, "more fields than FORMAT"),
    "71": (vcf(line("1:1", "0:0", keys="DS:DS")), errors.VCFFormatError, "names a field twice"),
    "75": (vcf(line("0/1", "0/\0")), errors.VCFFormatError, "NUL"),
    "75 in ID": (vcf(GOOD.replace("rs1", "r\0s")), errors.VCFFormatError, "NUL"),
}

# The same, of files that no tool can index: they are met as plain text.
REFUSED_PLAIN: dict[str, tuple[bytes, type[errors.RiskscoreError], str]] = {
    "49": (vcf(GOOD, head=""), errors.VCFFormatError, "##fileformat"),
    "50": (b"\xef\xbb\xbf" + vcf(GOOD), errors.VCFFormatError, "byte order mark"),
    "51": (vcf(GOOD).decode().encode("utf-16"), errors.VCFFormatError, "UTF-16"),
    "53": (vcf(GOOD).replace(b"\t", b" "), errors.VCFFormatError, "spaces"),
    "54": (vcf(GOOD, names=""), errors.VCFFormatError, "no #CHROM line"),
    "55": (vcf(GOOD).replace(b"\tS2", b"\tS1"), errors.DuplicateSampleError, "1 sample name(s)"),
    "56": (vcf(GOOD).replace(b"\tS2", b"\t"), errors.VCFFormatError, "no name"),
    "63": (
        (HEAD + "\t".join(NAMES.split("\t")[:8]) + "\n").encode(), errors.EmptyVCFError,
        "no samples",
    ),
    "64": ((HEAD + NAMES).encode(), errors.EmptyVCFError, "no records"),
    "72": (vcf(GOOD)[:-12], errors.VCFFormatError, "columns"),
    "73": (vcf("\n", GOOD), errors.VCFFormatError, "blank"),
    "74": (vcf("# a comment\n", GOOD), errors.VCFFormatError, "columns"),
    "76": (vcf(line("0/1", "0/0", pos="abc")), errors.VCFFormatError, "is not a record"),
    "76 negative": (vcf(line("0/1", "0/0", pos="-5")), errors.VCFFormatError, "is not a record"),
    "82": (b"PK\x03\x04" + bytes(40), errors.VCFFormatError, "zip archive"),
    "82 bzip2": (bz2.compress(vcf(GOOD)), errors.VCFFormatError, "bzip2"),
    "94": (b"", errors.EmptyVCFError, "empty"),
    "95": (
        b"# This data file generated by 23andMe\n# rsid\tchromosome\tposition\tgenotype\n",
        errors.EmptyVCFError, "consumer array",
    ),
    "95 csv": (b"sample,rs1\nx,AG\n", errors.VCFFormatError, "not a VCF"),
}  # fmt: skip
