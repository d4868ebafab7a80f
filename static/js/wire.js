// Socket event names, close reasons and error codes of the protocol (version 1, a contract: only add). The server's
// copy is klimawerk/live/events.py.

export const PROTOCOL = 1
export const SCHEMA = 2

// client to server
export const DOC_JOIN = "doc:join"
export const DOC_LEAVE = "doc:leave"
export const WATCH = "watch"
export const UNWATCH = "unwatch"
export const QUIET = "quiet"
export const HERE = "here"

// both directions
export const DOC_UPDATE = "doc:update"
export const DOC_AWARENESS = "doc:awareness"

// server to client
export const DOC_PEOPLE = "doc:people"
export const DOC_ACCESS = "doc:access"
export const DOC_CLOSED = "doc:closed"
export const CHANGED = "changed"
export const PEOPLE = "people"
export const SIGNED_OUT = "signed-out"
export const STORING = "storing"
export const RELOAD = "reload"

// why a document was closed
export const REVOKED = "revoked"
export const DELETED = "deleted"
export const RESTORED = "restored"

// error codes
export const LOGIN_REQUIRED = "login_required"
export const FORBIDDEN = "forbidden"
export const NOT_FOUND = "not_found"
export const NOT_JOINED = "not_joined"
export const LOCKED = "locked"
export const INVALID = "invalid"
export const TOO_LARGE = "too_large"
export const RESYNC = "resync"
export const RATE = "rate"
export const UNAVAILABLE = "unavailable"
export const OUTDATED = "outdated"

// Largest part of an update in bytes: 48,000 bytes are 64,000 characters of base64.
export const PART_BYTES = 48_000
