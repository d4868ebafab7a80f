// The few globals of a browser that modules touch when they are imported, for node. Import it before them. It draws
// nothing: there are the elements that a test puts into `elements`, by the selector they are looked for with.

export const elements = new Map()

const found = (selector) => elements.get(selector) ?? null

globalThis.document = Object.assign(new EventTarget(), {
  documentElement: { dataset: { installation: "test", userId: "1", gen: "g1" }, lang: "en", style: {} },
  hidden: false,
  readyState: "loading", // htmx begins when it is complete, which it never is
  title: "",
  body: { append() {} },
  createElement: () => ({ dataset: {}, setAttribute() {}, append() {} }),
  querySelector: found,
  querySelectorAll: (selector) => [found(selector) ?? []].flat(),
  getElementById: (id) => found(`#${id}`),
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
  const kept = new Map()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
    clear: () => kept.clear(),
  }
}
