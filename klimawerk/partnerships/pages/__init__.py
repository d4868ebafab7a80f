"""View functions of the routes in `routes.py`, by subject."""
