"""Recordings: every object version that a watcher saw on a real control plane while stories were told.

``history`` is their format, ``recorder`` makes them, ``replay`` hands them to the rules by their own clock, and
``flips`` tells which published statuses went there and back within a moment. ``python -m tests.recordings`` prints it.
"""
