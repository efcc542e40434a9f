/** Just enough to draw: make elements, and turn what is there into what should be there. */

type Child = Node | string | false | null | undefined;

/** `h("p", { class: "muted" }, "text")`. Text is text: nothing a site sends is ever markup. */
export function h(
  tag: string,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    // A style attribute is forbidden by the hub's content security policy, its object is not.
    else if (name === "style" && typeof value === "string") element.style.cssText = value;
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  for (const child of children) {
    if (child !== false && child !== null && child !== undefined) element.append(child);
  }
  return element;
}

const keyOf = (node: Node | undefined): string | null =>
  node instanceof Element ? node.getAttribute("data-key") : null;

/** A part of a drawing; numbers are in its own units. */
export function svg(
  tag: string,
  attributes: Record<string, string | number>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
}

/**
 * Changes only what differs, so that focus, scroll position, typed text and opened details survive.
 * Elements with a `data-key` keep their identity when the order changes, or something comes before
 * them.
 */
export function show(parent: Element, wanted: readonly Node[]): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = keyOf(child);
    if (key !== null) keyed.set(key, child);
  }
  const kept = new Set(wanted.map(keyOf));
  wanted.forEach((node, at) => {
    const present = parent.childNodes[at];
    const key = keyOf(node);
    const own = key === null ? present : keyed.get(key);
    if (own && isAlike(own, node)) {
      // Moving an element, or even putting it where it is, would take the focus from it.
      if (own !== present) parent.insertBefore(own, present ?? null);
      update(own, node);
    } else if (present && (keyOf(present) === null || !kept.has(keyOf(present)))) {
      parent.replaceChild(node, present);
    } else parent.insertBefore(node, present ?? null);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

function isAlike(a: Node, b: Node): boolean {
  if (!(a instanceof Element) || !(b instanceof Element)) return a.nodeType === b.nodeType;
  return a.tagName === b.tagName && keyOf(a) === keyOf(b);
}

function update(present: Node, wanted: Node): void {
  if (!(present instanceof Element) || !(wanted instanceof Element)) {
    if (present.nodeValue !== wanted.nodeValue) present.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...present.attributes]) {
    // Whether details are open is the reader's, not ours, once they are there.
    if (!wanted.hasAttribute(name) && name !== "open") present.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (present.getAttribute(name) === value || name === "open") continue;
    if (name === "style" && present instanceof HTMLElement) present.style.cssText = value;
    else present.setAttribute(name, value);
  }
  show(present, [...wanted.childNodes]);
}
