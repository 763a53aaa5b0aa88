"""From views to published statuses, purely: identity, owner links, judging bottom-up, settling. No I/O, no clock."""
