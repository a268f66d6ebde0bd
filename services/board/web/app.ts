/** The page: takes states from the stream and has every part draw them. */

import type { LiveState, ShardView } from '#live/state.ts'
import type { PageConfig } from '../api.ts'
import { Charts } from './charts/charts.ts'
import { History } from './charts/series.ts'
import { ExperimentView, stillBadge } from './experiment/view.ts'
import { forgetColours } from './page/colours.ts'
import { type Contact, noticeOf } from './page/contact.ts'
import { byId, say, set } from './page/dom.ts'
import { factsOf } from './page/facts.ts'
import { pressOnce } from './page/keys.ts'
import { NumberTable } from './page/numbers.ts'
import { listen } from './page/stream.ts'
import { chooseTheme } from './page/theme.ts'
import { explainOnHover } from './page/tip.ts'
import { Words } from './page/words.ts'
import { Orders } from './panel/orders.ts'
import { Panel } from './panel/panel.ts'
import { Motion } from './picture/motion.ts'
import { Picture } from './picture/picture.ts'
import { SlowMotion } from './replay/replay.ts'

const config: PageConfig = JSON.parse(byId('config').textContent ?? '')
const root = document.documentElement
const stage = byId('stage')

const orders = new Orders(config.token, (outcome) => panel.tell(outcome))
const picture = new Picture({ onSelect: select, onToggle: toggle })
const motion = new Motion()
const numbers = new NumberTable()
const words = new Words(byId('words'))
stage.append(picture.element, motion.element, numbers.element)
const panel = new Panel(byId('panel'), config, orders, (shard) => picture.select(shard))
const experiment = new ExperimentView(stage, byId('panel'), orders)
const history = new History()
const charts = new Charts(byId('charts'), history)
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

function select(shard: number): void {
  picture.select(shard)
  panel.select(shard)
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

function show(state: LiveState): void {
  last = state
  panel.draw(state)
  experiment.draw(state)
  if (past.active) return
  draw(state)
  charts.draw(state.shards.length)
}

/** Draws a state of the present, or one of the past. */
function draw(state: LiveState): void {
  picture.draw(state)
  motion.show(state, picture.layout)
  numbers.draw(state)
  words.show(state)
  say(byId('facts'), factsOf(state))
  root.dataset.sequence = String(state.sequence)
}

function showContact(contact: Contact): void {
  const notice = noticeOf(contact, { board: location.origin, startAgain: config.startAgain })
  const waits = notice === undefined ? last === undefined : notice.state === 'waiting'
  const old = notice !== undefined && !waits
  set(root, 'data-stale', old)
  set(root, 'data-over', notice?.state === 'over')
  set(byId('live'), 'class', waits || past.active ? '' : old ? 'stale' : 'fresh')
  say(byId('live-words'), past.badge ?? notice?.badge ?? stillBadge(last) ?? (waits ? 'connecting' : 'live, 10 Hz'))
  words.tell(notice)
  numbers.old = old
  motion.still = old || past.active || stillBadge(last) !== undefined
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
