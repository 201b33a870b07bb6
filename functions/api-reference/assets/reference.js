// Gives the viewer the colours that the reader's system prefers. A file of its own, as the page allows no
// script inside itself.

const LIGHT = {
  "theme": "light",
  "bg-color": "#fffdf9",
  "text-color": "#2b2622",
  "primary-color": "#b4531a",
  "nav-bg-color": "#f7f1e7",
  "nav-text-color": "#4a4038",
  "nav-hover-bg-color": "#efe4d2",
  "nav-hover-text-color": "#b4531a",
  "nav-accent-color": "#b4531a",
};

const DARK = {
  "theme": "dark",
  "bg-color": "#1c1814",
  "text-color": "#ece3d6",
  "primary-color": "#e58a4e",
  "nav-bg-color": "#27211b",
  "nav-text-color": "#cdbfad",
  "nav-hover-bg-color": "#362d24",
  "nav-hover-text-color": "#f0a873",
  "nav-accent-color": "#e58a4e",
};

const viewer = document.querySelector("rapi-doc");
const dark = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  for (const [name, value] of Object.entries(dark.matches ? DARK : LIGHT)) {
    viewer.setAttribute(name, value);
  }
}

dark.addEventListener("change", paint);
paint();
