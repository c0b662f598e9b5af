"""`python -m factbook` is the command `factbook`."""

from __future__ import annotations

from factbook.cli import main

if __name__ == "__main__":
    main()
