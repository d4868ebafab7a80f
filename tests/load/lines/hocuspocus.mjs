// Hocuspocus' protocol, by its own provider.

import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import WebSocket from "ws"
import * as Y from "yjs"

export { Y }

/** As in klimawerk.mjs; an acknowledgement means that the server has it in memory. */
export async function join({ url, doc, ydoc, acknowledged = () => {} }) {
  const address = url.replace("http", "ws")
  const websocketProvider = new HocuspocusProviderWebsocket({ url: address, WebSocketPolyfill: WebSocket })
  const sent = []
  const provider = new HocuspocusProvider({ websocketProvider, name: doc, document: ydoc })
  provider.attach()
  await new Promise((resolve) => provider.on("synced", resolve))
  ydoc.on("update", (_update, origin) => origin !== provider && sent.push(performance.now()))
  provider.on("unsyncedChanges", ({ number }) => {
    while (sent.length > number) acknowledged(performance.now() - sent.shift())
  })
  return {
    close: () => {
      provider.destroy()
      websocketProvider.destroy()
    },
    get bytes() {
      return websocketProvider.webSocket?._socket?.bytesRead ?? 0
    },
    get idle() {
      return !provider.hasUnsyncedChanges
    },
  }
}
