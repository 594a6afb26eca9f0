// The playbook editor: CodeMirror over the form's text area, the checker beside it, words completed from the schema.
"use strict";

(() => {
  const form = document.querySelector("form[data-editor]");
  if (form === null) return;
  const area = form.querySelector("textarea[name=source]");
  const { EditorView, EditorState, HighlightStyle, autocompletion, basicSetup, indentUnit, indentWithTab, keymap,
    lintGutter, setDiagnostics, syntaxHighlighting, tags, yaml } = CodeMirror;

  // -- completion: where the cursor stands in the tree, and what the schema allows there --------------------------

  let schema = null;
  fetch(form.dataset.schema).then((answer) => answer.json()).then((found) => { schema = found; });

  const resolved = (node) => {
    while (node && node.$ref) node = schema.$defs[node.$ref.slice("#/$defs/".length)];
    return node;
  };

  // Every schema that may hold at `node`: the branches of a choice, narrowed by `kind` where it is written already.
  const branches = (node, kind) => {
    node = resolved(node);
    if (!node) return [];
    const choices = [...(node.anyOf || []), ...(node.oneOf || []), ...(node.allOf || [])].flatMap((each) => branches(each, kind));
    const told = resolved(node.properties && node.properties.kind);
    if (kind && told && told.const && told.const !== kind) return choices;
    return [node, ...choices];
  };

  const step = (nodes, key, kind) => nodes.flatMap((node) => {
    if (key === "-") return branches(node.items, kind);
    const found = node.properties && node.properties[key];
    if (found) return branches(found, kind);
    return typeof node.additionalProperties === "object" ? branches(node.additionalProperties, kind) : [];
  });

  const indentOf = (text) => text.length - text.trimStart().length;

  // The keys above a line, from the root: a line with less indentation is a parent.
  const pathAt = (doc, number, indent) => {
    const path = [];
    for (let n = number - 1; n >= 1 && indent > 0; n -= 1) {
      const text = doc.line(n).text;
      const found = /^(\s*)(- )?([^\s#:][^:#]*?)\s*:(\s|$)/.exec(text);
      if (!found) continue;
      const own = found[1].length + (found[2] ? 2 : 0);
      if (own >= indent) continue;
      path.unshift({ key: found[3].replace(/^["']|["']$/g, ""), line: n, indent: own });
      indent = own;
      if (found[2] && found[1].length < indent) {
        path.unshift({ key: "-", line: n, indent: found[1].length });
        indent = found[1].length;
      }
    }
    return path;
  };

  // The `kind:` among the children of the key at `entry`.
  const kindBelow = (doc, entry) => {
    const own = /\{[^}]*\bkind:\s*([\w-]+)/.exec(doc.line(entry.line).text);
    if (own) return own[1];
    for (let n = entry.line + 1; n <= doc.lines; n += 1) {
      const text = doc.line(n).text;
      if (!text.trim()) continue;
      if (indentOf(text) <= entry.indent) return "";
      const found = /^\s*kind:\s*([\w-]+)/.exec(text);
      if (found) return found[1];
    }
    return "";
  };

  const complete = (context) => {
    if (!schema) return null;
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const value = /^(\s*)(?:- )?([^\s#:][^:#]*?)\s*:\s+(\S*)$/.exec(before);
    const word = /^(\s*)((?:- )?)([\p{L}\w-]*)$/u.exec(before);
    if (!value && !word) return null;
    const indent = value ? value[1].length : word[1].length + word[2].length;
    const path = pathAt(context.state.doc, line.number, indent);
    let nodes = branches(schema, "");
    for (const entry of path) nodes = step(nodes, entry.key, kindBelow(context.state.doc, entry));
    if (value) {
      const allowed = step(nodes, value[2], "").flatMap((node) => node.enum || (node.const !== undefined ? [node.const] : node.type === "boolean" ? ["true", "false"] : []));
      const from = context.pos - value[3].length;
      return allowed.length ? { from, options: [...new Set(allowed)].map((each) => ({ label: String(each), type: "constant" })) } : null;
    }
    if (!word[3] && !context.explicit) return null;
    const names = new Map(nodes.flatMap((node) => Object.entries(node.properties || {})));
    const options = [...names].map(([label, about]) => ({ label, type: "property", apply: `${label}: `, info: (resolved(about) || {}).description || about.description || "" }));
    return options.length ? { from: context.pos - word[3].length, options, validFor: /^[\p{L}\w-]*$/u } : null;
  };

  // -- the editor --------------------------------------------------------------------------------------------------

  const colours = HighlightStyle.define([
    { tag: tags.propertyName, color: "var(--accent-ink)" },
    { tag: [tags.string, tags.content], color: "var(--ink)" },
    { tag: [tags.number, tags.bool, tags.atom], color: "var(--info)" },
    { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
    { tag: [tags.punctuation, tags.separator], color: "var(--ink-3)" },
  ]);
  const look = EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "14px", maxHeight: "74vh", border: "1px solid var(--line-strong)", borderRadius: "var(--radius-s)", overflow: "hidden" },
    "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "1px" },
    ".cm-scroller": { lineHeight: "1.6" },
    ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-3)", border: "0" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--sunken)" },
    "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
    ".cm-tooltip": { backgroundColor: "var(--card)", border: "1px solid var(--line)", borderRadius: "8px", color: "var(--ink)" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  });
  const typed = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    later();
  });
  // In a shadow root the editor's styles are constructed sheets: the page's policy allows no style elements.
  const place = document.createElement("div");
  area.after(place);
  const root = place.attachShadow({ mode: "open", delegatesFocus: true });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        basicSetup, yaml(), indentUnit.of("  "), keymap.of([indentWithTab]), lintGutter(), look, syntaxHighlighting(colours),
        autocompletion({ override: [complete] }), EditorView.lineWrapping, EditorState.readOnly.of(area.readOnly), typed,
        EditorView.contentAttributes.of({ "aria-label": form.querySelector("#source-label").textContent, spellcheck: "false" }),
      ],
    }),
  });
  area.hidden = true;

  // -- what the server says of it ----------------------------------------------------------------------------------

  let asked = 0;
  const ask = async (address) => {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-result]") || page.querySelector("main");
  };
  const show = (name, piece) => form.querySelector(`[data-shows=${name}]`).replaceChildren(...piece.childNodes);

  const marks = (piece) => [...piece.querySelectorAll("[data-line]")].flatMap((item) => {
    const doc = view.state.doc;
    const number = Number(item.dataset.line);
    if (number > doc.lines || !location.pathname.endsWith(encodeURIComponent(item.dataset.path.replaceAll("/", "~"))) && !location.pathname.endsWith("/new")) return [];
    const line = doc.line(number);
    const from = Math.min(line.to, line.from + Number(item.dataset.column) - 1);
    const to = Math.min(line.to, from + Number(item.dataset.length));
    return [{ from, to, severity: item.dataset.severity, message: item.querySelector(".finding").textContent }];
  });

  const check = async () => {
    const mine = (asked += 1);
    const piece = await ask(form.dataset.checks).catch(() => null);
    if (mine !== asked || piece === null) return;
    view.dispatch(setDiagnostics(view.state, marks(piece)));
    show("checked", piece);
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(check, 500);
  };

  form.addEventListener("click", async (event) => {
    const goes = event.target.closest("[data-goes]");
    if (goes) {
      const line = view.state.doc.line(Math.min(Number(goes.dataset.goes), view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
      view.focus();
    }
    const fills = event.target.closest("[data-fills]");
    if (!fills) return;
    event.preventDefault();
    const place = form.querySelector(`[data-shows=${fills.dataset.fills}]`);
    fills.disabled = true;
    place.textContent = place.dataset.waits;
    const piece = await ask(fills.formAction).catch(() => null);
    fills.disabled = false;
    if (piece) {
      show(fills.dataset.fills, piece);
      place.querySelectorAll("[data-live]").forEach((part) => part.dispatchEvent(new Event("live", { bubbles: true })));
    }
    else place.textContent = document.body.dataset.failed;
  });

  // -- leaving with something unsaid -------------------------------------------------------------------------------

  const first = area.value;
  let isSent = false;
  form.addEventListener("submit", () => { isSent = true; });
  addEventListener("beforeunload", (event) => {
    if (!isSent && area.value !== first) event.preventDefault();
  });
  check();
})();
