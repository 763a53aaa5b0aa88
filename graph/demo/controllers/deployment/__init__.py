"""The Deployment controller. ``controller`` finds what is there, ``rollout`` decides, ``sets`` writes the ReplicaSets,
``progress`` the Deployment's status; ``revisions``, ``sizes`` and ``conditions`` are the rules that they work with."""

from graph.demo.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
