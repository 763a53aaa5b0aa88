"""What client developers meet: `python -m tests.conformance` prints a line for each promise of the protocols, kept with
raw sockets, the npm clients, `curl` and Python's `gql`. The suite runs the same.
"""
