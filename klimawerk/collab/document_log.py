"""The stored form of a document: compacted state and log."""

from __future__ import annotations

from dataclasses import dataclass

from pycrdt import Doc, XmlFragment


@dataclass(frozen=True)
class DocumentLog:
    """What is stored of a document: `state` reaches to `upto`, `rows` = (seq, payload) follow without gaps."""

    id: int
    gen: str
    seq: int
    upto: int
    state: bytes
    rows: list[tuple[int, bytes]]

    def document(self) -> Doc[XmlFragment]:
        """The document as it is on disk."""
        document: Doc[XmlFragment] = Doc()
        for payload in (self.state, *(payload for _, payload in self.rows)):
            document.apply_update(payload)
        return document
