"""The Job controller: ``controller`` decides, ``counting`` writes the status and lets counted pods go, the others are
the facts and rules that the two work with."""

from graph.demo.controllers.job.controller import JobController
from graph.demo.controllers.job.ttl import TtlController

__all__ = ["JobController", "TtlController"]
