// Comfort only: whatever the page tells, it tells without this.
"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];

  const fallback = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return fallback(text);  // no permission, or a page that the browser does not take for secure
    }
  };
  for (const button of all("button.copy")) {
    const label = [...button.childNodes];
    button.hidden = false;
    button.addEventListener("click", async () => {
      const copied = await copy(button.parentElement.querySelector("pre").textContent);
      button.textContent = copied ? "Copied" : "Select it and copy by hand";
      button.classList.toggle("done", copied);
      button.focus();
      setTimeout(() => {
        button.replaceChildren(...label);
        button.classList.remove("done");
      }, 2000);
    });
  }

  const boxes = all(".step > input");
  const progress = document.querySelector(".progress");
  if (progress && boxes.length) {
    const count = () => {
      const done = boxes.filter((box) => box.checked).length;
      progress.textContent = `${done} of ${boxes.length} steps done`;
    };
    progress.hidden = false;
    boxes.forEach((box) => box.addEventListener("change", count));
    count();
  }

  const unfold = document.querySelector(".unfold");
  const foldable = all("details");
  if (unfold && foldable.length) {
    unfold.hidden = false;
    unfold.addEventListener("click", () => {
      const open = unfold.getAttribute("aria-pressed") !== "true";
      unfold.setAttribute("aria-pressed", String(open));
      foldable.forEach((one) => { one.open = open; });
    });
  }

  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    let folded = target && target.closest("details");
    if (!folded) return;
    for (; folded; folded = folded.parentElement.closest("details")) folded.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Browsers without ::details-content print what is folded as folded.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = foldable.filter((one) => !one.open && !one.matches(".long, #settled .dump, .change .dump, #settled .others .finding, #extensions .others, #comparison .others"));
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
