"""HTML files that need no other file: no network, no eval, every script and style hashed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from riskscore.distribution import extra
from riskscore.genetics.superpopulations import superpopulation_words
from riskscore.writing.plain_words import in_thousand, lost_words, part_words, plain_code

with extra("report"):
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    from markupsafe import Markup


def source_of(content: str) -> str:
    """The Content-Security-Policy source that allows exactly this inline text."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(scripts: Sequence[str], style: str) -> str:
    """The Content-Security-Policy: nothing is loaded, only these scripts and this style run."""
    allowed = " ".join(source_of(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {source_of(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def embedded_json(content: Any) -> Markup:
    r"""Data for a ``<script type="application/json">``, which cannot end the element early.

    Numbers have twelve digits: the last of sixteen depend on how many threads BLAS has.

    >>> embedded_json({"name": "</script>"})
    Markup('{"name":"\\u003c/script\\u003e"}')
    """
    text = json.dumps(_rounded(content), separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _rounded(content: Any) -> Any:
    """Data with its numbers rounded to twelve digits."""
    if isinstance(content, float):
        return float(f"{content:.12g}")
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    return [_rounded(one) for one in content] if isinstance(content, list | tuple) else content


def asset(package: str, name: str) -> str:
    """The text of a file in a package's folder ``assets``."""
    return resources.files(package).joinpath("assets", name).read_text(encoding="utf-8")


def render(
    package: str,
    template: str,
    context: Mapping[str, Any],
    *,
    style: str,
    script: str,
    second_script: str = "",
) -> str:
    """A template of a package filled in; everything that is not Markup is escaped."""
    environment = Environment(
        loader=PackageLoader(package, "assets"),
        autoescape=select_autoescape(("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = embedded_json
    environment.filters["plain"] = plain_code
    environment.filters["lost"] = lost_words
    environment.filters["part"] = part_words
    environment.filters["people"] = superpopulation_words
    environment.filters["thousand"] = in_thousand
    environment.filters["sentence"] = lambda words: words[:1].upper() + words[1:]
    return environment.get_template(template).render(
        **context,
        policy=policy([s for s in (script, second_script) if s], style),
        style=Markup(style),
        script=Markup(script),
        second_script=Markup(second_script),
    )
