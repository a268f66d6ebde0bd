/** The keys of slow motion while it lasts: arrows step, Space plays, S or Escape goes back. Nobody else gets these then. */

interface Acts {
  active(): boolean
  /** Where arrows and Space are meant for slow motion, besides the page itself. */
  bar: HTMLElement
  leave(): void
  step(samples: number): void
  play(): void
}

/** With Shift an arrow steps this many samples. */
const STRIDE = 10

export function replayKeys({ active, bar, leave, step, play }: Acts): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, altKey, metaKey, shiftKey } = event
    if (!active() || ctrlKey || altKey || metaKey || !(target instanceof HTMLElement || target instanceof SVGElement))
      return
    const isRange = target instanceof HTMLInputElement && target.type === 'range'
    if (target instanceof HTMLInputElement && !isRange && target.type !== 'radio') return
    if (key === 'Escape' || (key.toLowerCase() === 's' && !event.repeat)) leave()
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      if (!isRange && target !== document.body) return
      step((key === 'ArrowLeft' ? -1 : 1) * (shiftKey ? STRIDE : 1))
    } else if (key === ' ' && (isRange || target === document.body || target === bar)) {
      if (!event.repeat) play()
    } else return
    event.preventDefault()
    event.stopImmediatePropagation()
  })
}
