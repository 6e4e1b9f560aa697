"""A leash: ``python -m engine.runtime.leash MODULE …`` runs a module until whoever holds its standard input is gone.

For what must not outlive its starter even when that is killed hard: the parts of a demo.
"""

import os
import runpy
import signal
import sys
import threading
import time

PATIENCE_S = 10.0


def main() -> None:
    """Run the module that the command line names."""
    threading.Thread(target=_watch, daemon=True, name="leash").start()
    module = sys.argv[1]
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch() -> None:
    try:
        while os.read(0, 1024):
            pass
    except OSError:  # a standard input that cannot be read holds nobody
        return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
