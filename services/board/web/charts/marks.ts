/** What somebody did to the lab between two states: marked in the charts, wherever it was asked for. */
import { number } from '#common/quantities.ts'
import { loadInWords, loadName, stateNames, steeringName, switchNames } from '#live/names.ts'
import type { LiveState } from '#live/state.ts'

export interface Mark {
  timeMs: number
  kind: 'fault' | 'mended' | 'load' | 'setting' | 'experiment'
  text: string
}

export function marksBetween(before: LiveState, now: LiveState): Mark[] {
  const { timeMs } = now
  const mark = (kind: Mark['kind'], text: string): Mark => ({ timeMs, kind, text })
  return [
    ...shardMarks(before, now, mark),
    ...settingMarks(before, now, mark),
    ...loadMarks(before, now, mark),
    ...phaseMarks(before, now),
    ...gapMarks(before, now),
  ]
}

type Make = (kind: Mark['kind'], text: string) => Mark

function shardMarks(before: LiveState, now: LiveState, mark: Make): Mark[] {
  return now.shards.flatMap((shard) => {
    const old = before.shards.find((candidate) => candidate.shard === shard.shard)
    if (old === undefined) return []
    const marks: Mark[] = []
    if (old.state !== shard.state)
      marks.push(
        shard.state === 'listening'
          ? mark('mended', `${shard.shard} is listening`)
          : mark('fault', `${shard.shard} ${shard.state}`),
      )
    if (old.stalled !== shard.stalled)
      marks.push(
        shard.stalled
          ? mark('fault', `${shard.shard} ${stateNames.stalled}`)
          : mark('mended', `${shard.shard} ${stateNames.released}`),
      )
    if (shard.state === 'listening' && old.state === 'listening' && old.limit !== shard.limit)
      marks.push(mark('setting', `${shard.shard} ${backlogInWords(shard)}`))
    const [was, is] = [old.faults.join(', '), shard.faults.join(', ')]
    if (was !== is)
      marks.push(is === '' ? mark('mended', `${shard.shard} back to normal`) : mark('fault', `${shard.shard} ${is}`))
    return marks
  })
}

/** What is in force; where the kernel has capped it, what was asked too. */
const backlogInWords = ({ backlog, limit }: LiveState['shards'][number]): string =>
  `${switchNames.backlog.toLowerCase()} ${number(limit)}${backlog > limit ? ` (${number(backlog)} asked)` : ''}`

const sysctlWords = {
  syncookies: 'syncookies',
  abortOnOverflow: 'abort_on_overflow',
  migrateReq: 'migrate_req',
  somaxconn: 'somaxconn',
} as const

function settingMarks(before: LiveState, now: LiveState, mark: Make): Mark[] {
  const marks = (Object.keys(sysctlWords) as (keyof typeof sysctlWords)[])
    .filter((name) => before.sysctls[name] !== now.sysctls[name])
    .map((name) => mark('setting', `${sysctlWords[name]}=${now.sysctls[name]}`))
  const [was, is] = [steeringName(before.steering), steeringName(now.steering)]
  return was === is ? marks : [...marks, mark('setting', is)]
}

function loadMarks(before: LiveState, now: LiveState, mark: Make): Mark[] {
  return now.loads.flatMap((load) => {
    const old = before.loads.find(({ name }) => name === load.name)
    if (load.running && (old?.running !== true || old.amount !== load.amount))
      return [mark('load', loadInWords(load.name, load.amount))]
    return !load.running && old?.running === true ? [mark('load', `${loadName(load.name)} off`)] : []
  })
}

const partWords = { exporter: 'exporter', agent: 'load agent' } as const

/** A gap is marked where it began and where it ended: while the exporter is missing no state comes. */
function gapMarks(before: LiveState, now: LiveState): Mark[] {
  return now.gaps.flatMap(({ part, fromMs, toMs }) => {
    const old = before.gaps.find((gap) => gap.part === part && gap.fromMs === fromMs)
    const began: Mark[] = old === undefined ? [{ timeMs: fromMs, kind: 'fault', text: `${partWords[part]} ended` }] : []
    return toMs === undefined || old?.toMs !== undefined
      ? began
      : [...began, { timeMs: toMs, kind: 'mended', text: `${partWords[part]} is back` }]
  })
}

/** Phases are marked at the time at which they began, not when the page heard of them. */
function phaseMarks(before: LiveState, now: LiveState): Mark[] {
  const old = before.experiment
  const { experiment } = now
  if (experiment === undefined) return []
  const seen =
    old?.name === experiment.name && old.phases[0]?.timeMs === experiment.phases[0]?.timeMs ? old.phases.length : 0
  const marks: Mark[] = experiment.phases
    .slice(seen)
    .map(({ name, timeMs }) => ({ timeMs, kind: 'experiment', text: `${experiment.name}: ${name}` }))
  if (old?.running === true && !experiment.running)
    marks.push({ timeMs: now.timeMs, kind: 'experiment', text: `${experiment.name} ${experiment.status ?? 'over'}` })
  return marks
}
