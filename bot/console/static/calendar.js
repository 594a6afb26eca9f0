// Moving a card of the week, with the mouse or with keys. Nothing is changed here: dropping leads to the page that shows
// what moving would write and asks.
"use strict";

(() => {
  const week = document.querySelector("[data-week]");
  if (week === null) return;
  const says = document.querySelector("[data-says]");
  const days = [...week.querySelectorAll(".week-day")].map((day) => [...day.querySelectorAll("[data-day]")]);
  let lifted = null;
  let over = null;

  const say = (text) => {
    if (says !== null) says.textContent = text;
  };

  const point = (cell) => {
    if (over !== null) over.classList.remove("over");
    over = cell;
    if (over !== null) over.classList.add("over");
  };

  // "" when the card may go there, else why not.
  const refusal = (card, cell) => {
    if ("past" in cell.dataset) return week.dataset.past;
    return "matrix" in card.dataset && !("named" in cell.dataset) ? week.dataset.needsSlot : "";
  };

  const drop = (card, cell) => {
    const own = days.flat().find((each) => each.contains(card));
    if (cell === own) return;
    const why = refusal(card, cell);
    if (why) {
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: why, bad: true } }));
      say(why);
      return;
    }
    const { playbook, play, name, at } = card.dataset;
    const goal = new URLSearchParams({ play, name, at, day: cell.dataset.day });
    if ("matrix" in card.dataset) goal.set("slot", cell.dataset.slot);
    else if (cell.dataset.slot !== own.dataset.slot && cell.dataset.start) goal.set("clock", cell.dataset.start);
    location.assign(`/calendar/${encodeURIComponent(playbook)}/move?${goal}`);
  };

  const lift = (card) => {
    lifted = card;
    card.classList.add("lifted");
  };

  const letGo = () => {
    if (lifted !== null) lifted.classList.remove("lifted");
    lifted = null;
    point(null);
  };

  // -- with the mouse -----------------------------------------------------------------------------------------------

  week.addEventListener("dragstart", (event) => {
    const card = event.target.closest("[data-moves]");
    if (card === null) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.name);
    lift(card);
  });
  week.addEventListener("dragover", (event) => {
    const cell = event.target.closest("[data-day]");
    if (lifted === null || cell === null) return;
    if (!refusal(lifted, cell)) event.preventDefault();
    if (cell !== over) point(cell);
  });
  week.addEventListener("drop", (event) => {
    const cell = event.target.closest("[data-day]");
    if (lifted === null || cell === null) return;
    event.preventDefault();
    drop(lifted, cell);
  });
  week.addEventListener("dragend", letGo);

  // -- with keys ----------------------------------------------------------------------------------------------------

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const step = ([across, down]) => {
    const day = days.findIndex((cells) => cells.includes(over));
    const row = days[day].indexOf(over);
    const cell = (days[day + across] || [])[row + down];
    if (cell === undefined) return;
    point(cell);
    cell.scrollIntoView({ block: "nearest" });
    say(cell.dataset.label);
  };

  week.addEventListener("keydown", (event) => {
    const card = event.target.closest("[data-moves]");
    if (card === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (lifted === null) {
      if (event.key !== "m" && event.key !== "M") return;
      event.preventDefault();
      lift(card);
      point(days.flat().find((cell) => cell.contains(card)));
      say(week.dataset.lifted);
      return;
    }
    if (event.key in steps) step(steps[event.key]);
    else if (event.key === "Enter") {
      const cell = over;
      const moving = lifted;
      letGo();
      drop(moving, cell);
    } else if (event.key === "Escape") {
      letGo();
      say(week.dataset.letGo);
    } else return;
    event.preventDefault();
  });
  week.addEventListener("focusout", letGo);
})();
