"""The text of an SVG of ours as a reader sees it."""

from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def lines(group):
    """The lines of text in an element: groups of runs, each run in its place."""
    return [g for g in group.iter(f"{SVG}g") if g.get("font-size") is not None]


def read(line):
    """What a line says, with a space where there is a gap."""
    said, end = "", None
    for run in line:
        start = float(run.get("x"))
        said += " " * (end is not None and start - end > 2) + run.text
        end = start + float(run.get("textLength"))
    return said


def texts(svg):
    """What all lines of a figure say."""
    return [read(line) for line in lines(ET.fromstring(svg))]


def middle_of(line):
    """The middle of a line of text, from left to right."""
    first, last = line[0], line[-1]
    end = float(last.get("x")) + float(last.get("textLength"))
    return (float(first.get("x")) + end) / 2
