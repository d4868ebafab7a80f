// A herd of readers: each requests a page within a moment, then what the page requests when the line is idle.

import { Agent, request } from "node:http"
import { sleep } from "./typing.mjs"

/** @param plan {url, cookies, path, then (path requested after the page; "" for none), within (ms)}
 *  @return {pages, all, then, missing, bytes}: ms of each page and of each second request, ms until all have the page,
 *    how many second requests the server does not know (404), bytes of a page on the wire */
export async function visit({ url, cookies, path, then, within }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const figures = { pages: [], all: 0, then: [], missing: 0, bytes: 0 }
  const begin = performance.now()
  await Promise.all(
    cookies.map(async (cookie, i) => {
      await sleep((within * i) / cookies.length)
      const page = await fetched(agent, url + path, cookie)
      if (page.status !== 200) throw new Error(`${path}: ${page.status}`)
      figures.pages.push(page.ms)
      figures.bytes = page.bytes
      figures.all = Math.max(figures.all, performance.now() - begin)
      if (!then) return
      const second = await fetched(agent, url + then, cookie)
      if (second.status === 200) figures.then.push(second.ms)
      else figures.missing += 1
    }),
  )
  agent.destroy()
  return figures
}

function fetched(agent, address, cookie) {
  const at = performance.now()
  const headers = { Cookie: cookie, "Accept-Encoding": "br" }
  return new Promise((resolve, reject) => {
    const sent = request(address, { agent, headers }, (answer) => {
      let bytes = 0
      answer.on("data", (data) => (bytes += data.length))
      answer.on("end", () => resolve({ status: answer.statusCode, ms: performance.now() - at, bytes }))
    })
    sent.on("error", reject)
    sent.end()
  })
}
