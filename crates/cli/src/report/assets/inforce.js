// The rules that said what is an alert, and what exceptions and calendar windows left out.

const showInForce = () => {
  const { rules, exceptions, windows, left_out: more } = DATA.in_force;
  byId("in-force").replaceChildren(
    listOf("Rules", rules.map(wordsOfRule)),
    exceptions.length ? listOf("Exceptions", exceptions.map(wordsOfException)) : make("p", { class: "quiet" }, "No exceptions."),
    windows.length ? listOf("Calendar windows", windows.map(wordsOfWindow)) : "",
    more ? make("p", { class: "quiet" }, `and ${counted(more, "other", "others")}`) : "",
  );
};

const listOf = (title, items) => make("div", {}, make("h3", {}, title), make("ul", {}, items.map((words) => make("li", {}, words))));

const wordsOfRule = ({ rule_id: id, threshold, idle, alerts, hidden, suppressed, lost }) => {
  if (idle) return `${id}: not executed, ${idle}`;
  const counts = [
    [hidden, "hidden by exceptions"], [suppressed, "more counted with these"], [lost, "lost, as there were too many or they were too old"],
  ].filter(([number]) => number).map(([number, words]) => `; ${grouped(number)} ${words}`);
  return `${id}: ${counted(alerts, "alert", "alerts")} with a score of ${threshold} or more${counts.join("")}`;
};

const wordsOfException = ({ comment, ignores, events, hidden, expired }) => {
  const did = ignores ? `kept ${counted(events, "event", "events")} from being learned` : `hid ${counted(hidden, "alert", "alerts")}`;
  return `“${comment}” ${did}${expired ? "; it has expired by the end of the log" : ""}`;
};

const wordsOfWindow = ({ comment, events }) => `“${comment}”: ${counted(events, "event", "events")}, neither learned nor looked at`;
