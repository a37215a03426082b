"""Races 1 and 2: what `log()` and `log_batch` cost beside their floors and beside other loggers."""
