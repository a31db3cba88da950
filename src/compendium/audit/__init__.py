"""The report checked against itself: named facts, claims compared with them, and the verdict."""
