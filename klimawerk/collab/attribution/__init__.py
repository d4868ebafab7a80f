"""Attribution: who wrote which characters of a text, and when."""
