"""Inputs that nobody would send on purpose, made of ones that somebody does: seeded, so that each
can be had again by its area, its seed and its number."""
