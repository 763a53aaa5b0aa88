"""Builds the Dockerfile without Docker and runs the image as a cluster would; ``python -m tests.image``.

A Debian base is made by debootstrap (kept in the user's cache), buildah builds on it, and bubblewrap runs the image's
own commands on its read-only root as its unprivileged user. No registry of images is asked for anything. One line a
check; the exit code is 1 when one fails, 2 when this machine cannot run them.
"""
