/** Shard numbers outlive a restart of the exporter: a file in its state directory. */
import fs from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inWords, reasonOf } from '#common/system-errors.ts'
import { beginningOf } from '#kernel/proc-reading.ts'
import type { SavedShards, SavedSlot, Shards } from './shards.ts'

const NAME = 'shards.json'
const FORMAT = 'spillway shards 1'
/** It is written soon after something has changed, and not more often than this. */
const SOON_MS = 1000
const SELDOM_MS = 10_000
/** About 80 bytes each; further ones are numbered anew after a restart. */
const MOST_SLOTS = 20_000
const MOST_BYTES = 8 << 20

/** Reads the numbers of an earlier run on this boot of this machine, and saves the present ones. What fails is said once. */
export class ShardFile {
  readonly #folder: string
  readonly #file: string
  readonly #boot: string
  readonly #log: (line: string) => void
  #savedChanges = 0
  #changedMs: number | undefined
  #writtenMs = Number.NEGATIVE_INFINITY
  #writing = false
  #failed = false
  #closed = false

  /** Undefined, and said, where the boot of this machine cannot be told from another. */
  static in(folder: string, proc: string, log: (line: string) => void): ShardFile | undefined {
    try {
      return new ShardFile(folder, beginningOf(`${proc}/sys/kernel/random/boot_id`).trim(), log)
    } catch (error) {
      log(
        `Shard numbers are not kept in ${folder}: ${proc}/sys/kernel/random/boot_id cannot be read: ${reasonOf(error)}`,
      )
      return undefined
    }
  }

  constructor(folder: string, boot: string, log: (line: string) => void) {
    this.#folder = folder
    this.#file = path.join(folder, NAME)
    this.#boot = boot
    this.#log = log
  }

  /** Gives `shards` the numbers that were saved. A file of another boot is passed over, a broken one with a sentence. */
  restore(shards: Shards, nowMs: number): void {
    let saved: SavedShards | undefined
    try {
      saved = this.#read()
    } catch (error) {
      const why = reasonOf(error) ?? (error instanceof Error ? error.message : String(error))
      this.#log(`The shard numbers in ${this.#file} are not used: ${why}. The file will be replaced`)
    }
    if (saved !== undefined) shards.restore(saved, nowMs)
    this.#savedChanges = shards.changes
  }

  /** Saves the numbers if they have changed, in the background and rarely. */
  offer(shards: Shards, nowMs: number): void {
    if (shards.changes === this.#savedChanges) return
    this.#changedMs ??= nowMs
    if (this.#writing || nowMs < Math.max(this.#changedMs + SOON_MS, this.#writtenMs + SELDOM_MS)) return
    this.#writtenMs = nowMs
    this.#writing = true
    const changes = shards.changes
    void this.#write(this.#textOf(shards)).then((written) => {
      this.#writing = false
      if (!written) return
      this.#savedChanges = changes
      this.#changedMs = undefined
    })
  }

  /** Saves what has changed since, at the end. */
  close(shards: Shards): void {
    this.#closed = true
    if (shards.changes === this.#savedChanges) return
    try {
      makeFolder(this.#folder)
      fs.writeFileSync(this.#draft('last'), this.#textOf(shards), { mode: 0o600 })
      fs.renameSync(this.#draft('last'), this.#file)
    } catch (error) {
      this.#complain(error, 'last')
    }
  }

  #read(): SavedShards | undefined {
    const stat = fs.statSync(this.#file, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (!stat.isFile()) throw new Error('it is not a file')
    if (stat.size > MOST_BYTES) throw new Error('it is larger than any that an exporter writes')
    let content: unknown
    try {
      content = JSON.parse(fs.readFileSync(this.#file, 'utf8'))
    } catch (error) {
      if (error instanceof SyntaxError) throw new Error('it is damaged')
      throw error
    }
    if (!isRecord(content) || content.format !== FORMAT) throw new Error('it is not one that this exporter writes')
    if (content.boot !== this.#boot) return undefined
    if (!isSavedShards(content.groups)) throw new Error('it is damaged')
    return content.groups
  }

  #textOf(shards: Shards): string {
    return JSON.stringify({ format: FORMAT, boot: this.#boot, groups: shards.save(MOST_SLOTS) })
  }

  async #write(text: string): Promise<boolean> {
    try {
      makeFolder(this.#folder)
      await writeFile(this.#draft('new'), text, { mode: 0o600 })
      if (this.#closed)
        fs.rmSync(this.#draft('new')) // what was saved at the end is newer
      else fs.renameSync(this.#draft('new'), this.#file)
    } catch (error) {
      this.#complain(error, 'new')
      return false
    }
    if (this.#failed) this.#log(`Shard numbers are kept in ${this.#file} again`)
    this.#failed = false
    return true
  }

  /** What is written beside the file takes its place in one step. */
  #draft(which: 'new' | 'last'): string {
    return `${this.#file}.${which}`
  }

  #complain(error: unknown, which: 'new' | 'last'): void {
    try {
      fs.rmSync(this.#draft(which), { force: true })
    } catch {} // it cannot be written, and cannot be removed either
    if (this.#failed) return
    this.#failed = true
    const words = inWords(error)
    const why = words === undefined ? String(error) : `${words.sentence}. ${words.remedy}`
    this.#log(`Shard numbers cannot be saved in ${this.#folder}, and start anew when the exporter is restarted. ${why}`)
  }
}

/** Folder by folder: of a file system that is read-only, a recursive mkdir says that it does not exist. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return
  makeFolder(path.dirname(folder))
  fs.mkdirSync(folder)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isSavedShards(value: unknown): value is SavedShards {
  if (!isRecord(value)) return false
  const ids = new Set<string>()
  let count = 0
  for (const slots of Object.values(value)) {
    if (!Array.isArray(slots)) return false
    count += slots.length
    for (const [index, slot] of slots.entries()) {
      if (!isSavedSlot(slot) || slot[0] !== index + 1) return false
      if (slot[1] !== '' && ids.size === ids.add(slot[1]).size) return false // two numbers for one listener
    }
  }
  return count <= MOST_SLOTS
}

const isSavedSlot = (value: unknown): value is SavedSlot =>
  Array.isArray(value) &&
  value.length === 3 &&
  Number.isSafeInteger(value[0]) &&
  typeof value[1] === 'string' &&
  typeof value[2] === 'string'
