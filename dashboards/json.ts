/** Writes JSON as the formatter of this repository would, so that generated files need no exception. */
const LINE_WIDTH = 120

/** Two spaces deep; an array of plain values on one line where it fits. */
export function toJson(value: unknown): string {
  return `${write(value, '', 0)}\n`
}

/** `taken` is how much of the line stands before the value. */
function write(value: unknown, indent: string, taken: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    const plain = value.every((item) => typeof item !== 'object' || item === null)
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    if (value.length === 0 || (plain && taken + line.length < LINE_WIDTH)) return line
    return `[\n${value.map((item) => `${deeper}${write(item, deeper, deeper.length)}`).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && typeof field !== 'function')
  if (entries.length === 0) return '{}'
  const lines = entries.map(([name, field]) => {
    const key = `${deeper}${JSON.stringify(name)}: `
    return `${key}${write(field, deeper, key.length)}`
  })
  return `{\n${lines.join(',\n')}\n${indent}}`
}
