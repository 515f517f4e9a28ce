"""Checks that any model of ours, or of yours, can be put through. Stands outside the layers."""
