/** The keys of slow motion: S begins and ends it; while it lasts, arrows step, Space plays, Escape goes back. */

interface Acts {
  active(): boolean
  /** Where arrows and Space are meant for slow motion, besides the page itself. */
  bar: HTMLElement
  enter(): void
  leave(): void
  step(samples: number): void
  play(): void
}

/** With Shift an arrow steps this many samples. */
const STRIDE = 10

export function replayKeys({ active, bar, enter, leave, step, play }: Acts): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, altKey, metaKey, shiftKey } = event
    if (ctrlKey || altKey || metaKey || !(target instanceof HTMLElement || target instanceof SVGElement)) return
    const isRange = target instanceof HTMLInputElement && target.type === 'range'
    if (target instanceof HTMLInputElement && !isRange && target.type !== 'radio') return
    if (key.toLowerCase() === 's') {
      if (!event.repeat) (active() ? leave : enter)()
      return
    }
    if (!active()) return
    if (key === 'Escape') leave()
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      if (!isRange && target !== document.body) return
      step((key === 'ArrowLeft' ? -1 : 1) * (shiftKey ? STRIDE : 1))
    } else if (key === ' ' && (isRange || target === document.body || target === bar)) {
      if (!event.repeat) play()
    } else return
    event.preventDefault()
  })
}
