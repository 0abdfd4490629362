"""What was observed and what it amounts to, in SQL: segments, watermarks, day records, and the close of a day."""
