/** A key that is held down is one press: a switch that is held does not stall and release thirty times a second. */

const pressable = 'button, input, [role="switch"]'

export function pressOnce(): void {
  document.addEventListener(
    'keydown',
    (event) => {
      const { repeat, key, target } = event
      if (!repeat || (key !== 'Enter' && key !== ' ')) return
      if (!(target instanceof Element) || target.closest(pressable) === null) return
      event.preventDefault()
      event.stopPropagation()
    },
    { capture: true },
  )
}
