// Identity of this browser's store: one installation, one account. A shared computer stores nothing.

import { newId } from "../ids.js"

const { dataset } = document.documentElement

export const device = {
  /** Name of the database: another account has another one. */
  owner: `klimawerk ${dataset.installation} ${dataset.userId}`,
  /** Generation of the server's data, changed by each restore; see installation.py. */
  gen: dataset.gen,
  shared: "shared" in dataset,
  /** Id of this page among those open in this browser. */
  page: newId(),
}
