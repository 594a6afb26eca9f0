// What pages need beyond HTML: dialogs, the menu, toasts, and live parts fed by server-sent events.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);

  // -- toasts -----------------------------------------------------------------------------------------------------

  const toast = (text, isBad) => {
    const item = document.createElement("p");
    item.className = isBad ? "toast bad" : "toast";
    item.textContent = text;
    byId("toasts").append(item);
    setTimeout(() => item.remove(), isBad ? 8000 : 4000);
  };

  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.bad));
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.failed, true));
  for (const item of document.querySelectorAll(".toasts .toast")) {
    setTimeout(() => item.remove(), 5000);
    // The words were said: a reload need not say them again.
    const address = new URL(location.href);
    address.searchParams.delete("said");
    history.replaceState(null, "", address);
  }

  // -- dialogs and the menu ---------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens], [data-closes], [data-toggles], [data-copies]");
    if (button === null) {
      if (event.target instanceof HTMLDialogElement) event.target.close();
      return;
    }
    if (button.dataset.opens) byId(button.dataset.opens).showModal();
    if (button.dataset.closes) byId(button.dataset.closes).close();
    if (button.dataset.copies) copy(byId(button.dataset.copies), button.dataset.said);
    if (button.dataset.toggles) {
      const isOpen = byId(button.dataset.toggles).classList.toggle("open");
      button.setAttribute("aria-expanded", String(isOpen));
    }
  });

  // Without TLS browsers have no clipboard for pages: the text is selected then, ready for Ctrl-C.
  const copy = (from, said) => {
    if (navigator.clipboard) {
      navigator.clipboard.writeText(from.textContent).then(() => toast(said));
      return;
    }
    getSelection().selectAllChildren(from);
  };

  document.addEventListener("keydown", (event) => {
    const nav = byId("nav");
    if (event.key !== "Escape" || !nav || !nav.classList.contains("open")) return;
    const button = document.querySelector("[data-toggles=nav]");
    nav.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });

  // Where tabs are more than the window is wide, the one that is open is seen.
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => { tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 24; });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("hx-post") || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // -- live parts -------------------------------------------------------------------------------------------------
  // <section data-live="/groups/qq:1/feed?after=17"> opens the stream. Inside it, data-event="name" takes the HTML of
  // the events of that name: as its whole content, or with data-add="start" before what is there, at most data-keep
  // pieces. A hidden tab closes its stream and opens it again where it was.

  const apply = (part, html) => {
    if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return;
    if (document.querySelector("dialog[open]") && part.querySelector("dialog[open]")) return;
    const piece = document.createElement("template");
    piece.innerHTML = html;
    const fresh = [...piece.content.children];
    if (part.dataset.add) {
      part.prepend(piece.content);
      const most = Number(part.dataset.keep || 200);
      while (part.children.length > most) part.lastElementChild.remove();
    } else {
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      part.replaceChildren(piece.content);
      if (focused && byId(focused)) byId(focused).focus();
    }
    if (window.htmx) fresh.forEach((element) => window.htmx.process(element));
  };

  const live = (root) => {
    let source = null;
    let last = "";
    const parts = [...root.querySelectorAll("[data-event]")];
    const open = () => {
      if (source !== null || document.hidden || isOver) return;
      const address = new URL(root.dataset.live, location.href);
      if (last) address.searchParams.set("after", last);
      source = new EventSource(address);
      source.onopen = () => root.classList.remove("stale");
      source.onerror = () => {
        root.classList.add("stale");
        if (source !== null && source.readyState === EventSource.CLOSED) {
          source = null;
          setTimeout(open, 5000);
        }
      };
      source.addEventListener("end", end);
      for (const name of new Set(parts.map((part) => part.dataset.event))) {
        source.addEventListener(name, (event) => {
          if (event.lastEventId) last = event.lastEventId;
          for (const part of parts) if (part.dataset.event === name) apply(part, event.data);
        });
      }
    };
    const close = () => {
      if (source !== null) source.close();
      source = null;
    };
    // What tells its own end, as the progress of some work does, is not opened again.
    let isOver = false;
    const end = () => {
      isOver = true;
      root.classList.remove("stale");
      close();
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
    addEventListener("pageshow", open);
    open();
  };

  document.querySelectorAll("[data-live]").forEach(live);
  // A script that puts a live part into the page says so.
  document.addEventListener("live", (event) => live(event.target));

  // A chat shows its newest line, also when it was replaced; who typed goes on typing.
  const toBottom = () => document.querySelectorAll("[data-bottom]").forEach((log) => { log.scrollTop = log.scrollHeight; });
  document.addEventListener("htmx:afterSettle", () => {
    toBottom();
    const text = document.querySelector("[autofocus]");
    if (text !== null && document.activeElement === document.body) text.focus();
  });
  toBottom();
  // What grows to the right shows its newest end.
  document.querySelectorAll("[data-end]").forEach((part) => { part.scrollLeft = part.scrollWidth; });

  // After an act a part of the page asks for itself anew: hx-trigger="changed from:body".
})();
