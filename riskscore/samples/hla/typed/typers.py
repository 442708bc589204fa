"""The output of HLA typing tools, a file for each person, and how each tool writes homozygotes.

* arcasHLA (JSON by gene): one allele is a homozygote; of DRB3, DRB4 and DRB5 one copy at least.
* xHLA (JSON list): two alleles a gene; one alone leaves the other unknown.
* OptiType: both alleles are always written.
* HLA*LA: two rows for each gene, in no order of chromosomes; Q1 is how sure the allele is.
* T1K: quality 0 or less is no call; one allele is a homozygote (as arcasHLA).
* HLA-HD: ``-`` is the allele before it once more; ``Not typed`` is not typed.

A gene that a tool leaves out is not typed; it does not count as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskscore.errors import HLAFormatError
from riskscore.files.inputs import JSONDepthError, parse_json
from riskscore.genetics.hla import AlleleList, HLAName
from riskscore.genetics.hla_names import Codes, read_name
from riskscore.samples.hla.typed.sheets import Sheet, gene_of
from riskscore.samples.hla.typed.typing import Genotype, Typings, in_file, one_of_two, two_alleles

_MOST_JSON = 64 << 20  # letters; arcasHLA writes some hundred for a person


def read_json(text: str, file: str, codes: Codes) -> Typings:
    """JSON of arcasHLA or xHLA; raises HLAFormatError for JSON of any other kind."""
    if len(text) > _MOST_JSON:  # of empty lists, it would fill a memory forty times as large
        raise HLAFormatError(
            f"the JSON has more than {_MOST_JSON >> 20} MB",
            where=file,
            fix="give the people in several files",
        )
    try:
        content = parse_json(text)
    except JSONDepthError as error:
        raise HLAFormatError(f"the JSON is {error}", where=file) from error
    except ValueError as error:
        raise HLAFormatError("the file is not JSON to its end", where=file) from error
    with in_file(file):
        if isinstance(content, dict) and isinstance(content.get("hla"), dict):
            return _xhla(content, codes)
        if isinstance(content, dict) and content:
            by_person = all(isinstance(value, dict) for value in content.values())
            people = content if by_person else {"": content}
            return Typings(
                "arcasHLA", {who: _arcas_genes(own, codes) for who, own in people.items()}
            )
    raise HLAFormatError(
        "the JSON is neither arcasHLA's (alleles by gene) nor xHLA's (hla: alleles)", where=file
    )


def _alleles(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise HLAFormatError("the alleles of a gene are not a list of names")
    return value


def _arcas_genes(content: Mapping[str, Any], codes: Codes) -> dict[str, Genotype]:
    genes: dict[str, Genotype] = {}
    for key, value in content.items():
        gene = gene_of(key)
        if not gene or value is None:
            continue  # DMA, DOB, E, ...: no model counts them
        names = [name for text in _alleles(value) if (name := read_name(text, gene, codes))]
        if len(names) > 2:
            raise HLAFormatError(f"HLA-{gene} has {len(names)} alleles")
        if len(names) == 1:
            genes[gene] = one_of_two(gene, names[0])
        elif names:
            genes[gene] = Genotype(((names[0], names[1]),))
    if not genes:
        raise HLAFormatError("the JSON names no HLA gene")
    return genes


def _xhla(content: Mapping[str, Any], codes: Codes) -> Typings:
    by_gene: dict[str, list[HLAName]] = {}
    for text in _alleles(content["hla"].get("alleles")):
        name = read_name(text, codes=codes)
        if name is not None:
            by_gene.setdefault(name.gene, []).append(name)
    for gene, names in by_gene.items():
        if len(names) > 2:
            raise HLAFormatError(f"HLA-{gene} has {len(names)} alleles")
    genes = {gene: two_alleles(gene, *names) for gene, names in by_gene.items()}
    subject = content.get("subject_id")
    return Typings.of_one("xHLA", genes, name=subject if isinstance(subject, str) else "")


def read_optitype(sheet: Sheet) -> Typings:
    """OptiType's result.tsv: one row for each solution, the first the best."""
    sheet.rectangular()
    if len(sheet.rows) < 2:
        raise sheet.error("OptiType's table has no solution")
    genes = {}
    for gene in ("A", "B", "C"):
        places = (sheet.column(f"{gene.lower()}1"), sheet.column(f"{gene.lower()}2"))
        first, second = (sheet.name(1, sheet.rows[1][place], gene, place) for place in places)
        genes[gene] = two_alleles(gene, first, second)
    return Typings.of_one("OptiType", genes)


def read_hla_la(sheet: Sheet) -> Typings:
    """HLA*LA's bestguess_G.txt; several alleles separated by ; are one of several."""
    sheet.rectangular()
    locus, allele, q1 = (sheet.column(name) for name in ("locus", "allele", "q1"))
    found: dict[str, list[tuple[HLAName, float]]] = {}
    for row in range(1, len(sheet.rows)):
        cells = sheet.rows[row]
        gene = gene_of(cells[locus])
        if not gene:
            continue
        parts = [sheet.name(row, part, gene, allele) for part in cells[allele].split(";")]
        names = [part for part in parts if part is not None]
        if names:
            sure = sheet.number(row, cells[q1], 0, 1, "Q1")
            member = AlleleList.of(m for name in names for m in name.members)
            found.setdefault(gene, []).append((member, 1.0 if sure is None else sure))
        if len(found.get(gene, ())) > 2:
            raise sheet.error(f"HLA-{gene} has more than two rows", row)
    genes = {
        gene: two_alleles(gene, *(name for name, _ in own), probability=min(q for _, q in own))
        for gene, own in found.items()
    }
    return Typings.of_one("HLA*LA", genes)


def read_t1k(sheet: Sheet) -> Typings:
    """T1K's genotype.tsv: gene, number of alleles, then allele, abundance and quality twice."""
    genes: dict[str, Genotype | None] = {}
    for row, cells in enumerate(sheet.rows):
        gene = gene_of(cells[0])
        if not gene:
            continue  # KIR, or an HLA gene no model counts
        if len(cells) < 8:
            raise sheet.error(f"{len(cells)} columns; T1K writes eight", row)
        names = []
        for place in (2, 5):
            quality = sheet.number(row, cells[place + 2], -1, 1e9, "a quality")
            texts = cells[place].split(",")
            if quality is not None and quality > 0:
                members = [m for t in texts if (m := sheet.name(row, t, gene)) is not None]
                names += [AlleleList.of(x for m in members for x in m.members)] if members else []
        if gene in genes:
            raise sheet.error(f"HLA-{gene} occurs twice", row)
        if len(names) == 1:
            # Of two alleles that were seen one is of low quality: it counts as unknown.
            pair = one_of_two if cells[1] == "1" else two_alleles
            genes[gene] = pair(gene, names[0])
        elif names:
            genes[gene] = two_alleles(gene, *names)
    return Typings.of_one("T1K", genes)


def read_hla_hd(sheet: Sheet) -> Typings:
    """HLA-HD's final.result.txt: gene, allele, allele or - for the same again."""
    genes: dict[str, Genotype] = {}
    for row, cells in enumerate(sheet.rows):
        gene = gene_of(cells[0])
        if not gene:
            continue
        if len(cells) < 3:
            raise sheet.error("HLA-HD writes a gene and two alleles", row)
        if gene in genes:
            raise sheet.error(f"HLA-{gene} occurs twice", row)
        first = sheet.name(row, "" if cells[1] == "-" else cells[1], gene)
        if cells[2] == "-":
            if first is not None:
                genes[gene] = one_of_two(gene, first)
            continue
        genotype = two_alleles(gene, first, sheet.name(row, cells[2], gene))
        if genotype is not None:
            genes[gene] = genotype
    return Typings("HLA-HD", {"": genes})
