"""The judges and projections of each kind."""
