"""What all tests share: the folder of this file on the path, so that tests find the helpers that lie in it."""

import os

# As Snakemake sets it for a job of one core: tests run side by side, and threads of small sums only get in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
