"""The promises R1 to R7 under faults between the real parts: `python -m tests.chaos`, and in short the tests.

Between the operator and the API server stands `apiproxy`, between our processes and Redis `wire` (Toxiproxy); an
`oracle` compares what Redis holds with a fresh list of the cluster.
"""
