// The few browser globals that modules use when they are imported, for node. Import it before them. There is no DOM:
// queries find the elements that a test puts into `elements`, by selector.

export const elements = new Map()

const find = (selector) => elements.get(selector) ?? null

globalThis.document = Object.assign(new EventTarget(), {
  documentElement: { dataset: { installation: "test", userId: "1", gen: "g1" }, lang: "en", style: {} },
  hidden: false,
  readyState: "loading", // htmx starts when it is "complete", which never happens
  title: "",
  body: { append() {} },
  createElement: () => ({ dataset: {}, setAttribute() {}, append() {} }),
  querySelector: find,
  querySelectorAll: (selector) => [find(selector) ?? []].flat(),
  getElementById: (id) => find(`#${id}`),
})

const events = new EventTarget()
globalThis.window = Object.assign(globalThis, {
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events),
  dispatchEvent: events.dispatchEvent.bind(events),
  location: { pathname: "/" },
  localStorage: storage(),
  sessionStorage: storage(),
  XPathEvaluator: class {
    createExpression() {}
  },
  BroadcastChannel: class {
    postMessage() {} // no other page is open
  },
})

navigator.connection = { saveData: false }

function storage() {
  const items = new Map()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, String(value)),
    clear: () => items.clear(),
  }
}
