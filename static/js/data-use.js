// The account menu's data saver switch and the approximate data volume used.

import { connection } from "./connection.js"
import { dataSaver } from "./data-saver.js"
import { startVolume, usedVolume } from "./data-volume.js"
import { clock, loadLaterMessages, number, messageText } from "./messages.js"

const INTERVAL = 5_000

/** Start counting, and show switch and volume once the messages are loaded. */
export async function startDataUse() {
  startVolume(connection)
  await loadLaterMessages()
  const place = document.getElementById("data-use")
  if (!place) return
  const control = place.querySelector("[data-saver]")
  control.addEventListener("change", () => dataSaver.choose(control.checked))
  const draw = () => {
    control.checked = dataSaver.on
    drawVolume(place.querySelector("[data-volume]"))
  }
  dataSaver.watch(draw)
  setInterval(() => document.hidden || drawVolume(place.querySelector("[data-volume]")), INTERVAL)
  draw()
  place.hidden = false
}

function drawVolume(element) {
  const { bytes, since } = usedVolume()
  const text = messageText("volume", { size: number(Math.max(0.1, bytes / 1e6), 1), time: clock(since) })
  if (element.textContent !== text) element.textContent = text
}
