// Entry of what a page loads when it is idle: the store of pending changes, comments, drag and drop, pasting, data use.

export { startDeferredInput } from "./deferred-input.js"
export { startDataUse } from "./data-use.js"
export { startPendingStatus } from "./store/pending-status.js"
export { showUnsavedCopy } from "./unsaved-copy.js"
import "./store/store-writer.js"
