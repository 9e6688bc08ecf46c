"use strict";
// Text of a log as text on the page: it never becomes markup, and characters that nobody
// sees or that turn others around are shown by their numbers.

const inert = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu,
  (char) => `\\u{${char.codePointAt(0).toString(16)}}`);

// An element with attributes and children; texts become text.
const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

const makeSvg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : document.createTextNode(inert(child)));
  }
  return element;
};

const byId = (id) => document.getElementById(id);
const grouped = (number) => number.toLocaleString("en-US");
const stamp = (millis) => {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? `${millis / 1000}` : date.toISOString();
};
const minute = (millis) => stamp(millis).slice(0, 16).replace("T", " ");
const counted = (number, one, many) => `${grouped(number)} ${number === 1 ? one : many}`;
const say = (text) => { byId("said").textContent = inert(text); };
const few = (values, most) => values.length <= most ? values.join(", ")
  : `${values.slice(0, most).join(", ")}, ${values.length - most} more`;

// Elastic's bands of scores.
const BANDS = [["critical", 75, "75 and more"], ["major", 50, "50 to 75"], ["minor", 25, "25 to 50"], ["low", 0, "below 25"]];
const band = (score) => BANDS.find(([, least]) => score >= least)[0];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
