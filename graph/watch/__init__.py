"""Kubernetes → store:

the operator's watching half. Reflectors feed the forest, its verdicts go out through the outbox.
"""
