"""How many cases a fuzzer tries: few in every run of the tests, many by `make fuzz`."""

import os


def cases(few: int, many: int) -> int:
    """`few`, or under `make fuzz`, which sets GRAPHTRACE_FUZZ, `many`."""
    return many if os.environ.get("GRAPHTRACE_FUZZ") else few
