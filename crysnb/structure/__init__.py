"""A file, text or object becomes a checked pymatgen Structure. Import from the modules."""
