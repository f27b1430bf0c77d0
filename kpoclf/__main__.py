"""``python -m kpoclf``: the command line."""

from kpoclf.cli.main import main

main()
