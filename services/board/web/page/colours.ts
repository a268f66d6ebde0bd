/** Colours as a canvas wants them: a custom property with light-dark() is settled only where it is used. */

const resolved = new Map<string, string>()

/** The present colour of a custom property of the page, such as `--spill`. */
export function used(name: string): string {
  const known = resolved.get(name)
  if (known !== undefined) return known
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  resolved.set(name, colour)
  return colour
}

/** Colours are settled anew: the theme has changed. */
export function forgetColours(): void {
  resolved.clear()
}
