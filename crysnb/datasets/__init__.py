"""Readers of labelled crystals and their splits."""
