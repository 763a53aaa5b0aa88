"""From views to published statuses, at instants that the tests choose."""
