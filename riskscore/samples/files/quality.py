"""What INFO says of a record: how well it was imputed, and its frequencies."""

from __future__ import annotations

from riskscore.samples.files.record import Record

QUALITY = ("R2", "DR2", "INFO", "AR2")
INFO_READ = (*QUALITY, "AF")  # what is looked at of INFO beside END


def imputation_quality(record: Record, alt: int) -> float | None:
    """The imputation quality INFO states for an ALT (1 is the first), or for the record; else None.

    Raises VCFFormatError when what it states is not a number.
    """
    for key in QUALITY:
        text = record.info_value(key)
        if text is not None and text != ".":
            parts = text.split(",")
            part = parts[alt - 1] if len(parts) == len(record.alts) else parts[0]
            try:
                return float(part)
            except ValueError:
                raise record.error(f"INFO/{key}", f"{part!r} is not a number") from None
    return None


def stated_frequency(record: Record, effect_index: int) -> float:
    """The frequency of an allele (0 is REF) as INFO/AF states it, else nan."""
    try:
        shares = [float(part) for part in (record.info_value("AF") or "").split(",")]
    except ValueError:
        return float("nan")
    if len(shares) != len(record.alts):
        return float("nan")
    return shares[effect_index - 1] if effect_index else 1 - sum(shares)
