"""The command `graphtrace`.

In: what was typed. Out: files, lines on standard error, and an exit code: 0, 2 where the command
was not used as it can be, 1 where something failed, 130 after Ctrl-C. Each command imports what it
needs when it runs; an error is one sentence, and a traceback only if asked for.
"""

from graphtrace.cli.gallery import gallery
from graphtrace.cli.program import main
from graphtrace.cli.render import render

main.add_command(render)
main.add_command(gallery)

__all__ = ["main"]
