// What can be copied: commands, JSON, and the exception for a rule file.

const copy = async (text, what) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByHand(text);
  }
  say(`Copied ${what}.`);
};

// For browsers that keep the clipboard from files.
const copyByHand = (text) => {
  const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};

const copyButton = (label, what, text) =>
  make("button", { type: "button", "data-copy": what, onclick: () => copy(text(), what) }, label);
