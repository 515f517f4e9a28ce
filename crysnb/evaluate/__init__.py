"""Errors of predictions against labels, with intervals."""
