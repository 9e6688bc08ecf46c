// What can be copied: commands, JSON, and the snippet of an exception for a rule file.

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

// A text as TOML writes it.
const tomlText = (text) => JSON.stringify(text).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu,
  (char) => `\\U${char.codePointAt(0).toString(16).padStart(8, "0")}`);

const exceptionSnippet = ({ record }) => {
  const value = record.by_field_value;
  const lines = [`    { field = ${tomlText(record.by_field_name)}, is = ${tomlText(value)} },`];
  for (const field of ["host.name", "process.name"].filter((field) => field !== record.by_field_name)) {
    const values = valuesOf(record, field);
    if (values.length === 1) lines.push(`    { field = ${tomlText(field)}, is = ${tomlText(values[0])} },`);
    if (values.length > 1) lines.push(`    { field = ${tomlText(field)}, is_one_of = [${values.map(tomlText).join(", ")}] },`);
  }
  return ["[[exception]]", `comment = ${tomlText(`${IS_PORT ? "Port " : ""}${value} is known: say why`)}`, "conditions = [", ...lines, "]", ""].join("\n");
};
