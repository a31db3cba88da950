"""What the notebooks compute and draw: a module for each stage, and for each figure that needs its own."""
