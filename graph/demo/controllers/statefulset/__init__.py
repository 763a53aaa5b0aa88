"""The StatefulSet controller: ``controller`` decides what is next, ``identity`` says what each pod is to be, ``making``
makes and removes pods and their claims, ``status`` counts."""

from graph.demo.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
