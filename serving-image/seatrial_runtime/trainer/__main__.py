"""`python -m seatrial_runtime.trainer`: configured by the environment alone, on one thread."""

import os
import sys


def main() -> int:
    """Train; the exit code is that of `main.main`."""
    # Before numpy is imported: one thread is what the pod asks for, and adds up in the same order each time.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from seatrial_runtime.trainer.main import main as run

    return run(os.environ)


if __name__ == "__main__":
    sys.exit(main())
