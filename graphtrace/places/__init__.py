"""Figures for pages that somebody builds: from the text of a page to an SVG or a PDF.

In: a `Request`, what a page writes: a TARGET or Python, values, options, all as text. Out: the
figure in a format, kept under a name of its content, and the files that it was made from; or one
sentence that tells what is wrong. Knows no Sphinx and no Markdown: each place is a room of its own
above. For other rooms: `request`, `drawn`, `sources`.
"""
