"""Actions: the action stream → Kubernetes → the operator log. One file per action; the runner carries them out."""
