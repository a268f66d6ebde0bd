/** Shows what happens now on the last line of a terminal; nothing where there is none. A text that is too long is cut, but not `tail`. */
function progress(text: string, tail = ''): void {
  if (!process.stderr.isTTY) return
  // A line that wrapped could not be rewritten. A terminal that does not know its width says 0.
  const room = (process.stderr.columns || 80) - 1 - tail.length
  process.stderr.write(`\r\x1b[K${text.slice(0, Math.max(0, room))}${tail}`)
}

const TICK_MS = 1000

/** Shows the stages of something long, one after the other. An empty text ends the last one. */
interface Stages extends Disposable {
  readonly say: (text: string) => void
}

/**
 * Stages on the last line of a terminal, with the seconds that the current one has taken as a sign of life. Where there is
 * no terminal, each is printed on its own line if `lines` is set.
 */
export function ticking({ lines }: { lines: boolean }): Stages {
  let stage = ''
  let sinceMs = 0
  const seconds = (): number => Math.floor((performance.now() - sinceMs) / 1000)
  const timer = setInterval(() => {
    if (stage !== '' && seconds() > 0) progress(stage, ` ${seconds()} s`)
  }, TICK_MS)
  timer.unref()
  const say = (text: string): void => {
    if (stage === '' && text === '') return // something else owns the terminal by now
    stage = text
    sinceMs = performance.now()
    progress(text)
    if (lines && !process.stderr.isTTY && text !== '') process.stderr.write(`${text}\n`)
  }
  return {
    say,
    [Symbol.dispose]() {
      clearInterval(timer)
      say('')
    },
  }
}
