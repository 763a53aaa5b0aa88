"""The whole program, from a real API server to a websocket: every part a process of its own."""
