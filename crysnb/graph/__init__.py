"""Structures become batched graphs with periodic edges."""
