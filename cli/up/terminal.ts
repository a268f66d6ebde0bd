/** The terminal itself: raw keys in, whole frames out without flicker, and everything put back at the end. */

const ALTERNATE = '\x1b[?1049h'
const ORIGINAL = '\x1b[?1049l'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
/** Terminals that know synchronized output show the frame at once; the others ignore it. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'

export class Terminal {
  readonly #input: NodeJS.ReadStream
  readonly #output: NodeJS.WriteStream
  #lastFrame = ''

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#input = input
    this.#output = output
  }

  get columns(): number {
    return this.#output.columns || 80
  }

  get rows(): number {
    return this.#output.rows || 24
  }

  get colour(): boolean {
    return !process.env.NO_COLOR && this.#output.hasColors()
  }

  /** Takes the screen and the keys. `onKey` gets each key as it came; `onResize` when the size changed. */
  open(onKey: (key: string) => void, onResize: () => void): void {
    this.#output.write(`${ALTERNATE}${HIDE_CURSOR}`)
    this.#output.on('resize', () => {
      this.#lastFrame = ''
      onResize()
    })
    if (!this.#input.isTTY) return
    this.#input.setRawMode(true)
    this.#input.setEncoding('utf8')
    this.#input.on('data', (keys: string) => {
      for (const key of keys.startsWith('\x1b') ? [keys] : keys) onKey(key)
    })
  }

  /** Shows these lines and nothing else. Every line is overwritten in place, so nothing blinks. */
  show(lines: readonly string[]): void {
    const frame = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')
    // A slow terminal skips frames rather than falling behind.
    if (frame === this.#lastFrame || this.#output.writableNeedDrain) return
    this.#lastFrame = frame
    this.#output.write(`${BEGIN_FRAME}${HOME}${frame}${CLEAR_BELOW}${END_FRAME}`)
  }

  close(): void {
    if (this.#input.isTTY) this.#input.setRawMode(false)
    this.#input.pause()
    this.#output.write(`${SHOW_CURSOR}${ORIGINAL}`)
  }
}
