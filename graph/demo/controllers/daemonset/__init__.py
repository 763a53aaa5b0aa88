"""The DaemonSet controller: ``controller`` brings a pod to each node and counts, ``rolling`` replaces old pods by new
ones, ``nodes`` says which nodes are meant and what a pod for one of them is."""

from graph.demo.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
