"""``statusgraph judge``."""
