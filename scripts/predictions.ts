/**
 * `npm run predictions`: plays every scenario in a lab and writes what was predicted and what was measured into
 * docs/planning.md. Takes some twenty minutes. With words, only the scenarios whose name contains one of them, and nothing is written.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sayFaults } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { duration, number, percent } from '#common/quantities.ts'
import { type Confirmation, confirm } from '#lab/confirm/confirm.ts'
import { OwnServerLab } from '#lab/confirm/own-server.ts'
import { type Scenario, scenarios } from '#lab/confirm/scenarios.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { missingPrograms, prepared } from '#lab/servers/prepared.ts'
import { type Estimate, quantities } from '#planner/outcome.ts'

const file = path.join(import.meta.dirname, '..', 'docs', 'planning.md')
const BEGIN = '<!-- predictions: npm run predictions -->'
const END = '<!-- end of predictions -->'

/** A server may take so long to be built. */
const BUILT_WITHIN_MS = 300_000

/** Within the target; or as far from it as chance allows; or neither; or the machine could not play it. */
const verdicts = ['met', 'by chance', 'missed', 'not judged'] as const
type Verdict = (typeof verdicts)[number]

interface Row {
  cells: string[]
  verdict: Verdict
  /** The same of the simulation that was given what really happened; undefined where nothing was played. */
  replayed: Verdict | undefined
}

sayFaults('predictions')
const grammar: Grammar = { command: 'npm run predictions --', options: {}, words: 'parts of the names of scenarios' }
const words = readCommandLine(grammar, process.argv.slice(2), ({ positionals }) => positionals)
if (words === undefined) {
  process.stdout.write('Usage: npm run predictions -- [PART OF A NAME…]\n')
  process.exit()
}
await namespaces.preflight()
const chosen =
  words.length === 0 ? scenarios : scenarios.filter(({ name }) => words.some((word) => name.includes(word)))
const rows: Row[] = []
for (const [i, scenario] of chosen.entries()) {
  process.stderr.write(`${i + 1} of ${chosen.length}: ${scenario.name} … `)
  const row = await rowFor(scenario)
  process.stderr.write(`${row.verdict}: ${row.cells.slice(2).join(' | ')}\n`)
  rows.push(row)
}
const table = inMarkdown(rows)
if (words.length === 0) write(table)
else process.stdout.write(`${table}\n`)

/** Throws nothing that one scenario may be to blame for: the others are worth their row. */
async function rowFor(scenario: Scenario): Promise<Row> {
  const { server } = scenario
  const missing = server === undefined ? [] : missingPrograms(server)
  if (missing.length > 0) return notPlayed(scenario, `${missing.join(' and ')} missing on this machine`)
  try {
    return rowOf(scenario, await playedOn(scenario))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.exitCode = 1
    return notPlayed(scenario, describeError(error).replaceAll(/\s+/g, ' '))
  }
}

async function playedOn({ scene, server, told }: Scenario): Promise<Confirmation> {
  if (server === undefined) return await confirm(scene, undefined, told)
  using ready = await prepared(server, AbortSignal.timeout(BUILT_WITHIN_MS))
  const command = ['env', `PATH=${ready.env.PATH}`, ...ready.command]
  await using on = await OwnServerLab.start({ server: { name: server.name, command } })
  return await confirm(scene, on, told)
}

function notPlayed({ name, quantity }: Scenario, why: string): Row {
  const cells = [name, quantities[quantity], '–', '–', '–', '–', '–', `not judged: ${why}`]
  return { cells, verdict: 'not judged', replayed: undefined }
}

function rowOf({ name, quantity, tolerance, closed }: Scenario, seen: Confirmation): Row {
  const show = quantity.endsWith('Share') ? percent : quantity.endsWith('Ms') ? duration : number
  const measured = seen.measured.estimates[quantity]!.value
  const predicted = seen.predicted.outcome.estimates[quantity]!
  const again = seen.asItHappened.estimates[quantity]!
  const byFormula = closed?.(seen.run.acceptOverheadMs)
  const allowed = Math.max(tolerance.absolute, tolerance.share * measured)
  /** Chance that no prediction can know (who meets whom, how the timers' grid lies) is not held against it. */
  const judged = ({ value, low, high }: Estimate): Verdict =>
    Math.abs(value - measured) <= allowed ? 'met' : low <= measured && measured <= high ? 'by chance' : 'missed'
  const unread =
    quantity === 'queuePeak' && seen.unread > allowed
      ? `up to ${number(Math.ceil(seen.unread))} came behind the last reading of the queue in a stall`
      : undefined
  const notJudged = seen.notJudged ?? unread
  // Whether a machine was fit to play a scenario is decided before looking at what came out.
  const verdict = notJudged !== undefined ? 'not judged' : judged(predicted)
  const replayed = unread === undefined ? judged(again) : 'not judged'
  const reason = {
    met: '',
    'by chance': `: 99 % of such runs lie between ${show(predicted.low)} and ${show(predicted.high)}`,
    missed: {
      met: ': the machine; right for what really happened',
      'by chance': ': open; given what really happened, chance alone allows it',
      missed: ': the model',
      'not judged': '',
    }[replayed],
    'not judged': `: ${notJudged}; as it happened: ${replayed}`,
  }[verdict]
  const error = measured === 0 ? show(predicted.value) : percent((predicted.value - measured) / measured)
  return {
    verdict,
    replayed,
    cells: [
      name,
      quantities[quantity],
      byFormula === undefined ? '–' : show(byFormula),
      show(predicted.value),
      show(measured),
      quantity === 'queuePeak' ? `${number(predicted.value - measured)} slots` : error,
      show(again.value),
      `${verdict}${reason}`,
    ],
  }
}

function inMarkdown(all: readonly Row[]): string {
  const titles = [
    'scenario',
    'number',
    'closed form',
    'simulation',
    'measured',
    'error of the simulation',
    'simulated as it happened',
    'verdict',
  ]
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const count = (of: keyof Row & ('verdict' | 'replayed'), is: Verdict): number =>
    all.filter((row) => row[of] === is).length
  const counts = verdicts.map((verdict) => `${count('verdict', verdict)} ${verdict}`)
  const machine = `Linux ${os.release()}, ${os.availableParallelism()} × ${os.cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, load average ${os.loadavg()[0]!.toFixed(1)} at the end`
  return [
    line(titles),
    line(titles.map(() => '---')),
    ...all.map(({ cells }) => line(cells)),
    '',
    `${counts.join(', ')}. Given what really happened: ${count('replayed', 'met')} met, ${count('replayed', 'by chance')} by chance, ${count('replayed', 'missed')} missed. ${machine}.`,
  ].join('\n')
}

function write(predictions: string): void {
  const text = fs.readFileSync(file, 'utf8')
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (before === -1 || after === -1) throw new Error(`${file} has no place for the predictions`)
  fs.writeFileSync(file, `${text.slice(0, before + BEGIN.length)}\n\n${predictions}\n\n${text.slice(after)}`)
  process.stderr.write(`Written to ${path.relative(process.cwd(), file)}\n`)
}
