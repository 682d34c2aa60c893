"""`python -m mailproof` is the command line."""

from mailproof.cli import main

if __name__ == "__main__":
    main()
