// The labelling page: shows one answer at a time, blind, and calls a label saved only when the server says that it is on disk.
//
// At most one label is on its way. While it isn't saved, the page says so, asks again by itself, and takes no other label:
// nothing can be lost that was called saved. All text from outside goes in as text, never as HTML.
"use strict";

(() => {
  const SHOWN_AT_FIRST = 6000; // characters of a text; the rest at the press of a button
  const WAITS_S = [1, 2, 4, 8, 15]; // before a label is sent again; the last one from then on
  const PATIENCE_MS = 10000; // with one request
  const MOST_GAPS = 0.1; // as the statistics have it: of the answers up to a label that counts, those that weren't looked at
  const MOST_UNSURE = 0.1; // of the answers looked at: more are said in the report

  // What may be said, by how the file of labels says it. The server tells which of them are asked for.
  const CHOICES = {
    correct: { words: "Correct", keys: ["1", "c"], kind: "yes" },
    incorrect: { words: "Incorrect", keys: ["0", "i"], kind: "no" },
    1: { words: "1 wrong", said: "1", keys: ["1"], kind: "no" },
    2: { words: "2", keys: ["2"], kind: "" },
    3: { words: "3", keys: ["3"], kind: "" },
    4: { words: "4", keys: ["4"], kind: "" },
    5: { words: "5 right", said: "5", keys: ["5"], kind: "yes" },
    skip: { words: "Unsure", keys: ["s"], kind: "" },
  };

  // What can't be seen, or would turn the text around it, is shown by its code.
  const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

  const by = (id) => document.getElementById(id);

  // The token is in the part of the address that is never sent; a tab keeps it when someone cuts it off there.
  const token = location.hash.slice(1) || sessionStorage.getItem("token") || "";
  sessionStorage.setItem("token", token);

  const sample = { order: [], labels: new Map(), choices: [], version: -1 };
  const fetched = new Map(); // answers by id: the one shown, and the next
  const visited = []; // ids of the answers shown before this one, for Back
  let shown = null; // the answer on the page
  let pending = null; // the label on its way: {id, label, before, tries}
  let timer = 0;
  let lookedAgain = -1; // place of the answer that was looked at again last, since it was unsure
  let over = false;

  class Refused extends Error {
    constructor(status, said) {
      super(said.error || `status ${status}`);
      this.status = status;
      this.said = said;
    }
  }

  async function ask(path, body) {
    const response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Assay-Token": token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await response.json();
    if (!response.ok) throw new Refused(response.status, said);
    return said;
  }

  // ---- text from outside

  function fill(element, text, empty) {
    element.replaceChildren();
    if (!text.trim()) {
      const none = document.createElement("span");
      none.className = "none";
      none.textContent = text ? `${empty} (only white space)` : empty;
      element.append(none);
      return;
    }
    const short = cut(text);
    append(element, short);
    if (short.length === text.length) return;
    const more = document.createElement("button");
    more.type = "button";
    more.className = "quiet more";
    more.textContent = `Show all ${text.length.toLocaleString("en")} characters`;
    more.addEventListener("click", () => {
      more.remove();
      append(element, text.slice(short.length));
      element.tabIndex = -1;
      element.focus({ preventScroll: true });
    });
    element.append(more);
  }

  function cut(text) {
    if (text.length <= SHOWN_AT_FIRST * 1.2) return text;
    const last = text.charCodeAt(SHOWN_AT_FIRST - 1);
    return text.slice(0, SHOWN_AT_FIRST - (last >= 0xd800 && last < 0xdc00 ? 1 : 0));
  }

  function append(element, text) {
    const plain = text.replace(/\r\n?/g, "\n");
    let from = 0;
    for (const found of plain.matchAll(CONTROLS)) {
      element.append(plain.slice(from, found.index));
      const code = document.createElement("span");
      code.className = "control";
      code.textContent = `U+${found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
      element.append(code);
      from = found.index + found[0].length;
    }
    element.append(plain.slice(from));
  }

  function written(element, language) {
    element.dir = "auto";
    if (/^[a-z]{2,3}$/.test(language)) element.lang = language;
    else element.removeAttribute("lang");
  }

  // ---- what the page says

  function say(words, bad = false) {
    const message = by("message");
    message.textContent = words;
    message.classList.toggle("bad", bad);
  }

  function note(words) {
    const starting = by("starting");
    starting.textContent = words;
    starting.classList.add("bad");
    starting.setAttribute("role", "alert");
    starting.hidden = false;
  }

  function spoken(label) {
    return CHOICES[label].said ?? CHOICES[label].words.toLowerCase();
  }

  function why(error) {
    if (error instanceof Refused && error.status === 403) {
      return "The server was started anew since. Open the address that it printed.";
    }
    if (error instanceof Refused) return `The server says: ${error.message}.`;
    return "The server doesn't answer. If it has ended, start it again as before.";
  }

  function count() {
    const of = sample.order.length;
    const labelled = sample.order.filter((id) => sample.labels.has(id)).length;
    const unsure = sample.order.filter((id) => sample.labels.get(id) === "skip").length;
    by("progress").textContent =
      `${labelled} of ${of} labelled` + (unsure ? `, ${unsure} of them unsure` : "");
    by("done").max = Math.max(of, 1);
    by("done").value = labelled;
    const reached = sample.order.findLastIndex((id) => sample.labels.has(id)) + 1;
    const gaps = reached - labelled;
    const said = [];
    if (reached >= 20 && gaps > reached * MOST_GAPS) {
      said.push(
        `${gaps} of the first ${reached} answers are passed over. Labels count as far as nine in ten answers were looked at.`,
      );
    }
    if (labelled >= 20 && unsure > labelled * MOST_UNSURE) {
      said.push(
        `You were unsure of ${unsure} of ${labelled} answers. Labels count all the same, but the report will say how far accuracy may be off for it.`,
      );
    }
    by("gaps").hidden = !said.length;
    by("gaps").textContent = said.join(" ");
    document.title = `${labelled} of ${of} · Label answers`;
    return { labelled, of, unsure };
  }

  function mark() {
    const label = shown === null ? undefined : sample.labels.get(shown.id);
    for (const button of document.querySelectorAll("button.label")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === label));
      button.setAttribute("aria-disabled", String(pending !== null || shown === null));
    }
    by("back").setAttribute("aria-disabled", String(pending !== null || previous() === null));
    by("next").setAttribute("aria-disabled", String(pending !== null || following() === null));
    by("try-now").hidden = pending === null || pending.tries === 0;
  }

  // ---- which answer

  function place(id) {
    return sample.order.indexOf(id);
  }

  function following() {
    const from = shown === null ? -1 : place(shown.id);
    const turned = [...sample.order.slice(from + 1), ...sample.order.slice(0, Math.max(from, 0))];
    return turned.find((id) => !sample.labels.has(id)) ?? null;
  }

  function previous() {
    if (visited.length) return visited[visited.length - 1];
    if (shown === null) return sample.order.length ? sample.order[sample.order.length - 1] : null;
    return sample.order[place(shown.id) - 1] ?? null;
  }

  async function answer(id) {
    if (!fetched.has(id)) {
      const found = await ask(`/api/answer?id=${encodeURIComponent(id)}`);
      for (const kept of [...fetched.keys()].slice(0, -4)) fetched.delete(kept);
      fetched.set(id, found);
    }
    return fetched.get(id);
  }

  async function show(id) {
    if (id === null) {
      shown = null;
      by("item").hidden = true;
      const { labelled, of, unsure } = count();
      by("all-done").hidden = labelled < of;
      by("unsure-again").hidden = unsure === 0;
      by("unsure-again").textContent = `Go to an answer that you were unsure of (${unsure})`;
      mark();
      by("h-all-done").focus();
      return;
    }
    let found;
    try {
      found = await answer(id);
    } catch (error) {
      say(`The next answer can't be shown. ${why(error)}`, true);
      offerToShow(id);
      return;
    }
    shown = found;
    by("starting").hidden = true;
    by("all-done").hidden = true;
    by("item").hidden = false;
    by("which").textContent = `Answer ${place(id) + 1} of ${sample.order.length}`;
    for (const [part, text, empty] of [
      ["question", found.question, "The question is empty"],
      ["answer", found.answer, "The answer is empty"],
    ]) {
      fill(by(part), text, empty);
      written(by(part), found.language);
    }
    by("h-references").textContent =
      found.references.length > 1
        ? `Reference answers (each of the ${found.references.length} is correct)`
        : "Reference answer";
    by("references").replaceChildren(
      ...(found.references.length ? found.references : [""]).map((text) => {
        const line = document.createElement("li");
        fill(line, text, "There is no reference answer");
        written(line, found.language);
        return line;
      }),
    );
    by("document").replaceChildren();
    by("document-fold").hidden = found.document_characters === 0;
    by("document-title").textContent =
      `${found.document_is_prompt ? "Whole prompt, with the document" : "Document"}` +
      ` (${found.document_characters.toLocaleString("en")} characters)`;
    if (by("document-fold").open) readDocument();
    mark();
    scrollTo(0, 0);
    by("which").focus({ preventScroll: true });
    const next = following();
    if (next !== null) answer(next).catch(() => {}); // if it fails, showing it says so
  }

  function offerToShow(id) {
    by("try-now").hidden = false;
    by("try-now").onclick = () => {
      by("try-now").onclick = null;
      by("try-now").hidden = true;
      say("");
      if (sample.version < 0) start();
      else show(id);
    };
    by("actions").hidden = false;
  }

  async function readDocument() {
    const { id, language } = shown;
    const box = by("document");
    if (box.dataset.of === id && box.childNodes.length) return;
    box.textContent = "Reading …";
    try {
      const found = await ask(`/api/document?id=${encodeURIComponent(id)}`);
      if (shown === null || shown.id !== id) return;
      box.dataset.of = id;
      box.replaceChildren();
      append(box, found.text);
      box.scrollTop = 0;
      written(box, language);
    } catch (error) {
      if (shown !== null && shown.id === id) box.textContent = `It can't be shown. ${why(error)}`;
    }
  }

  function go(id) {
    if (pending !== null || id === null || over) return;
    if (shown !== null && visited[visited.length - 1] !== shown.id) visited.push(shown.id);
    say("");
    show(id);
  }

  function back() {
    if (pending !== null || over) return;
    const id = previous();
    if (id === null) return;
    visited.pop();
    say("");
    show(id);
  }

  // ---- labels

  function give(label) {
    if (pending !== null || shown === null || over) return;
    pending = { id: shown.id, label, before: sample.labels.get(shown.id) ?? null, tries: 0 };
    save();
  }

  async function save() {
    clearTimeout(timer);
    mark();
    let said;
    try {
      said = await ask("/api/label", { id: pending.id, label: pending.label, before: pending.before });
    } catch (error) {
      await notSaved(error);
      return;
    }
    const { id, label, before } = pending;
    pending = null;
    sample.labels.set(id, label);
    count();
    if (said.version !== sample.version + (label === before ? 0 : 1)) await refresh().catch(() => {});
    else sample.version = said.version;
    say(`Answer ${place(id) + 1} saved: ${spoken(label)}.`);
    precision();
    if (visited[visited.length - 1] !== id) visited.push(id);
    await show(following());
  }

  async function notSaved(error) {
    if (error instanceof Refused && error.status === 409) {
      const { id } = pending;
      pending = null;
      await refresh().catch(() => {});
      const now = sample.labels.get(id);
      say(`Not saved: another tab or window labelled this answer ${now === undefined ? "otherwise" : spoken(now)}. Press again to change it.`, true);
      mark();
      return;
    }
    pending.tries += 1;
    mark();
    const wait = WAITS_S[Math.min(pending.tries, WAITS_S.length) - 1];
    say(`Not saved yet: ${spoken(pending.label)}. ${why(error)} It is sent again by itself.`, true);
    by("try-now").onclick = save;
    timer = setTimeout(save, wait * 1000);
  }

  // ---- the sample as a whole

  async function refresh() {
    const said = await ask("/api/state");
    sample.order = said.answers;
    sample.labels = new Map(Object.entries(said.labels));
    sample.version = said.version;
    by("file").textContent = said.file;
    by("labeler").textContent = said.labeler ? `Labels of ${said.labeler}` : "";
    by("labeler").hidden = !said.labeler;
    offer(said.choices);
    count();
    mark();
  }

  function offer(choices) {
    if (choices.join() === sample.choices.join()) return;
    sample.choices = choices;
    const scale = choices.includes("5");
    for (const part of document.querySelectorAll("[data-verdict]")) {
      part.hidden = part.dataset.verdict !== (scale ? "scale" : "correctness");
    }
    by("buttons").classList.toggle("scale", scale);
    by("buttons").replaceChildren(
      ...choices.map((label) => {
        const { words, keys, kind } = CHOICES[label];
        const button = document.createElement("button");
        button.type = "button";
        button.className = `label ${kind}`;
        button.dataset.label = label;
        button.setAttribute("aria-pressed", "false");
        button.setAttribute("aria-keyshortcuts", keys.join(" "));
        const name = document.createElement("span");
        name.textContent = words;
        button.append(name);
        if (words[0] !== keys[0]) {
          const key = document.createElement("kbd");
          key.textContent = keys[0];
          button.append(" ", key);
        }
        button.addEventListener("click", () => give(label));
        return button;
      }),
    );
  }

  async function precision() {
    try {
      const said = await ask("/api/precision");
      by("precision").textContent = said.words;
      by("precision").hidden = !said.words;
    } catch (error) {
      if (!(error instanceof Refused)) return; // that the server is gone shows at the next label
      by("precision").textContent = `How exact the labels are can't be told: ${error.message}.`;
      by("precision").hidden = false;
    }
  }

  async function start() {
    if (!token) {
      note("This address is not whole: open the one that the server printed, with all that stands after the #.");
      return;
    }
    try {
      await refresh();
    } catch (error) {
      note(why(error));
      return;
    }
    by("starting").hidden = true;
    by("actions").hidden = false;
    by("help").open = sample.labels.size === 0;
    if (!sample.order.length) {
      note("The sample is empty: there are no answers to label.");
      by("actions").hidden = true;
      return;
    }
    precision();
    await show(following()); // labels count as far as they have few gaps, so the first gap comes first
  }

  // ---- the end

  function finish() {
    if (over) return;
    const { labelled, of } = count();
    by("sure-words").textContent =
      pending !== null
        ? `One label is not saved yet: ${spoken(pending.label)}. Finishing now would lose it.`
        : `${labelled} of ${of} answers are labelled, and all of that is saved.` +
          (labelled < of ? " You can go on another time where you stop now." : "");
    by("sure").showModal();
  }

  async function finishNow() {
    by("sure").close();
    let said;
    try {
      said = await ask("/api/finish", {});
    } catch (error) {
      say(`The server could not be ended from here. ${why(error)} Saved labels are safe.`, true);
      return;
    }
    over = true;
    pending = null;
    clearTimeout(timer);
    for (const id of ["item", "all-done", "actions", "help", "starting", "finish"]) by(id).hidden = true;
    by("ended-words").textContent = said.words;
    by("ended").hidden = false;
    by("h-ended").focus();
  }

  // ---- keys, buttons

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (over || by("sure").open || !by("keys-on").checked) return;
    if (event.target.closest("input, select, textarea") && event.target.id !== "keys-on") return;
    const key = event.key.toLowerCase();
    const label = sample.choices.find((each) => CHOICES[each].keys.includes(key));
    if (label !== undefined) give(label);
    else if (key === "u") back();
    else if (key === "n") go(following());
    else if (key === "d" && shown !== null && !by("document-fold").hidden) {
      by("document-fold").open = !by("document-fold").open;
    } else return;
    event.preventDefault();
  });

  by("back").addEventListener("click", back);
  by("next").addEventListener("click", () => go(following()));
  by("document-fold").addEventListener("toggle", () => {
    if (by("document-fold").open && shown !== null) readDocument();
  });
  by("unsure-again").addEventListener("click", () => {
    const skipped = sample.order.filter((id) => sample.labels.get(id) === "skip");
    const again = skipped.find((id) => place(id) > lookedAgain) ?? skipped[0] ?? null;
    lookedAgain = again === null ? -1 : place(again);
    go(again);
  });
  by("finish").addEventListener("click", finish);
  by("sure-yes").addEventListener("click", finishNow);
  by("sure-no").addEventListener("click", () => by("sure").close());

  // Another tab may have labelled meanwhile.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && !over && pending === null && sample.version >= 0) {
      refresh().catch(() => {});
    }
  });

  addEventListener("beforeunload", (event) => {
    if (pending !== null && !over) event.preventDefault();
  });

  addEventListener("hashchange", () => location.reload());

  start();
})();
