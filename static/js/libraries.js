// htmx and the Socket.IO client. Awaited instead of imported statically, so that modules before this one in main.js run
// while they load.

import { importSurely } from "./load.js"

export const { htmx, io } = await importSurely("../vendor/klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js")
