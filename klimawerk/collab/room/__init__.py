"""Rooms: documents that are open in this process; their members, commits, relay and projection schedule."""
