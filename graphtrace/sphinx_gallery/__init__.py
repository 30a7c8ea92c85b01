"""The figures of a Sphinx-Gallery: `"image_scrapers": ["graphtrace.sphinx_gallery.scraper"]`.

In: a block of an example that has run. Out: an SVG, and a PDF for LaTeX, for each graph and figure
that the block has made, and reST that shows them. Imports no Sphinx-Gallery: it calls us. For
others: `scraper`, which the gallery's settings name.
"""

from graphtrace.sphinx_gallery.figures import scraper

__all__ = ["scraper"]
