"""Write terms as rows, in the columns of weights.tsv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from riskscore.genetics.hla import HLAAllele
from riskscore.models.model import HaplotypeScheme, RiskModel
from riskscore.models.scoring_files.rows import FREQUENCY, OWN_FREQUENCY
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Part,
    Term,
    VariantFactor,
)

FIRST = "###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org/downloads/#dl_ftp_scoring"
FIRST += " for additional information"
_JOINED = ("rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "position_grch37",
           "reference_allele", "variant_type")  # fmt: skip
_FLAGS: dict[str, dict[str, str]] = {
    ADDITIVE.name: {},
    DOMINANT.name: {"is_dominant": "True"},
    RECESSIVE.name: {"is_recessive": "True"},
}

Cells = dict[str, str]


def rows_of(model: RiskModel) -> list[tuple[Term, Cells]]:
    """The model's genetic terms, each with its cells by column; an empty cell is left out."""
    return [(term, row_of(term, model.scheme)) for term in model.terms if term.part is Part.GENETIC]


def row_of(term: Term, scheme: HaplotypeScheme | None) -> Cells:
    """One genetic term as a row of weights.tsv."""
    if len(term.factors) > 1:
        parts = [factor_cells(factor, scheme) for factor in term.factors]
        cells = {c: _joined([part.get(c, "") for part in parts]) for c in _JOINED}
        codings = [factor.coding.name for factor in term.factors]
        cells |= {"is_interaction": "True", "interaction_coding": "_x_".join(codings)}
        cells |= weight_cells(term.weight, ADDITIVE)
    else:
        factor = term.factors[0]
        cells = factor_cells(factor, scheme) | weight_cells(term.weight, factor.coding)
        if cells.get("variant_type") == "HLA_AA" and "is_haplotype" in cells:
            cells["locus_name"] = term.id.partition(" (")[0]
    cells |= {
        "variant_description": term.label,
        "component": term.component,
        "source": term.source,
        "status": term.status.value,
        "fallback_for": f"HLA-{term.fallback_for}" if term.fallback_for else "",
        "standard_error": "" if term.standard_error is None else repr(term.standard_error),
    }
    return {column: text for column, text in cells.items() if text}


def _joined(pieces: Sequence[str]) -> str:
    """Pieces joined by ``_x_``; one that all share stands once, for chr_name and variant_type."""
    return pieces[0] if len(set(pieces)) == 1 and not pieces[0] else "_x_".join(pieces)


def weight_cells(weight: float, coding: Coding) -> Cells:
    """A weight by its coding: a flag where the format has one, else a weight by dosage."""
    if coding.name in _FLAGS:
        return {"effect_weight": repr(weight), **_FLAGS[coding.name]}
    return {f"dosage_{n}_weight": repr(weight * v) for n, v in enumerate(coding.values)}


def factor_cells(factor: Factor, scheme: HaplotypeScheme | None) -> Cells:
    """The cells of a row that name what a factor reads."""
    match factor:
        case VariantFactor():
            return _variant(factor)
        case HLAAlleleFactor():
            return {
                "chr_name": "6",
                "effect_allele": alleles_text(factor.alleles),
                "locus_name": factor.name or f"HLA-{factor.gene}",
                "variant_type": "HLA_allele",
            }
        case AminoAcidFactor():
            several = {"is_haplotype": "True"} if len(factor.residues) > 1 else {}
            return {
                "chr_name": "6",
                "effect_allele": str(factor),
                "locus_name": str(factor) if several else f"HLA-{factor.gene}",
                "variant_type": "HLA_AA",
                **several,
            }
        case HaplotypeFactor():
            return _haplotype(factor, scheme)
        case DiplotypeFactor():
            pair = "+".join(factor.names)
            cells = {"chr_name": "6", "effect_allele": pair, "locus_name": pair}
            return cells | {"variant_type": "HLA_allele", "is_diplotype": "True"}
        case ExposureFactor():
            raise ValueError("an exposure is no row of a weights file")


def alleles_text(alleles: Iterable[HLAAllele]) -> str:
    """Alleles that are counted together, joined by ``/``."""
    return "/".join(f"HLA-{allele}" for allele in alleles)


def _variant(factor: VariantFactor) -> Cells:
    variant = factor.variant
    if variant.members:
        cells = [_variant(VariantFactor(member)) for member in variant.members]
        joined = {c: ";".join(cell[c] for cell in cells) for c in cells[0]}
        joined = {c: text if text.strip(";") else "" for c, text in joined.items()}
        joined |= {"chr_name": variant.chromosome, "is_haplotype": "True"}
        return joined | frequency_cells(factor.frequency)
    named = ":" not in variant.name
    return {
        "rsID": variant.name if named else ".",
        "chr_name": variant.chromosome,
        "chr_position": "" if variant.position_grch38 is None else str(variant.position_grch38),
        "position_grch37": "" if variant.position_grch37 is None else str(variant.position_grch37),
        "effect_allele": variant.effect_allele,
        "other_allele": variant.other_allele,
        "reference_allele": variant.reference_allele,
        **frequency_cells(factor.frequency),
    }


def _haplotype(factor: HaplotypeFactor, scheme: HaplotypeScheme | None) -> Cells:
    assert scheme is not None
    own = next(h for h in scheme.haplotypes if h.name == factor.name)
    return {
        "chr_name": "6",
        "effect_allele": ";".join(alleles_text(alleles) for alleles in own.alleles.values()),
        "locus_name": factor.name,
        "is_haplotype": "True",
        "variant_type": "HLA_allele",
        **frequency_cells(own.frequency),
    }


def frequency_cells(frequency: Mapping[str, float]) -> Cells:
    """Frequencies by their columns."""
    return {
        "allelefrequency_effect" if name == OWN_FREQUENCY else f"{FREQUENCY}{name}": repr(share)
        for name, share in frequency.items()
    }


def as_text(
    header: Mapping[str, Mapping[str, str]], rows: Sequence[Cells], order: Sequence[str]
) -> str:
    """A scoring file: header keys by section (``""`` before the first), then the rows.

    ``order`` are the columns that may stand, in their order; those that are empty throughout are
    left out, except the ones every file has.
    """
    lines = [FIRST]
    for section, keys in header.items():
        lines += [f"##{section}"] if section else []
        lines += [f"#{key}={value}" for key, value in keys.items()]
    always = {"rsID", "chr_name", "chr_position", "effect_allele", "other_allele", "effect_weight"}
    columns = [c for c in order if c in always or any(row.get(c) for row in rows)]
    lines.append("\t".join(columns))
    blank = {"rsID": "."}
    lines += ["\t".join(_cell(row.get(c, "") or blank.get(c, "")) for c in columns) for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split())
