// Why a document, or a replica of it, comes to an end in this page.

import * as wire from "../wire.js"

/** Nobody here reads it any more. */
export const LEFT = "left"

/** What was written here cannot be kept, and nothing can be built on it. */
export const FATAL_ERRORS = [wire.LOCKED, wire.FORBIDDEN, wire.INVALID, wire.TOO_LARGE]

/** The document cannot be joined: why, as its readers are told. */
export const CLOSE_REASONS = { [wire.NOT_FOUND]: wire.DELETED, [wire.FORBIDDEN]: wire.REVOKED, [wire.OUTDATED]: wire.OUTDATED }
