"""A small sound file of each kind that riskscore reads, to be changed, and what reads it."""

import gzip
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bgen import BgenWriter
from pgenlib import PgenWriter

import riskscore as rs
from riskscore.models.catalog import load_model
from riskscore.samples.exposure_table import read_exposures
from riskscore.samples.family import read_family
from riskscore.samples.hla.imputation.panel_file import read_panel
from riskscore.studies.people_table import read_people
from tests.samples.files.blocks.bgzf_files import HEADER, write_vcf
from tests.samples.files.blocks.test_bcf import write_bcf
from tests.samples.files.consumer.layouts import ANCESTRY, MYHERITAGE, TWENTYTHREE
from tests.samples.files.whole import read_all

ROOT = Path(__file__).parents[2]
PEOPLE = ("A", "B", "C")
MODELS = (rs.load_model("ms"),)
SCORING = (
    "###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org/downloads/\n#format_version=2.0\n"
    "#pgs_id=PGS000001\n#genome_build=GRCh38\n#weight_type=beta\n#variants_number=3\n"
    "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\tallelefrequency_effect\n"
    "6\t31284147\tT\tC\t0.5\t0.2\n1\t113834946\tA\tG\t-0.25\t0.1\n11\t2160994\tA\tT\t1e-3\t0.3\n"
)
TYPED = {
    "wide.tsv": "sample\tDRB1_1\tDRB1_2\tA\tA\nA\t03:01\t15:01\t01:01\t02:01\nB\t04:01\t\t.\t.\n",
    "rows.csv": "sample,gene,allele1,allele2,posterior\nA,DRB1,03:01,15:01,.9\nB,A,01:01,02:01,1\n",
    "arcas.json": '{"S": {"A": ["A*01:01", "A*02:01:01"], "DRB1": ["DRB1*15:01"]}}',
    "xhla.json": '{"subject_id": "S", "hla": {"alleles": ["A*01:01", "A*02:01", "B*08:01"]}}',
}
TABLES = {
    "people.tsv": "sample\tsmoking\tsex\tage\nA\tnever\tfemale\t30\nB\tever\tmale\t40.5\n",
    "people.csv": 'IID,smoking,"sex",note\nA,never,female,"a, b"\nB,ever,male,\n',
    "people.txt": "FID IID case\nF A 1\nF B 2\nF C -9\n",
    "family.tsv": "sample\trelation\taffected\tage\nA\tmother\tyes\t30\nB\tsibling\tno\t41\n",
}


@dataclass(frozen=True)
class Kind:
    """Files of one kind: those that are changed, and what reads them all after one was."""

    files: tuple[Path, ...]
    read: Callable[[Path], object]
    packed: bool = False  # what is changed is inside gzip


def sound_files(folder: Path) -> dict[str, Kind]:
    """Write every kind into a folder."""
    return {
        "tables": Kind(_texts(folder / "tables", TABLES), _read_table),
        "HLA tables": Kind(_typed(folder / "typed"), rs.read_hla),
        "scoring files": Kind(_texts(folder / "scoring", {"score.txt": SCORING}), load_model),
        "models": Kind(_model(folder / "model"), lambda path: load_model(path.parent)),
        "VCF": Kind(_vcf(folder / "vcf"), read_all),
        "consumer arrays": Kind(_arrays(folder / "arrays"), read_all),
        "PGEN": Kind(_pgen(folder / "pgen"), lambda path: read_all(path.with_suffix(".pgen"))),
        "BGEN": Kind(_bgen(folder / "bgen"), read_all),
        "panels": Kind(_panel(folder / "panel"), read_panel),
        **_indexed(folder / "indexed"),
    }


def _read_table(path: Path) -> None:
    if path.name.startswith("family"):
        read_family(path)
    else:
        read_people(path)
        read_exposures(path, PEOPLE, MODELS)


def _texts(folder: Path, texts: dict[str, str]) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return tuple(folder / name for name in texts)


def _typed(folder: Path) -> tuple[Path, ...]:
    corpus = [
        path for path in sorted((ROOT / "tests" / "corpus" / "hla").iterdir())
        if path.name not in {"README.md", "alpha.v3.txt"}
    ]  # fmt: skip
    mine = _texts(folder, TYPED)
    return (*mine, *(Path(shutil.copy(path, folder)) for path in corpus))


def _model(folder: Path) -> tuple[Path, ...]:
    shutil.copytree(ROOT / "reference" / "models" / "ms-2013", folder)
    return folder / "model.yaml", folder / "weights.tsv"


def _lines(contig: str, count: int) -> list[str]:
    return [
        f"{contig}\t{100 + 40 * i}\trs{i}\tA\tG\t.\tPASS\tR2=0.9\tGT:DS\t0|{i % 2}:0.5\t./.:.\n"
        for i in range(count)
    ]


def _vcf(folder: Path) -> tuple[Path, ...]:
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n"
    return _texts(folder, {"a.vcf": HEADER + columns + "".join(_lines("chr6", 8))})


def _arrays(folder: Path) -> tuple[Path, ...]:
    rows = [("rs1", "1", "1000", "AG"), ("rs2", "6", "31284147", "CC"), ("rs3", "X", "9", "T")]
    texts = {
        "a.txt": TWENTYTHREE.format(build=37) + "".join("\t".join(row) + "\n" for row in rows),
        "b.txt": ANCESTRY.format(build=37)
        + "".join(f"{n}\t{c}\t{p}\t{g[0]}\t{g[-1]}\n" for n, c, p, g in rows[:2]),
        "c.csv": MYHERITAGE.format(build=37)
        + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows),
    }
    paths = _texts(folder, texts)
    with zipfile.ZipFile(folder / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", texts["a.txt"])
    return (*paths, folder / "d.zip")


def _pgen(folder: Path) -> tuple[Path, ...]:
    folder.mkdir()
    path = folder / "a.pgen"
    with PgenWriter(str(path).encode(), 3, variant_ct=6, nonref_flags=False) as writer:
        for i in range(6):
            writer.append_biallelic(np.array([i % 3, 1, -9], dtype=np.int8))
    rows = "".join(f"6\t{100 + i}\trs{i}\tA\tG\n" for i in range(6))
    (folder / "a.pvar").write_text(f"#CHROM\tPOS\tID\tREF\tALT\n{rows}")
    (folder / "a.psam").write_text("#IID\tSEX\nA\t1\nB\t2\nC\tNA\n")
    return path, folder / "a.pvar", folder / "a.psam"


def _bgen(folder: Path) -> tuple[Path, ...]:
    folder.mkdir()
    for compression in ("zlib", "zstd"):
        path = str(folder / f"{compression}.bgen")
        with BgenWriter(path, 3, samples=["A", "B", "C"], compression=compression) as out:
            for i in range(8):
                table = np.array([[0.0, 0.25, 0.75], [1, 0, 0], [0.5, 0.5, 0]])
                out.add_variant(f"v{i}", f"rs{i}", "6", 100 + i, ["G", "A"], table)
    (folder / "zstd.bgen.bgi").unlink(missing_ok=True)  # the other has its index
    return folder / "zlib.bgen", folder / "zstd.bgen"


def _panel(folder: Path) -> tuple[Path, ...]:
    folder.mkdir()
    return (Path(shutil.copy(ROOT / "reference" / "hla" / "1000G_mhc.panel", folder)),)


def _indexed(folder: Path) -> dict[str, Kind]:
    """The three kinds of index, each of the file it is beside."""
    kinds = {}
    for name in ("tbi", "csi", "bcf.csi"):
        place = folder / name
        place.mkdir(parents=True)
        lines = [*_lines("chr1", 300), *_lines("chr6", 300)]
        path = write_vcf(
            place / "a.vcf.gz", 2, lines, random.Random(1), 900, csi=name == "csi"
        )  # fmt: skip
        if name == "bcf.csi":
            path = write_bcf(place, path, random.Random(1))
        index = Path(f"{path}.{name.removeprefix('bcf.')}")
        index.write_bytes(gzip.compress(gzip.decompress(index.read_bytes())))
        kinds[f"index {name}"] = Kind(
            (index,), lambda changed: read_all(changed.with_suffix("")), packed=True
        )
    return kinds
