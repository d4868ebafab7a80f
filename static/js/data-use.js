// The page's foot: the switch of the data saver, and about how much has been used.

import { connection } from "./connection.js"
import { dataSaver } from "./data-saver.js"
import { startVolume, usedVolume } from "./data-volume.js"
import { clock, loadLaterMessages, number, messageText } from "./messages.js"

const CALM = 5_000

export async function startDataUse() {
  startVolume(connection)
  await loadLaterMessages()
  const place = document.getElementById("data-use")
  if (!place) return
  const control = place.querySelector("[data-saver]")
  control.addEventListener("change", () => dataSaver.choose(control.checked))
  const draw = () => {
    control.checked = dataSaver.saver
    drawVolume(place.querySelector("[data-volume]"))
  }
  dataSaver.watch(draw)
  setInterval(() => document.hidden || drawVolume(place.querySelector("[data-volume]")), CALM)
  draw()
  place.hidden = false
}

function drawVolume(element) {
  const { bytes, since } = usedVolume()
  const text = messageText("volume", { size: number(Math.max(0.1, bytes / 1e6), 1), time: clock(since) })
  if (element.textContent !== text) element.textContent = text
}
