// Tokens: words that exist once. "k3b17." is the 17th of client 3 in its second life; some carry an emoji. Between two
// tokens anybody may write, inside one nobody does, so that each can be found again whole.

const TOKEN = /k\d+[a-z]+\d+[äß😀]*\./gu
const LIVES = "abcdefghijklmnopqrstuvwxyz"

export function tokenOf(client, life, number) {
  const tail = number % 11 === 0 ? "😀" : number % 5 === 0 ? "äß" : ""
  return `k${client}${prefix(life)}${number}${tail}.`
}

/** How the tokens of one life begin. */
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

/** Whether `token` was written in the life that begins so. */
export function isOf(token, prefix) {
  return token.startsWith(prefix) && /\d/.test(token[prefix.length])
}

/** Where somebody may write without cutting a token. */
export function gaps(plain) {
  return [0, ...[...plain.matchAll(/\./g)].map((match) => match.index + 1)]
}
