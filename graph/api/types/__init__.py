"""The types of the public schema: those that are the same for every set of kinds, and the factory of the others."""
