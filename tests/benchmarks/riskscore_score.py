"""The command `riskscore score`, by the Python that runs the benchmarks."""

import sys

from riskscore.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "score")
    main()
