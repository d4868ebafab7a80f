// Tokens: words that exist once. "k3b17." is the 17th of client 3 in its second life; some carry an emoji. Between two
// tokens every client may write, inside of one none does, so that each can be found whole.

const TOKEN = /k\d+[a-z]+\d+[äß😀]*\./gu
const LIVES = "abcdefghijklmnopqrstuvwxyz"

export function tokenOf(client, life, number) {
  const tail = number % 11 === 0 ? "😀" : number % 5 === 0 ? "äß" : ""
  return `k${client}${prefix(life)}${number}${tail}.`
}

/** The prefix of the tokens of one life. */
export function ownPrefix(client, life) {
  return `k${client}${prefix(life)}`
}

function prefix(life) {
  return LIVES[life % 26].repeat(1 + Math.floor(life / 26))
}

/** [{token, at}] in a text; `at` in UTF-16 units. */
export function tokensIn(plain) {
  return [...plain.matchAll(TOKEN)].map((match) => ({ token: match[0], at: match.index }))
}

/** Whether `token` was written in the life with this prefix. */
export function isOf(token, prefix) {
  return token.startsWith(prefix) && /\d/.test(token[prefix.length])
}

/** Positions at which a client may write without cutting a token. */
export function gaps(plain) {
  return [0, ...[...plain.matchAll(/\./g)].map((match) => match.index + 1)]
}
