"""What only those who work on graphtrace run: trials of every public function of NumPy.

In: the functions of the installed NumPy and SciPy. Out: docs/coverage.md. Nothing else imports it.
"""
