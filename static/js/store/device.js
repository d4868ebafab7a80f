// Whose words this browser keeps: one installation's, one person's. A computer that others use too keeps none.

import { newId } from "../ids.js"

const { dataset } = document.documentElement

export const device = {
  /** Names the store: another person's page opens another one. */
  owner: `klimawerk ${dataset.installation} ${dataset.userId}`,
  /** What the server was restored to last; see installation.py. */
  gen: dataset.gen,
  shared: "shared" in dataset,
  /** This page among all that are open here. */
  page: newId(),
}
