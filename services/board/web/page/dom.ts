/** Small helpers to make and change elements; what has not changed is not touched. */

type Child = Node | string
type Attributes = Record<string, string | number | boolean | undefined>

const SVG = 'http://www.w3.org/2000/svg'

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Name] {
  return dress(document.createElementNS(SVG, name), attributes, children)
}

export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  return dress(document.createElement(name), attributes, children)
}

function dress<Made extends Element>(element: Made, attributes: Attributes, children: Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) set(element, name, value)
  element.append(...children)
  return element
}

/** Sets an attribute if it is another; false and undefined take it away. */
export function set(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : typeof value === 'number' ? String(Math.round(value * 100) / 100) : value
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** For a look that follows a number: in steps below what is seen, since each change of it is a style worked out anew. */
export const inSteps = (value: number, step: number): number => Math.round(value / step) * step

/** Gives whether the text was another. Text that is there is changed in place: a new node would be laid out anew. */
export function say(element: Element, text: string): boolean {
  const only = element.firstChild
  if (only === null && text === '') return false
  if (!(only instanceof Text) || only !== element.lastChild) {
    if (element.textContent === text) return false
    element.textContent = text
    return true
  }
  if (only.data === text) return false
  only.data = text
  return true
}

/** The element of the page with this id; the page has it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no #${id}`)
  return found
}
