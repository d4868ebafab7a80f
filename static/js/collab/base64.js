// Base64 of bytes for the wire: binary Socket.IO frames break where transports change.

/** @returns {string} base64 of `bytes` (Uint8Array) */
export function encode(bytes) {
  let text = ""
  for (let i = 0; i < bytes.length; i += 8_192) text += String.fromCharCode(...bytes.subarray(i, i + 8_192))
  return btoa(text)
}

/** @returns {Uint8Array} */
export function decode(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
