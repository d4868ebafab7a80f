"""Keeping an installation: the whole of it into one file, and back. Knows tables, no domain word."""
