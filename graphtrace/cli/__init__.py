"""The command `graphtrace`.

In: what was typed. Out: files, lines on standard error, and an exit code: 0, 2 where the command
was not used as it can be, 1 where something failed, 130 after Ctrl-C. Each command imports what it
needs when it runs; an error is one sentence, and a traceback only if asked for.
"""

import atexit
import gc

from graphtrace.cli.gallery import gallery
from graphtrace.cli.plots import activation, network, slope
from graphtrace.cli.program import main
from graphtrace.cli.render import render

for command in (render, gallery, activation, slope, network):
    main.add_command(command)

# What a command imports stays until it ends. Looking through it for garbage, when more is imported
# and once more at the end, took a quarter of a run.
gc.set_threshold(100_000)
gc.freeze()
atexit.register(gc.freeze)

__all__ = ["main"]
