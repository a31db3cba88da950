"""How a run goes: what is stale, in which order and by which kernel it is made, and how it is put in place whole."""
