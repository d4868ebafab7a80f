// What every page takes from others: htmx, and the Socket.IO client with WebSocket and long-polling.
export { default as htmx } from "htmx.org/dist/htmx.esm.js"
export { io } from "socket.io-client"
