"""The nouns: frozen values that every other package exchanges. Import from the modules."""
