"""What judges a dump, a log, a report: independent of the program."""
