"""How `make docs` builds: without network, from docstrings, verbs, models and stored notebooks."""

import re
from importlib import metadata
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

project = "riskscore"
author = "The riskscore authors"
copyright = author
try:
    release = metadata.version("riskscore")
except metadata.PackageNotFoundError:
    release = ""

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "images", "included"]
html_theme = "furo"
html_title = f"riskscore {release}"
html_show_sourcelink = False

smartquotes_action = "qe"  # quotes and dots: of -- in an option no dash is made

nb_execution_mode = "off"  # the outputs that are stored are shown
nb_merge_streams = True
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False

html_math_renderer = "mathml"  # which browsers show by themselves, without a script from elsewhere


def _mathml(self, node):
    block = node.tagname == "math_block"
    formula = convert(node.astext(), display="block" if block else "inline")
    self.body.append(f"<div class='math'>{formula}</div>" if block else formula)
    raise nodes.SkipNode


def _write_verbs(folder: Path):
    """A page of every verb and its options, from the command line itself."""
    import typer
    from typer.cli import get_docs_for_click

    from riskscore.cli import command_line

    command = typer.main.get_command(command_line())
    _summaries(command)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="riskscore")
    (folder / "cli.md").write_text(text.replace("# `riskscore`", "# The command line", 1))


def _summaries(command):
    """The first sentence of every verb's help whole: a terminal cuts it at 45 letters."""
    for verb in getattr(command, "commands", {}).values():
        verb.short_help = (verb.help or "").split("\n\n")[0].replace("\n", " ")
        _summaries(verb)


def _write_models(folder: Path):
    """A page a model, with its card."""
    from riskscore.models.catalog import list_models, load_model
    from riskscore.models.reference.panel import reference_panel
    from riskscore.models.reference.progression import PROGRESSION
    from riskscore.writing.card import card_words, progression_words

    pages = folder / "models"
    pages.mkdir(exist_ok=True)
    ids = sorted(list_models())
    for name in ids:
        model = load_model(name)
        body = "\n".join(map(_as_markdown, card_words(model, reference_panel())))
        title = f"{_escaped(model.name)} (`{name}`)"
        (pages / f"{name}.md").write_text(f"# {title}\n\n{body}\n")
    body = "\n".join(map(_as_markdown, progression_words()))
    (pages / f"{PROGRESSION}.md").write_text(f"# Progression by autoantibodies\n\n{body}\n")
    listed = "\n".join([*ids, PROGRESSION])
    intro = "Each page is what `riskscore models show` prints."
    (pages / "index.md").write_text(
        f"# The models\n\n{intro}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )


def _escaped(text: str) -> str:
    return re.sub(r"([*_<>\[\]`#])", r"\\\1", text)


def _as_markdown(line: str) -> str:
    """A line of a card as Markdown: a list where it is indented, else a paragraph."""
    text = _escaped(line.strip().removeprefix("- "))
    return f"- {text}" if line.startswith("  ") else f"\n{text}\n"


def setup(app):
    """Write the pages made from the code, and formulas as MathML."""
    _write_verbs(Path(app.srcdir))
    _write_models(Path(app.srcdir))
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_mathml, None), block_renderers=(_mathml, None)
    )
