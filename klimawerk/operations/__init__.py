"""Operations: backup and restore of the installation, diagnostics and memory of processes. Independent of domains."""
