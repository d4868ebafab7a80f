// Plugin that marks the passages of threads in a text.

import { Decoration, DecorationSet, Plugin, PluginKey, ySyncPluginKey } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { get } from "../http.js"
import { rangeOf } from "./anchors.js"
import { readCaret } from "./remote-carets.js"
import { showRequestedThread } from "./thread-links.js"

const key = new PluginKey("passages")
const requested = new Set()

/** @param host the <kw-text> element */
export function passages(host) {
  return new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(transaction, marks, _before, state) {
        const others = transaction.docChanged && ySyncPluginKey.getState(state)?.isChangeOrigin
        return others || transaction.getMeta(key) ? marksOf(state, host) : marks.map(transaction.mapping, transaction.doc)
      },
    },
    props: { decorations: (state) => key.getState(state) },
    view: (view) => viewOf(view, host),
  })
}

/** Draw the marks again when the list of passages or another part of the page is updated. */
function viewOf(view, host) {
  const refresh = () => {
    if (view.isDestroyed || view.composing) return
    loadList(host.dataset.doc.split(":")[1])
    readCaret(view)
    view.dispatch(view.state.tr.setMeta(key, true))
    showRequestedThread(host)
  }
  document.addEventListener("kw:swapped", refresh)
  setTimeout(refresh)
  return { destroy: () => document.removeEventListener("kw:swapped", refresh) }
}

/** Load the list of passages if there are any: the link to the threads has data-passages. */
async function loadList(item) {
  if (requested.has(item) || !document.querySelector(`#talks-${item}[data-passages]`)) return
  requested.add(item)
  const answer = await get(`/items/${item}/comments/passages`)
  if (!answer?.ok) return requested.delete(item)
  const list = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
  document.body.append(list.content) // appended after the threads: for live updates the first element of a topic counts
  document.dispatchEvent(new CustomEvent("kw:swapped"))
}

function marksOf(state, host) {
  const marks = []
  for (const { dataset, textContent } of passagesOf(host)) {
    const range = rangeOf(state, { words: textContent, ...dataset })
    const attributes = { nodeName: "mark", class: "passage", "data-thread": dataset.thread }
    if (range) marks.push(Decoration.inline(range.from, range.to, attributes))
  }
  return DecorationSet.create(state.doc, marks)
}

function passagesOf({ dataset }) {
  const list = document.getElementById(`passages-${dataset.doc.split(":")[1]}`)
  return list?.querySelectorAll(`[data-key="${CSS.escape(dataset.fragment)}"] > q`) ?? []
}
