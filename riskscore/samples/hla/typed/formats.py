"""Reading a typed HLA table whatever its format: the format is found from the content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from riskscore.errors import HLAFormatError
from riskscore.files.inputs import require_file, text_lines
from riskscore.samples.hla.typed.codes import check_names, read_codes
from riskscore.samples.hla.typed.imputers import (
    is_alleles_by_gene,
    is_axiom,
    is_hibag_without_header,
    read_alleles_by_gene,
    read_axiom,
    read_hibag,
    read_hibag_without_header,
)
from riskscore.samples.hla.typed.reports import (
    is_hisat,
    is_hlascan,
    is_hml,
    read_hisat,
    read_hlascan,
    read_hml,
)
from riskscore.samples.hla.typed.sheets import Sheet, gene_of, read_sheet
from riskscore.samples.hla.typed.tables import (
    GL_COLUMNS,
    PED_GENES,
    read_gl_table,
    read_long,
    read_ped,
    read_ukb,
    read_wide,
    ukb_alleles,
    wide_columns,
)
from riskscore.samples.hla.typed.typer_tables import (
    is_dragen,
    is_kourami,
    is_phlat,
    is_polysolver,
    is_seq2hla,
    is_spechla,
    read_dragen,
    read_kourami,
    read_phlat,
    read_polysolver,
    read_seq2hla,
    read_spechla,
)
from riskscore.samples.hla.typed.typers import (
    read_hla_hd,
    read_hla_la,
    read_json,
    read_optitype,
    read_t1k,
)
from riskscore.samples.hla.typed.typing import Genotype, Typings, same_alleles

_PYPOP = "labcode"  # the first column of the two lines that PyPop puts above the header


def read_typings(
    path: str | Path,
    *,
    codes: str | Path | None = None,
    allele_list: str | Path | None = None,
) -> Typings:
    """Read a typed HLA table; a person whom it does not name has the name "".

    ``codes`` is a table (code, alleles) of what multiple allele codes stand for, or NMDP's own.
    ``allele_list`` is IPD-IMGT/HLA's Allelelist.txt: a name that it does not have is then an error.

    Raises HLAFormatError, saying what cannot be read and in which lines.
    """
    path = require_file(Path(path), "HLA table")
    table = read_codes(Path(codes) if codes else None)
    text = "\n".join(line for _, line, _ in text_lines(path))
    if text.lstrip()[:1] in {"{", "["} and not is_hlascan(text):
        typings = read_json(text, path.name, table)
    elif is_hml(text):
        typings = read_hml(text, path.name, table)
    elif is_hisat(text):
        typings = read_hisat(text, path.name)
    elif is_hlascan(text):
        typings = read_hlascan(text, path.name, table)
    else:
        typings = read_table(read_sheet(path, table))
    if not typings.genes:
        raise HLAFormatError(f"the {typings.format} table types nobody", where=path.name)
    if allele_list:
        check_names(typings, Path(allele_list), path.name)
    return replace(typings, file=path.name)


def read_table(sheet: Sheet) -> Typings:
    """A delimited table, its format found from its header or its first row."""
    if sheet.header[0].lower() == _PYPOP and len(sheet.rows) > 2:
        below = replace(sheet, rows=sheet.rows[2:], lines=sheet.lines[2:])
        read = replace(_reader(below)(below), format="PyPop")
    else:
        read = _reader(sheet)(sheet)
    sheet.all_read()
    return read


def _reader(sheet: Sheet) -> Callable[[Sheet], Typings]:
    reader = next((reader for fits, reader in _READERS if fits(sheet)), None)
    if reader is None:
        raise sheet.error(
            "the HLA table is of no format known here",
            fix="give columns sample, DRB1_1, DRB1_2, ... (or sample, gene, allele_1, allele_2)",
        )
    return reader


def _has(*names: str) -> Callable[[Sheet], bool]:
    """Whether a header has all of these columns."""
    return lambda sheet: all(sheet.column(name) >= 0 for name in names)


def _first(fits: Callable[[Sequence[str]], bool]) -> Callable[[Sheet], bool]:
    """Whether the first row is of a kind."""
    return lambda sheet: fits(sheet.header)


def _is_long(sheet: Sheet) -> bool:
    pair = any(_has(*names)(sheet) for names in (("allele_1", "allele_2"), ("allele1", "allele2")))
    alleles = pair or sheet.column("allele") >= 0
    return sheet.samples >= 0 and sheet.column("gene", "locus") >= 0 and alleles


def _is_gl_table(sheet: Sheet) -> bool:
    return sheet.samples >= 0 and sheet.column(*GL_COLUMNS) >= 0


def _is_wide(sheet: Sheet) -> bool:
    return sheet.samples >= 0 and bool(wide_columns(sheet))


def _is_t1k(sheet: Sheet) -> bool:
    row = sheet.header
    return len(row) >= 8 and row[1].isdigit() and any(gene_of(cells[0]) for cells in sheet.rows)


def _is_hla_hd(sheet: Sheet) -> bool:
    return len(sheet.header) in {2, 3, 4} and any(gene_of(cells[0]) for cells in sheet.rows)


# Each format by what its header or first row has, the surest signs first.
_READERS: tuple[tuple[Callable[[Sheet], bool], Callable[[Sheet], Typings]], ...] = (
    (_has("locus", "chromosome", "allele"), read_hla_la),
    (_has("a1", "a2", "b1", "b2", "c1", "c2", "reads", "objective"), read_optitype),
    (_first(is_seq2hla), read_seq2hla),
    (_first(is_phlat), read_phlat),
    (_first(is_polysolver), read_polysolver),
    (_first(is_kourami), read_kourami),
    (_first(is_alleles_by_gene), read_alleles_by_gene),
    (_first(is_axiom), read_axiom),
    (_first(is_hibag_without_header), read_hibag_without_header),
    (_is_gl_table, read_gl_table),
    (lambda sheet: sheet.samples >= 0 and _has("allele1", "allele2", "prob")(sheet), read_hibag),
    (_is_long, read_long),
    (lambda sheet: bool(ukb_alleles(sheet)), read_ukb),
    (is_spechla, read_spechla),
    (_is_wide, read_wide),
    (_is_t1k, read_t1k),
    (_is_hla_hd, read_hla_hd),
    (lambda sheet: len(sheet.header) in PED_GENES, read_ped),
    (is_dragen, read_dragen),
)


def merged(files: Sequence[Typings]) -> tuple[Mapping[str, Typings], tuple[str, ...]]:
    """Typings by format, so that files of one person each become one table, and warnings.

    Where several files type a gene of one person the first of them holds, whatever their formats,
    and a warning says in how many people they differ.
    """
    by_format: dict[str, Typings] = {}
    held: dict[tuple[str, str], Genotype] = {}
    twice: set[str] = set()
    unlike: set[str] = set()
    for typings in files:
        known = by_format.get(typings.format)
        people = {} if known is None else {name: dict(g) for name, g in known.people.items()}
        for name, genes in typings.people.items():
            own = people.setdefault(name, {})
            for gene, genotype in genes.items():
                before = held.setdefault((name, gene), genotype)
                if before is genotype:
                    own[gene] = genotype
                    continue
                twice.add(name)
                if not same_alleles(before, genotype):
                    unlike.add(name)
        notes = () if known is None else known.notes
        notes = tuple(dict.fromkeys((*notes, *typings.notes)))
        by_format[typings.format] = Typings(typings.format, people, notes)
    warnings: tuple[str, ...] = ()
    if unlike:
        warnings = (
            f"{len(unlike)} of the {len(twice)} people whom several HLA tables type differ between "
            "them; the first table given holds",
        )
    return by_format, warnings
