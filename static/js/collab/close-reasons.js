// Reasons for closing a document or a replica of it in this page.

import * as wire from "../wire.js"

/** No text of this page shows it any more. */
export const LEFT = "left"

/** Errors after which the unsent text cannot be stored, so that nothing can be built on the replica. */
export const FATAL_ERRORS = [wire.LOCKED, wire.FORBIDDEN, wire.INVALID, wire.TOO_LARGE]

/** Errors of a join, with the reason that is shown to the user. */
export const CLOSE_REASONS = { [wire.NOT_FOUND]: wire.DELETED, [wire.FORBIDDEN]: wire.REVOKED, [wire.OUTDATED]: wire.OUTDATED }
