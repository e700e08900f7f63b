"""The door for a clone: `python cli.py …` is `seqkit …`."""

from seqkit.cli import main

if __name__ == "__main__":
    main()
