"""What a model computed inside, under the crystal's own symmetry operations."""
