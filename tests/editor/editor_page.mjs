// The editor without a page around it: pastes HTML and types; called by editor_page.py.

const { DOMSerializer, EditorState, EditorView, TextSelection, Y, ySyncPlugin } = await import(
  "/vendor/klimawerk-editor.yjs-13.6.33.js"
)
const { pictures } = await import("/js/deferred-input.js")
const { limits } = await import("/js/editor/schema-limits.js")
const { loadCleaner, pasteLater, pasting } = await import("/js/editor/paste.js")
const { schema } = await import("/js/editor/schema.js")

const base64 = (bytes) => btoa(String.fromCharCode(...bytes))
const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0))

/** Paste before editing has begun: resolves when the text is in. */
window.pasteEarly = async (html) => {
  const { view, close } = await opened(new Y.Doc())
  view.dom.dispatchEvent(pasted({ html }))
  const before = view.state.doc.textContent
  await loadCleaner()
  await new Promise((done) => setTimeout(done))
  const after = view.state.doc.textContent
  close()
  return [before, after]
}

async function opened(replica, multiline = true) {
  const host = document.body.appendChild(document.createElement("div"))
  const plugins = [ySyncPlugin(replica.getXmlFragment("text.en")), limits(host)]
  const view = new EditorView(host, {
    state: EditorState.create({ schema, plugins }),
    ...pasting({ host, multiline }),
    handleDOMEvents: { paste: pasteLater, drop: pasteLater },
  })
  await new Promise((done) => setTimeout(done)) // the binding reads the document in a task of its own
  return { host, view, close: () => (view.destroy(), host.remove()) }
}

/** What another browser shows of the same document. */
async function elsewhere(replica) {
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(replica))
  const { view, close } = await opened(other)
  const shown = view.state.doc.toJSON()
  close()
  return shown
}

function clipboard({ html = "", plain = "", files = [] }) {
  const data = new DataTransfer()
  if (html) data.setData("text/html", html)
  if (plain) data.setData("text/plain", plain)
  for (const name of files) data.items.add(new File(["x"], name, { type: "image/png" }))
  return data
}

function pasted(given) {
  return new ClipboardEvent("paste", { clipboardData: clipboard(given), bubbles: true, cancelable: true })
}

/** `state` is the document before, base64; `work` acts on {view, host}. */
async function worked(state, multiline, work) {
  const replica = new Y.Doc()
  Y.applyUpdate(replica, bytes(state))
  const before = Y.encodeStateVector(replica)
  const { host, view, close } = await opened(replica, multiline)
  work(view)
  const shown = view.state.doc.toJSON()
  const html = new XMLSerializer().serializeToString(DOMSerializer.fromSchema(schema).serializeFragment(view.state.doc.content))
  const answer = { shown, elsewhere: await elsewhere(replica), update: base64(Y.encodeStateAsUpdate(replica, before)) }
  const note = host.querySelector(".text-note")?.textContent ?? ""
  close()
  return { ...answer, note, html: html.replaceAll(' xmlns="http://www.w3.org/1999/xhtml"', "") }
}

window.paste = (state, html, { multiline = true, ...more } = {}) =>
  worked(state, multiline, (view) => view.dom.dispatchEvent(pasted({ html, ...more })))

window.pasteAll = async (state, all) => {
  const answers = []
  for (const html of all) answers.push(await window.paste(state, html))
  return answers
}

/** Type `words` at the end of the text. */
window.type = (state, words) =>
  worked(state, true, (view) => {
    const end = TextSelection.atEnd(view.state.doc)
    view.dispatch(view.state.tr.setSelection(end).insertText(words))
  })

/** Drop files on the text; returns whether the browser would open them instead of the page. */
window.drop = async (state, files) => {
  let opened = true
  const answer = await worked(state, true, (view) => {
    const { left, top } = view.dom.firstChild.getBoundingClientRect()
    const where = { clientX: left + 1, clientY: top + 1, bubbles: true, cancelable: true }
    opened = view.dom.dispatchEvent(new DragEvent("drop", { dataTransfer: clipboard({ files }), ...where }))
  })
  return { ...answer, opened }
}

/** The note at a plain field after something was pasted into it. */
window.pasteIntoField = async (given) => {
  const around = document.body.appendChild(document.createElement("p"))
  const field = around.appendChild(document.createElement("textarea"))
  field.addEventListener("paste", pictures)
  field.dispatchEvent(pasted(given))
  const fetched = given.files && !given.plain
  while (fetched && !around.querySelector(".text-note")) await new Promise((done) => setTimeout(done))
  const note = around.querySelector(".text-note")?.textContent ?? ""
  field.dispatchEvent(new Event("input"))
  const after = around.querySelector(".text-note")?.textContent ?? ""
  around.remove()
  return [note, after]
}
