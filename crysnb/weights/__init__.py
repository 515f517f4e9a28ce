"""The only package that opens weight files."""
