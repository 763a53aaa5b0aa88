"""The watching half of the operator against an API server that plays a script: real HTTP, no Kubernetes."""
