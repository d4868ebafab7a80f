"""The engine of live texts: documents, their log, rooms. Knows no request, no HTML page, no domain word."""
