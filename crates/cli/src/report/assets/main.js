// Puts the page together.

const setTheme = (dark) => {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
};

// Paper is light, whatever the screen is.
const listenToPrinter = (redraw) => {
  let wasDark = false;
  const paper = matchMedia("print");
  const change = () => {
    if (paper.matches) wasDark = document.documentElement.dataset.theme === "dark";
    setTheme(!paper.matches && wasDark);
    redraw();
  };
  paper.addEventListener("change", change);
};

const start = () => {
  const night = matchMedia("(prefers-color-scheme: dark)");
  setTheme(night.matches);
  const redraw = () => followers.forEach((follow) => follow());
  night.addEventListener("change", (event) => { setTheme(event.matches); redraw(); });
  byId("theme").addEventListener("click", () => { setTheme(document.documentElement.dataset.theme !== "dark"); redraw(); });
  readSelection();
  showOverview();
  makeLanes();
  listenToWindow();
  listenToAnomalies();
  listenToPorts();
  followers.push(showSelection, drawLanes, showAnomalies, showPorts);
  redraw();
  window.addEventListener("hashchange", () => { readSelection(); redraw(); });
  window.addEventListener("resize", drawLanes);
  listenToPrinter(redraw);
  document.documentElement.dataset.ready = "yes";
};

start();
