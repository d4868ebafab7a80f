// What threads are about is marked in the text: where its words stand now, with the way there and back.

import { Decoration, DecorationSet, Plugin, PluginKey, ySyncPluginKey } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { get } from "../http.js"
import { rangeOf } from "./anchors.js"
import { readCaret } from "./remote-carets.js"
import { arrive } from "./thread-links.js"

const key = new PluginKey("passages")
const asked = new Set()

/** @param host the <kw-text> element */
export function passages(host) {
  return new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(transaction, marks, _before, state) {
        const others = transaction.docChanged && ySyncPluginKey.getState(state)?.isChangeOrigin
        return others || transaction.getMeta(key) ? marked(state, host) : marks.map(transaction.mapping, transaction.doc)
      },
    },
    props: { decorations: (state) => key.getState(state) },
    view: (view) => followed(view, host),
  })
}

/** The marks follow the list of passages, which follows what others do like any part of the page. */
function followed(view, host) {
  const anew = () => {
    if (view.isDestroyed || view.composing) return
    ask(host.dataset.doc.split(":")[1])
    readCaret(view)
    view.dispatch(view.state.tr.setMeta(key, true))
    arrive(host)
  }
  document.addEventListener("kw:swapped", anew)
  setTimeout(anew)
  return { destroy: () => document.removeEventListener("kw:swapped", anew) }
}

/** The list comes once there is something in it, which the way to the threads says. */
async function ask(item) {
  if (asked.has(item) || !document.querySelector(`#talks-${item}[data-passages]`)) return
  asked.add(item)
  const answer = await get(`/items/${item}/comments/passages`)
  if (!answer?.ok) return asked.delete(item)
  const list = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
  document.body.append(list.content) // behind the threads: what is newer is asked for by the first of a topic
  document.dispatchEvent(new CustomEvent("kw:swapped"))
}

function marked(state, host) {
  const marks = []
  for (const { dataset, textContent } of listed(host)) {
    const range = rangeOf(state, { words: textContent, ...dataset })
    const about = { nodeName: "mark", class: "passage", "data-thread": dataset.thread }
    if (range) marks.push(Decoration.inline(range.from, range.to, about))
  }
  return DecorationSet.create(state.doc, marks)
}

function listed({ dataset }) {
  const list = document.getElementById(`passages-${dataset.doc.split(":")[1]}`)
  return list?.querySelectorAll(`[data-key="${CSS.escape(dataset.fragment)}"] > q`) ?? []
}
