"""The study's data: descriptor, tables, bibliography, what is checked in them, and the codebook made from them."""
