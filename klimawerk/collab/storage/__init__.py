"""Storage: documents and their log in the database, and the projection of their texts into columns."""
