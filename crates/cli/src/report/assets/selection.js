// What is selected: a time, values, a filter, an order, an open row. It lives in the fragment of
// the address, so that a view can be kept and shared.

const selection = { from: null, to: null, values: new Map(), filter: "", least: 0, sort: "score", down: true, open: null, port: "" };
const followers = [];

const readSelection = () => {
  const said = new URLSearchParams(location.hash.slice(1));
  const number = (name) => {
    const value = said.get(name);
    return value !== null && value !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
  };
  selection.from = number("from");
  selection.to = number("to");
  selection.least = number("least") ?? 0;
  selection.filter = said.get("filter") ?? "";
  selection.port = said.get("port") ?? "";
  selection.open = said.get("open");
  const sort = said.get("sort") ?? "-score";
  selection.down = sort.startsWith("-");
  selection.sort = sort.replace(/^-/, "");
  selection.values = new Map();
  for (const field of FIELDS) {
    const values = said.getAll(field);
    if (values.length) selection.values.set(field, new Set(values));
  }
};

const writeSelection = () => {
  const said = new URLSearchParams();
  const put = (name, value, without) => { if (value !== without && value !== null) said.append(name, value); };
  put("job", DATA.summary.job_id, JOBS[0].summary.job_id);
  put("from", selection.from, null);
  put("to", selection.to, null);
  put("least", selection.least, 0);
  put("filter", selection.filter, "");
  put("port", selection.port, "");
  put("open", selection.open, null);
  put("sort", (selection.down ? "-" : "") + selection.sort, "-score");
  for (const [field, values] of selection.values) for (const value of values) said.append(field, value);
  const fragment = said.toString();
  history.replaceState(null, "", fragment ? `#${fragment}` : "#");
};

const select = (changes) => {
  Object.assign(selection, changes);
  writeSelection();
  followers.forEach((follow) => follow());
};

const toggleValue = (field, value) => {
  const values = new Set(selection.values.get(field));
  if (!values.delete(value)) values.add(value);
  const all = new Map(selection.values);
  if (values.size) all.set(field, values); else all.delete(field);
  select({ values: all });
};

const isChosen = (field, value) => selection.values.get(field)?.has(value) ?? false;

// Whether a record is in the selected time and has a selected value of every field that has some.
const isSelected = ({ record }) => {
  const start = record.timestamp;
  const end = start + record.bucket_span * 1000;
  if (selection.from !== null && end <= selection.from) return false;
  if (selection.to !== null && start >= selection.to) return false;
  for (const [field, values] of selection.values) {
    if (field !== "overall" && !valuesOf(record, field).some((value) => values.has(value))) return false;
  }
  return true;
};
