"""`python -m seqkit …` is `seqkit …`: for torchrun, which starts modules."""

from seqkit.cli import main

if __name__ == "__main__":
    main()
