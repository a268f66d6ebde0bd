/** So many lines are written one by one. */
const SINGLE_LINES = 4
/** After that, and until it has been quiet for so long, they are summed up as often. */
const SUM_UP_EVERY_MS = 60_000
/** So many namespaces that cannot be read are named. */
const NAMED_FAILURES = 3

/** What the log says of namespaces that come and go: on a host that starts containers all the time, a line a minute. */
export class NamespaceLog {
  readonly #log: (line: string) => void
  #sinceMs = Number.NEGATIVE_INFINITY
  #lines = 0
  #came = 0
  #went = 0
  /** What cannot be read, by where it was found, and what was said of how many. */
  readonly #unread = new Set<string>()
  #failures = 0

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  came(namespace: string, nowMs: number): void {
    if (this.#isSingle(nowMs)) this.#log(`Network namespace ${namespace} is read from now on`)
    else this.#came++
  }

  went(namespace: string, nowMs: number): void {
    if (this.#isSingle(nowMs)) this.#log(`Network namespace ${namespace} is gone and is no longer read`)
    else this.#went++
  }

  /** One that cannot be read is named once; when there are many, the first few stand for all. */
  cannotRead(source: string, namespace: string, why: string): void {
    if (this.#unread.has(source)) return
    this.#unread.add(source)
    this.#failures++
    if (this.#failures <= NAMED_FAILURES) this.#log(`Network namespace ${namespace} cannot be read: ${why}`)
    else if (this.#failures === NAMED_FAILURES + 1)
      this.#log('More network namespaces cannot be read: spillway_sample_errors_total{kind="namespace"} counts them')
  }

  /** One that can be read again may be complained about again; so may those that are not there any more. */
  forget(keep: (source: string) => boolean): void {
    for (const source of this.#unread) if (!keep(source)) this.#unread.delete(source)
    if (this.#unread.size === 0) this.#failures = 0
  }

  /** Sums up what was not said, when it is time. `read` is how many namespaces are read now. */
  sumUp(nowMs: number, read: number): void {
    if (this.#came + this.#went === 0 || nowMs < this.#sinceMs + SUM_UP_EVERY_MS) return
    const some = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`])
    const changes = [...some(this.#came, 'came'), ...some(this.#went, 'went')].join(' and ')
    this.#log(`Network namespaces: ${changes} within ${SUM_UP_EVERY_MS / 1000} s, ${read} are read now`)
    this.#came = this.#went = 0
    this.#sinceMs = nowMs
  }

  #isSingle(nowMs: number): boolean {
    if (this.#came + this.#went === 0 && nowMs >= this.#sinceMs + SUM_UP_EVERY_MS) {
      this.#sinceMs = nowMs
      this.#lines = 0
    }
    return this.#lines++ < SINGLE_LINES
  }
}
