"""crash, drgn and gdb on the dumps."""
