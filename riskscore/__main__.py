"""``python -m riskscore``: the command line where the command itself is not on the path."""

from riskscore.cli import main

if __name__ == "__main__":
    main()
