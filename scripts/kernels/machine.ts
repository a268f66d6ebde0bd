/** Has a kernel answer what is asked of it: in an emulated machine, or the one that this machine runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { UsageError } from '#common/errors.ts'
import { codeOf } from '#common/system-errors.ts'
import { type Line, lineOf, THIS } from './record.ts'

const root = path.resolve(import.meta.dirname, '../..')
const INSIDE = 'scripts/kernels/inside.ts'
/** So much longer than its machine may last is waited for whoever boots it. */
const GRACE_S = 120
/** What it says where the time that it was given is over. */
const TIME_IS_OVER = 124
const NO_MACHINE = 125

export interface Ask {
  /** A series of kernels, or THIS. */
  kernel: string
  /** The program that boots an emulated machine; see `machineHelp`. */
  machine: string | undefined
  /** What to find out, as inside.ts takes it. */
  words: readonly string[]
  /** For the machine from its start to its end, in seconds of this one. */
  timeoutS: number
  signal: AbortSignal
}

export const machineHelp = `The program that boots an emulated machine is called as

  COMMAND run VERSION --with FOLDER --timeout SECONDS --virtual-time -- node FILE [ARGUMENT…]

It boots a kernel of that series, copies FOLDER with its node_modules to the same path, and runs in it what stands behind --, as root,
without any network but loopback, with iproute2, util-linux and the Node of that folder on the PATH. What that prints
comes on standard output. Exit status: that of what was run; 124 if the time was over, 125 if there is no such machine. With
--virtual-time the machine's clock counts its own instructions, so that nothing there comes too late because this machine is slow.`

const howToGive =
  'Give the program that boots one: --machine COMMAND, or SPILLWAY_KERNELS; npm run kernels -- --help says how it is called'

/** Whether all that was asked for was answered; what was is given to `take` at once. Throws a UsageError where there is no machine. */
export async function answersOf(ask: Ask, take: (line: Line) => void): Promise<'all' | 'late'> {
  const { kernel, machine, words, timeoutS, signal } = ask
  if (kernel !== THIS && machine === undefined)
    throw new UsageError(
      `Linux ${kernel} runs in an emulated machine, and no program is given that boots one`,
      howToGive,
    )
  const inside = ['--', 'node', INSIDE, ...words]
  const options = ['--with', root, '--timeout', `${timeoutS}`, '--virtual-time']
  const [program, args] =
    kernel === THIS
      ? [process.execPath, [path.join(root, INSIDE), ...words]]
      : [machine!, ['run', kernel, ...options, ...inside]]
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, AbortSignal.timeout((timeoutS + GRACE_S) * 1000)]),
    killSignal: 'SIGTERM',
  })
  const said: string[] = []
  const hear = (text: string): void => void (said.push(text) > 20 && said.shift())
  let answered = 0
  const out = createInterface({ input: child.stdout })
  out.on('line', (text) => {
    const line = lineOf(text)
    if (line === undefined) return hear(text)
    answered++
    take(line)
  })
  createInterface({ input: child.stderr }).on('line', hear)
  let status: number | null
  try {
    ;[status] = await once(child, 'close')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new UsageError(`There is no program ${program}`, howToGive)
    signal.throwIfAborted()
    if (codeOf(error) !== 'ABORT_ERR') throw error
    return 'late'
  }
  if (status === TIME_IS_OVER) return 'late'
  if (status !== 0 && (status === NO_MACHINE || answered === 0))
    throw new UsageError(`There is no answer from Linux ${kernel} (status ${status})`, said.join('\n'))
  return status === 0 ? 'all' : 'late'
}
