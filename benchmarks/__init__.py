"""What the program costs and how fast it is, measured on real parts: nothing here asserts, it prints.

``python -m benchmarks`` runs all of them, ``python -m benchmarks judge queries`` some. See ``docs/benchmarks.md``.
"""
