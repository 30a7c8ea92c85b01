"""What a page asks for, without any tool that builds pages."""

from pathlib import Path

from graphtrace.places.request import Request

PICK = "import numpy as np\n\ndef pick(w, y):\n    return np.sum(w[y])\n"


def test_labels_are_integers_in_a_page_as_on_the_command_line():
    request = Request(text=PICK, options={"at": "w=[2, 3] y=[0, 1]"}, page=Path("page.md"))
    graph = request.meant()
    assert graph.value == 5.0
    assert graph.nodes["y"]["value"].dtype.kind == "i"
