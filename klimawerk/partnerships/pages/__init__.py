"""The doors behind `routes.py`, by what they are about."""
