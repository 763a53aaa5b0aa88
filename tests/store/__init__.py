"""The store's contract, on real Redis servers."""
