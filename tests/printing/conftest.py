"""What the tests of the printed forms share: runs that are invented, and the released one."""

from invented_runs import hostile, make_run, released, released_document  # noqa: F401 (fixtures)
