"""What was observed and what it amounts to, in SQL: segments, watermarks, day records, and the close of a day.

Who may write it is held there as well: `lease` is the place of the one process that records a PBX, `stand_by` how
another waits for it, `lock_file` how one on the same machine need not wait long.
"""
