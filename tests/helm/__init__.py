"""The chart in `helm/`: rendered, refused, and installed by real Helm on a real API server."""
