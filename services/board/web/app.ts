/** The page: takes states from the stream and has every part draw them. */

import type { LiveState, ShardView } from '#live/state.ts'
import type { PageConfig } from '../api.ts'
import { Charts } from './charts/charts.ts'
import { History } from './charts/series.ts'
import { forgetColours } from './page/colours.ts'
import { byId, html, say, set } from './page/dom.ts'
import { duration } from './page/format.ts'
import { pressOnce } from './page/keys.ts'
import { NumberTable } from './page/numbers.ts'
import { listen } from './page/stream.ts'
import { chooseTheme } from './page/theme.ts'
import { explainOnHover } from './page/tip.ts'
import { Orders } from './panel/orders.ts'
import { Panel } from './panel/panel.ts'
import { Motion } from './picture/motion.ts'
import { Picture } from './picture/picture.ts'

const config: PageConfig = JSON.parse(byId('config').textContent ?? '')
const root = document.documentElement
const stage = byId('stage')
const words = byId('words')

const orders = new Orders(config.token, (outcome) => panel.tell(outcome))
const picture = new Picture({ onSelect: select, onToggle: toggle })
const motion = new Motion()
const numbers = new NumberTable()
stage.append(picture.element, motion.element, numbers.element)
const panel = new Panel(byId('panel'), config, orders, (shard) => picture.select(shard))
const history = new History()
const charts = new Charts(byId('charts'), history)
let last: LiveState | undefined

function select(shard: number): void {
  picture.select(shard)
  panel.select(shard)
}

/** The switch in the picture: stalls what runs, releases what is stalled. */
function toggle(shard: ShardView, process: number | undefined): void {
  const stalled = process === undefined ? shard.stalled : (shard.processes[process]?.stalled ?? false)
  if (stalled) void orders.send({ do: 'release', shard: shard.shard })
  else void orders.send({ do: 'stall', shard: shard.shard, ...(process === undefined ? {} : { process }) })
}

function show(state: LiveState): void {
  last = state
  picture.draw(state)
  motion.show(state, picture.layout)
  numbers.draw(state)
  panel.draw(state)
  charts.draw(state.shards.length)
  showWords(state)
  showFacts(state)
  root.dataset.sequence = String(state.sequence)
}

function showFacts({ address, port, mode, shards, kernel }: LiveState): void {
  const backlogs = [...new Set(shards.filter(({ state }) => state === 'listening').map(({ limit }) => limit))]
  const many =
    mode === 'sharded'
      ? `${shards.length} ${shards.length === 1 ? 'shard' : 'shards'}`
      : mode === 'shared'
        ? 'one shared socket'
        : 'one process'
  const facts = [
    `${address}:${port}`,
    many,
    `backlog ${backlogs.join(', ') || '–'}`,
    `Linux ${/^\d+\.\d+/.exec(kernel)?.[0] ?? kernel}`,
  ]
  say(byId('facts'), facts.join(' · '))
}

/** Whether nothing at all is out of order; less than that is no reason to say anything. */
const isCalm = ({ shards, portView }: LiveState): boolean =>
  portView !== undefined &&
  portView.synQueue.length < 10 &&
  shards.every(
    ({ state, stalled, faults, fill, dropsPerSecond }) =>
      state === 'listening' && !stalled && faults.length === 0 && fill < 0.5 && dropsPerSecond === 0,
  )

/** The first sentence says what happens: it is read from afar. */
function showWords(state: LiveState): void {
  const { words: text, experiment } = state
  const running =
    experiment?.running === true
      ? `Experiment ${experiment.name} runs in a lab of its own${experiment.phases.length > 0 ? `: ${experiment.phases.at(-1)?.name}` : ''}. `
      : ''
  const said = text ?? (running === '' && isCalm(state) ? 'All is calm: whoever comes is accepted.' : '')
  const key = running + said
  if (words.dataset.key === key) return
  words.dataset.key = key
  const end = /[:.](?=\s)/.exec(said)
  const split = end === null ? said.length : end.index + 1
  words.replaceChildren(
    ...(running === '' ? [] : [html('span', { class: 'running' }, running)]),
    html('strong', {}, said.slice(0, split)),
    said.slice(split),
  )
  set(words, 'class', text === undefined ? 'calm' : '')
}

function showStale(sinceMs: number | undefined): void {
  const live = byId('live')
  if (sinceMs === undefined) {
    set(root, 'data-stale', undefined)
    say(byId('live-words'), 'live, 10 Hz')
    set(live, 'class', 'fresh')
  } else {
    set(root, 'data-stale', true)
    say(byId('live-words'), `no sample for ${duration(Math.floor(sinceMs / 100) * 100)}: the picture is old`)
    set(live, 'class', 'stale')
  }
  motion.still = sinceMs !== undefined
}

function resize(): void {
  const width = stage.clientWidth
  const alone = root.dataset.alone !== undefined
  picture.resize(width, Math.max(380, innerHeight * (alone ? 0.82 : 0.66)))
  const { clientWidth, clientHeight } = picture.element
  motion.resize(clientWidth, clientHeight, picture.layout)
}

new ResizeObserver(resize).observe(stage)
addEventListener('resize', resize)
byId('fold').addEventListener('click', () => {
  const alone = root.dataset.alone === undefined
  set(root, 'data-alone', alone)
  set(byId('fold'), 'aria-pressed', String(alone))
  resize()
})
chooseTheme(() => {
  forgetColours()
  motion.recolour()
  if (last !== undefined) charts.redraw(true)
})
explainOnHover()
pressOnce()
listen(config.start, {
  onState: (state) => {
    history.add(state)
    if (last === undefined) showStale(undefined)
    show(state)
  },
  onHistory: (kept) => {
    history.restore(kept)
    if (last !== undefined) charts.redraw()
  },
  onStale: showStale,
})
