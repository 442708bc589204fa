"""How `make docs` builds: without network, from docstrings and the stored notebooks."""

from importlib import metadata

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

nb_execution_mode = "off"  # the outputs that are stored are shown
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
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


def setup(app):
    """Write formulas as MathML."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_mathml, None), block_renderers=(_mathml, None)
    )
