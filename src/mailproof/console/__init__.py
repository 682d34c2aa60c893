"""The operator's console: pages that say in one look how things are, and let people act."""
