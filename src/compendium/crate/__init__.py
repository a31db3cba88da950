"""A record of each run that others can read: a Workflow Run RO-Crate, and the archive that holds it."""
