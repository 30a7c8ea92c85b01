"""`python -m graphtrace` is the command `graphtrace`."""

from graphtrace.cli import main

if __name__ == "__main__":
    main()
