"""What several kinds share. A kind imports from here and from ``model``, never from another kind."""
