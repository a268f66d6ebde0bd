/** A part of a chapter that a reader can do. */

export interface Step {
  name: string
  element: HTMLElement
}

export const stepsIn = (chapter: HTMLElement): Step[] =>
  [...chapter.querySelectorAll<HTMLElement>('[data-step]')].map((element) => ({
    name: element.dataset.step ?? '',
    element,
  }))

/** The element within a part that its kind always has. */
function within<Found extends Element>(element: HTMLElement, selector: string): Found {
  const found = element.querySelector<Found>(selector)
  if (found === null) throw new Error(`A part of the chapter has no ${selector}`)
  return found
}

export const button = (element: HTMLElement): HTMLButtonElement => within(element, 'button')
export const output = (element: HTMLElement): HTMLOutputElement => within(element, 'output')
export const field = (element: HTMLElement): HTMLInputElement => within(element, 'input')
export const bar = (element: HTMLElement): HTMLProgressElement => within(element, 'progress')
export const list = (element: HTMLElement): HTMLElement => within(element, 'ol, ul')
