/** The terminal itself: raw keys in, whole frames out without flicker, and everything put back at the end. */
import { wantsColour } from './colour.ts'
import { PatientOutput } from './patient-output.ts'

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
/** Ctrl-Z, as a key: in raw mode the terminal does not stop the process. */
const SUSPEND = '\x1a'

export class Terminal {
  readonly #input: NodeJS.ReadStream
  readonly #output: typeof process.stdout
  #lastFrame = ''
  #onKey: (key: string) => void = () => {}
  #onResize: () => void = () => {}
  /** Once the screen is given back nothing is written to it. */
  #screen: PatientOutput | undefined

  constructor(input: NodeJS.ReadStream, output: typeof process.stdout) {
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
    return wantsColour(this.#output)
  }

  /**
   * Takes the screen and the keys. `onKey` gets each key as it came, but for Ctrl-Z, which stops the process as it does
   * everywhere; `onResize` asks for a new frame, when the size has changed or the process resumes.
   */
  open(onKey: (key: string) => void, onResize: () => void): void {
    this.#onKey = onKey
    this.#onResize = onResize
    this.#output.on('resize', this.#redraw)
    process.on('SIGTSTP', this.#stop)
    process.on('SIGCONT', this.#goOn)
    this.#take()
    if (!this.#input.isTTY) return
    this.#input.setEncoding('utf8')
    this.#input.on('data', this.#hear)
  }

  readonly #hear = (keys: string): void => {
    for (const key of keys.startsWith('\x1b') ? [keys] : keys) {
      // In cooked mode the terminal would signal the whole job, npm or a script around this process included.
      if (key === SUSPEND) this.#suspend(0)
      else this.#onKey(key)
    }
  }

  readonly #redraw = (): void => {
    this.#lastFrame = ''
    this.#onResize()
  }

  #take(): void {
    this.#screen ??= new PatientOutput(this.#output)
    this.#screen.write(`${ALTERNATE}${HIDE_CURSOR}`)
    if (!this.#input.isTTY) return
    // A shell may have reset the terminal meanwhile, of which Node knows nothing: raw to raw would be no change to it.
    this.#input.setRawMode(false)
    this.#input.setRawMode(true)
  }

  #giveBack(): void {
    if (this.#input.isTTY) this.#input.setRawMode(false)
    this.#screen?.end(`${SHOW_CURSOR}${ORIGINAL}`)
    this.#screen = undefined
  }

  readonly #stop = (): void => this.#suspend(process.pid)

  /**
   * Stops a process, or with 0 the whole job, after restoring the terminal. It continues here on SIGCONT. The kernel does
   * not stop a process that no shell could resume, and that one continues at once.
   */
  #suspend(whom: number): void {
    this.#giveBack()
    process.off('SIGTSTP', this.#stop) // without a listener the signal stops
    process.kill(whom, 'SIGTSTP')
    process.on('SIGTSTP', this.#stop)
    setImmediate(this.#goOn)
  }

  /** Takes the terminal back. After SIGSTOP nothing could be given back before, so it is taken in any case. */
  readonly #goOn = (): void => {
    if (!process.listeners('SIGCONT').includes(this.#goOn)) return // closed meanwhile
    this.#take()
    process.kill(process.pid, 'SIGWINCH') // its size may have changed, which only the job in front is told
    this.#redraw()
  }

  /** Shows these lines and nothing else. Every line is overwritten in place, so nothing blinks. */
  show(lines: readonly string[]): void {
    const frame = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')
    // A slow terminal skips frames rather than falling behind.
    if (this.#screen === undefined || frame === this.#lastFrame || this.#screen.isBehind) return
    this.#lastFrame = frame
    this.#screen.write(`${BEGIN_FRAME}${HOME}${frame}${CLEAR_BELOW}${END_FRAME}`)
  }

  close(): void {
    this.#output.off('resize', this.#redraw)
    process.off('SIGTSTP', this.#stop)
    process.off('SIGCONT', this.#goOn)
    this.#input.off('data', this.#hear)
    this.#giveBack()
    this.#input.pause()
  }
}
