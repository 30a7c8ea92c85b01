"""The player: a figure that a reader steps through, and whose inputs a reader changes.

In: a traced graph and the options of a figure. Out: a `Player`, one HTML page or a fragment for a
page, which asks for nothing else. The steps are those of `figure.frames`, the picture is the one
that `render` draws; what is said at a step is a template whose numbers the page puts in. Knows no
derivative and no layout. For other rooms: `play`, `save`, `slides`, `Player`, `Slides`.
"""

from __future__ import annotations

from graphtrace.player.play import Player, play, save
from graphtrace.player.slides import Slides, slides

__all__ = ["Player", "Slides", "play", "save", "slides"]
