"""Run `_judge` as a module of the package, so that it can notice changes to itself."""

from ._judge import main

main()
