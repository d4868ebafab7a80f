// y-websocket's protocol, by its own provider. It acknowledges nothing.

import WebSocket from "ws"
import * as Y from "yjs"
import { WebsocketProvider } from "y-websocket"

export { Y }

/** As in klimawerk.mjs. */
export async function join({ url, doc, ydoc }) {
  const options = { WebSocketPolyfill: WebSocket, disableBc: true }
  const provider = new WebsocketProvider(url.replace("http", "ws"), doc, ydoc, options)
  if (!provider.synced) await new Promise((resolve) => provider.once("sync", resolve))
  return {
    close: () => provider.destroy(),
    get bytes() {
      return provider.ws?._socket?.bytesRead ?? 0
    },
    idle: true,
  }
}
