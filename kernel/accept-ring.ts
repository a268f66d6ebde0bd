import os from 'node:os'
import { errnoName, KernelError } from './errors.ts'
import * as libc from './libc.ts'

const ENTRIES = 256
const PARAMS_BYTES = 120
const SUBMISSION_BYTES = 64
const COMPLETION_BYTES = 16
const SUBMISSIONS_OFFSET = 0x1000_0000
const IORING_OP_ACCEPT = 13
const IORING_ACCEPT_MULTISHOT = 1
const IORING_CQE_F_MORE = 2

const doing = 'Accepting through io_uring'

/**
 * Multishot accept of io_uring (Linux 5.19): once asked, the kernel accepts every connection of a listener on behalf of this
 * process, whether or not it does anything: docs/kernel-facts.md#past-accept. Offsets are those of <linux/io_uring.h>.
 */
export class AcceptRing implements Disposable {
  readonly #listener: number
  readonly #fd: number
  readonly #ring: libc.SharedMemory
  readonly #submissions: libc.SharedMemory
  readonly #at: { submissionTail: number; array: number; head: number; tail: number; completions: number }
  readonly #completionCount: number
  #submitted = 0
  #taken = 0

  /**
   * Begins to accept. Throws a KernelError where io_uring is switched off (EPERM) or unknown (ENOSYS), or accepts one connection at a
   * time (EINVAL, before Linux 5.19).
   */
  constructor(listener: number) {
    this.#listener = listener
    const params = Buffer.alloc(PARAMS_BYTES)
    this.#fd = libc.ioUringSetup(ENTRIES, params, doing)
    this.#completionCount = params.readUInt32LE(4)
    this.#at = {
      submissionTail: params.readUInt32LE(44),
      array: params.readUInt32LE(64),
      head: params.readUInt32LE(80),
      tail: params.readUInt32LE(84),
      completions: params.readUInt32LE(100),
    }
    const ringBytes = Math.max(
      this.#at.array + ENTRIES * 4,
      this.#at.completions + this.#completionCount * COMPLETION_BYTES,
    )
    this.#ring = new libc.SharedMemory(this.#fd, ringBytes, 0, doing)
    this.#submissions = new libc.SharedMemory(this.#fd, ENTRIES * SUBMISSION_BYTES, SUBMISSIONS_OFFSET, doing)
    this.#ask()
    this.#refused()
  }

  /** The descriptors of the connections accepted since the last call. */
  take(): number[] {
    const taken: number[] = []
    const completion = Buffer.alloc(COMPLETION_BYTES)
    for (const tail = this.#word(this.#at.tail); this.#taken !== tail; this.#taken = (this.#taken + 1) >>> 0) {
      const index = this.#taken % this.#completionCount
      this.#ring.read(this.#at.completions + index * COMPLETION_BYTES, completion)
      const result = completion.readInt32LE(8)
      if (result < 0) throw new KernelError('io_uring', errnoName(-result), doing)
      taken.push(result)
      // It stops when the kernel has no room for what it has accepted.
      if ((completion.readUInt32LE(12) & IORING_CQE_F_MORE) === 0) this.#ask()
    }
    this.#setWord(this.#at.head, this.#taken)
    return taken
  }

  [Symbol.dispose](): void {
    this.#ring.close()
    this.#submissions.close()
    libc.close(this.#fd)
  }

  /** A kernel that does not know the request says so before it returns from it. */
  #refused(): void {
    if (this.#word(this.#at.tail) === 0) return
    const completion = Buffer.alloc(COMPLETION_BYTES)
    this.#ring.read(this.#at.completions, completion)
    if (completion.readInt32LE(8) !== -os.constants.errno.EINVAL) return
    this[Symbol.dispose]()
    throw new KernelError('io_uring', 'EINVAL', doing, 'Accepting many connections at one request needs Linux 5.19')
  }

  #ask(): void {
    const submission = Buffer.alloc(SUBMISSION_BYTES)
    submission[0] = IORING_OP_ACCEPT
    submission.writeUInt16LE(IORING_ACCEPT_MULTISHOT, 2)
    submission.writeInt32LE(this.#listener, 4)
    submission.writeUInt32LE(libc.SOCK_CLOEXEC, 28)
    const index = this.#submitted % ENTRIES
    this.#submissions.write(index * SUBMISSION_BYTES, submission)
    this.#setWord(this.#at.array + index * 4, index)
    this.#submitted++
    this.#setWord(this.#at.submissionTail, this.#submitted)
    libc.ioUringEnter(this.#fd, 1, doing)
  }

  #word(at: number): number {
    const word = Buffer.alloc(4)
    this.#ring.read(at, word)
    return word.readUInt32LE(0)
  }

  #setWord(at: number, value: number): void {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(value >>> 0)
    this.#ring.write(at, word)
  }
}
