"""A reader's own copy of the report: read as text, searched for anchors and excerpts, compared with the data."""
