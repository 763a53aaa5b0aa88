"""Pure types that every layer shares: no I/O, no clock; the standard library and msgspec only."""
