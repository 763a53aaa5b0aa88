"""Documents that are made to be expensive: each is rejected, and none costs more than 20 ms of CPU.

``python -m tests.api.hostile [COUNT]`` tries 5,000 of them, prints a line for each family and ends with 1 when one was
accepted or took longer.
"""
