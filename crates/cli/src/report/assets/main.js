// Puts the page together.

const setTheme = (dark) => {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
};

const start = () => {
  const night = matchMedia("(prefers-color-scheme: dark)");
  setTheme(night.matches);
  const redraw = () => followers.forEach((follow) => follow());
  night.addEventListener("change", (event) => { setTheme(event.matches); redraw(); });
  byId("theme").addEventListener("click", () => { setTheme(document.documentElement.dataset.theme !== "dark"); redraw(); });
  readSelection();
  showOverview();
  showInForce();
  makeLanes();
  listenToWindow();
  listenToAnomalies();
  listenToPorts();
  followers.push(showSelection, drawLanes, showAnomalies, showPorts);
  redraw();
  window.addEventListener("hashchange", () => {
    if (jobOfAddress() !== DATA) { location.reload(); return; }
    readSelection();
    redraw();
  });
  window.addEventListener("resize", drawLanes);
  matchMedia("print").addEventListener("change", redraw);
  document.documentElement.dataset.ready = "yes";
};

start();
