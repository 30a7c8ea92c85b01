"""A fence ```` ```graphtrace at="a=5" ```` in Markdown that becomes a figure.

In: what `pymdownx.superfences` hands on, in MkDocs, Material, Zensical or Python-Markdown alone.
Out: HTML with the SVG or the player in it. Knows which page MkDocs and Zensical are at; what a
figure is, `places` knows. For others: `format` and `validator`, which a site's settings name.
"""

from graphtrace.fence.fence import format, validator

__all__ = ["format", "validator"]
