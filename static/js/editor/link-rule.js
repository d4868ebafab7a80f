// Validation of link addresses: the same rule as klimawerk/link_rule.py; tests/editor/test_schema.py checks both.

/** Length in characters. */
export const LONGEST_LINK = 2_000

const FORM = /^(https?:\/\/([^/?#@\\]*@)?([^/?#@\\:[\]]+|\[[\da-f:.]+\])(:\d*)?([/?#].*)?|mailto:.+)$/is
const REFUSED = /[\s<>"\u202a-\u202e\u2066-\u2069\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u

/** `{href}` for an allowed address; false for any other. */
export function allowedLink(href) {
  const address = String(href ?? "")
  return [...address].length <= LONGEST_LINK && FORM.test(address) && !REFUSED.test(address) && { href: address }
}
