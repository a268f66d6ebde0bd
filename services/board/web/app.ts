/** The page: takes states from the stream and has every part draw them. */

import type { LiveState, ShardView } from '#live/state.ts'
import type { PageConfig } from '../api.ts'
import { Charts } from './charts/charts.ts'
import { History } from './charts/series.ts'
import { ExperimentView, stillBadge } from './experiment/view.ts'
import { forgetColours } from './page/colours.ts'
import { type Contact, liveWords, noticeOf } from './page/contact.ts'
import { byId, html, say, set } from './page/dom.ts'
import { factsOf } from './page/facts.ts'
import { listenToKeys, pressOnce } from './page/keys.ts'
import { NumberTable } from './page/numbers.ts'
import { pausedWords } from './page/paused.ts'
import { listen } from './page/stream.ts'
import { chooseTheme } from './page/theme.ts'
import { explainOnHover } from './page/tip.ts'
import { Words } from './page/words.ts'
import { Orders } from './panel/orders.ts'
import { Panel } from './panel/panel.ts'
import { Motion } from './picture/motion.ts'
import { Picture } from './picture/picture.ts'
import { wayAndLegend } from './picture/way.ts'
import { addressOf, presented } from './present/address.ts'
import { Present } from './present/present.ts'
import { SlowMotion } from './replay/replay.ts'

const config: PageConfig = JSON.parse(byId('config').textContent ?? '')
const root = document.documentElement
const stage = byId('stage')
const stacks = matchMedia('(max-width: 900px)')

const orders = new Orders(config.token, (outcome) => {
  panel.tell(outcome)
  present.tell(outcome)
})
const picture = new Picture({ onSelect: select, onToggle: toggle })
const present = new Present(byId('present'), { onSelect: select, onToggle: (shard) => toggle(shard, undefined) })
const motion = new Motion()
const numbers = new NumberTable()
const words = new Words(byId('words'))
const scene = html('div', { class: 'scene' }, motion.element, numbers.element)
scene.prepend(picture.element)
stage.append(wayAndLegend(), scene)
const panel = new Panel(byId('panel'), config, orders, (shard) => picture.select(shard))
const experiment = new ExperimentView(stage, byId('panel'), orders)
const history = new History()
const charts = new Charts(byId('charts'), history, pause)
const past = new SlowMotion({
  stage,
  panel: byId('panel'),
  beside: byId('theme'),
  picture,
  charts,
  draw,
  onLeave: () => {
    if (last !== undefined) show(last)
  },
  tell: (words) => panel.tell({ done: false, words }),
})
let last: LiveState | undefined
/** What the picture shows: the last state, the one at which it was paused, or one of the past. */
let drawn: LiveState | undefined
let selected = 1
/** When the picture and the charts were stopped, by the clock of the samples. */
let pausedMs: number | undefined

function select(shard: number): void {
  selected = shard
  picture.select(shard)
  panel.select(shard)
  present.select(shard)
  if (isPresenting()) showAddress(shard)
  if (drawn !== undefined) present.draw(drawn, picture.ages)
}

/** The switch in the picture: stalls what runs, releases what is stalled. */
function toggle(shard: ShardView, process: number | undefined): void {
  // The switches of the board's own lab are away while another is shown.
  if (past.active) return
  if (last?.experiment?.running === true) {
    panel.tell({ done: false, words: 'The switches of the board’s own lab are away while an experiment runs' })
    return
  }
  const stalled = process === undefined ? shard.stalled : (shard.processes[process]?.stalled ?? false)
  if (stalled) void orders.send({ do: 'release', shard: shard.shard })
  else void orders.send({ do: 'stall', shard: shard.shard, ...(process === undefined ? {} : { process }) })
}

/** While it is paused only the switches follow the lab: they act on it as it is now. */
function show(state: LiveState): void {
  last = state
  panel.draw(state)
  experiment.draw(state)
  if (past.active) return
  charts.draw(state.shards.length)
  if (pausedMs === undefined) draw(state)
}

/** Draws a state of the present, or one of the past. */
function draw(state: LiveState): void {
  drawn = state
  picture.draw(state)
  motion.show(state, picture.layout)
  if (isPresenting()) present.draw(state, picture.ages)
  numbers.draw(state)
  words.show(state)
  say(byId('facts'), factsOf(state))
  root.dataset.sequence = String(state.sequence)
}

/** Stops the picture, or lets it go on: with the latest state at once. */
function pause(sinceMs: number | undefined): void {
  pausedMs = sinceMs
  set(root, 'data-paused', sinceMs !== undefined)
  motion.still = sinceMs !== undefined
  if (sinceMs === undefined && last !== undefined && !past.active) draw(last)
}

function showContact(contact: Contact): void {
  const notice = noticeOf(contact, { board: location.origin, startAgain: config.startAgain })
  const waits = notice === undefined ? last === undefined : notice.state === 'waiting'
  const old = notice !== undefined && !waits
  const paused = !old && pausedMs !== undefined
  set(root, 'data-stale', old)
  set(root, 'data-over', notice?.state === 'over')
  set(byId('live'), 'class', waits || past.active ? '' : old ? 'stale' : paused ? 'paused' : 'fresh')
  const still = stillBadge(last)
  const seen = paused ? pausedWords(pausedMs ?? 0, last?.timeMs ?? 0) : (still ?? liveWords(last))
  say(byId('live-words'), past.badge ?? notice?.badge ?? (waits ? 'connecting' : seen))
  words.tell(notice)
  numbers.old = old || paused
  motion.still = old || paused || past.active || still !== undefined
}

function resize(): void {
  picture.resize(scene.clientWidth, stacks.matches ? Number.POSITIVE_INFINITY : scene.clientHeight)
  const { clientWidth, clientHeight } = picture.element
  motion.resize(clientWidth, clientHeight, picture.layout)
}

const isPresenting = (): boolean => root.dataset.present !== undefined

const showAddress = (shard: number | undefined): void => window.history.replaceState(null, '', addressOf(shard))

function presentShard(shard: number | undefined): void {
  set(root, 'data-present', shard !== undefined)
  set(byId('big'), 'aria-pressed', String(shard !== undefined))
  byId('present').hidden = shard === undefined
  showAddress(shard)
  if (shard !== undefined) select(shard)
  if (drawn !== undefined) draw(drawn)
}

const alone = (): void => {
  const wanted = root.dataset.alone === undefined
  set(root, 'data-alone', wanted)
  set(byId('fold'), 'aria-pressed', String(wanted))
}

function choose(shard: number): void {
  if (last?.shards.some((candidate) => candidate.shard === shard)) select(shard)
}

function step(by: number): void {
  const shards = last?.shards.map(({ shard }) => shard) ?? []
  choose(shards[Math.max(0, shards.indexOf(selected)) + by] ?? 0)
}

const shown = presented(location)
if (shown !== undefined) presentShard(shown)
addEventListener('hashchange', () => {
  const wanted = presented(location)
  if (wanted !== undefined || isPresenting()) presentShard(wanted)
})
new ResizeObserver(resize).observe(scene)
byId('fold').addEventListener('click', alone)
byId('big').addEventListener('click', () => presentShard(isPresenting() ? undefined : selected || 1))
chooseTheme(() => {
  forgetColours()
  motion.recolour()
  if (last !== undefined) charts.redraw(true)
})
explainOnHover()
pressOnce()
listenToKeys([
  { keys: ['p'], does: 'Pause the picture and the charts, or resume', press: () => charts.toggle() },
  {
    keys: ['s', 'S'],
    does: 'Slow motion: the last 30 s; arrows step, Space plays, Esc goes back',
    press: () => void past.enter(),
  },
  { keys: ['b'], does: 'One queue, large: for the back row', press: () => byId('big').click() },
  {
    keys: ['Escape'],
    shown: 'Esc',
    does: 'Leave the large view',
    press: () => isPresenting() && presentShard(undefined),
  },
  { keys: [...'123456789'], shown: '1 … 9', does: 'Choose a shard', press: (key) => choose(Number(key)) },
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shown: '← →',
    does: 'The shard before, the next one',
    press: (key) => step(key === 'ArrowLeft' ? -1 : 1),
  },
  { keys: ['t'], does: 'Theme: light, dark, or as the machine is set', press: () => byId('theme').click() },
  { keys: ['f'], does: 'Hide or show the switches', press: alone },
])
listen(config.start, {
  onState: (state) => {
    history.add(state)
    show(state)
  },
  onOtherLab: () => {
    history.clear()
    if (!past.active) picture.forget()
  },
  onHistory: (kept) => {
    history.restore(kept)
    if (last !== undefined) charts.redraw()
  },
  onContact: showContact,
})
