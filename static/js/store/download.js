// Downloads unsent changes as a text file.

import { createElement } from "../dom.js"
import { moment, messageText } from "../messages.js"

/** @param records of pending changes */
export function download(records) {
  const address = URL.createObjectURL(new Blob([asText(records)], { type: "text/plain;charset=utf-8" }))
  const day = new Date().toISOString().slice(0, 10)
  createElement("a", { href: address, download: `klimawerk-${day}.txt` }).click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

function asText(records) {
  const parts = records.flatMap(({ where, words, since, stuck }) =>
    words.map(({ label, text }) =>
      [`${where.title} · ${label}`, `${location.origin}${where.path} · ${moment(new Date(since))}`, stuck, "", text]
        .filter((line, i) => line || i > 2)
        .join("\r\n"),
    ),
  )
  return [messageText("panel.title"), ...parts].join("\r\n\r\n\r\n") + "\r\n"
}
