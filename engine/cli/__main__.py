"""``python -m engine.cli`` is ``lockstep``, for a checkout that is not installed."""

import sys

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
