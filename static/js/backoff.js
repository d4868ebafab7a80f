// How long to wait before trying again: doubling from half a second to 15 s, never in step with others.

export function pause(attempt) {
  return Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2)
}
