"""An hour of real life on a real control plane, told in about a minute: many actors at once, and what is to be heard of
each of them.

Nodes are ten times as fast as real ones and the rules' thresholds are shortened, both by settings.
``python -m tests.e2e.reallife [RECORDING]`` plays it and prints what was heard.
"""
