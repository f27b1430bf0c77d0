"use strict";

// Keys: an element with data-key is clicked, or focused where text goes in.
document.addEventListener("keydown", (event) => {
  const writing = event.target.matches("textarea, select, input:not([type=checkbox])");
  const sent = event.ctrlKey || event.metaKey;
  const key = (sent ? "ctrl+" : "") + event.key.toLowerCase();
  const done = event.key === "Escape" || (event.key === "Enter" && event.target.dataset.key);
  if (writing && done) event.target.blur();
  if (event.altKey || event.repeat || (writing && !sent)) return;
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.matches("input")) found.focus();
  else if (!found.form || found.form.reportValidity()) found.click();
});

// A form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  if (form.querySelector("input[type=file]")) {
    form.querySelector("button.main").textContent = "Uploading…";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Progress of a file.
const progress = document.getElementById("progress");
if (progress) {
  const bar = progress.querySelector("progress");
  const told = progress.querySelector("[role=status]");
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.state);
      const state = await answer.json();
      if (!answer.ok || state.over) {
        location.reload();
        return;
      }
      bar.value = state.percent;
      told.textContent = state.told;
    } catch {
      told.textContent = "The server does not answer; trying again.";
    }
    setTimeout(look, 700);
  };
  setTimeout(look, 300);
}
