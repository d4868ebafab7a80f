"""Validation: decodes a client's update and judges it before anything is applied. Knows no room and no database."""
