/** The page of a host: takes states from the stream and has every part draw them. It only shows. */
import type { ChosenView, FoundView, HostState } from '#live/host/host-state.ts'
import { worstAge } from '#live/reading.ts'
import type { HostPageConfig } from '../../api.ts'
import { Charts } from '../charts/charts.ts'
import { curvesFor, hostPoint } from '../charts/host-points.ts'
import { hostKinds } from '../charts/kinds.ts'
import { KEPT_MS, type Kept, type Point } from '../charts/series.ts'
import { forgetColours } from '../page/colours.ts'
import { byId, html, say, set } from '../page/dom.ts'
import { listenToKeys } from '../page/keys.ts'
import { NumberTable } from '../page/numbers.ts'
import { chooseTheme } from '../page/theme.ts'
import { explainOnHover } from '../page/tip.ts'
import { LineTab } from '../panel/line.ts'
import { PlanTab } from '../panel/plan.ts'
import { tabsOf } from '../panel/tabs.ts'
import { wordsTab } from '../panel/words.ts'
import { Motion } from '../picture/motion.ts'
import { Picture } from '../picture/picture.ts'
import { waterLegend } from '../picture/way.ts'
import { About } from './about.ts'
import { type HostContact, hostNoticeOf } from './contact.ts'
import { Findings } from './findings.ts'
import { Overview } from './overview.ts'
import { HostStream, type Wish } from './stream.ts'

const config: HostPageConfig = JSON.parse(byId('config').textContent ?? '')
const root = document.documentElement
const stage = byId('stage')
const stacks = matchMedia('(max-width: 900px)')

const picture = new Picture({ onSelect: selectShard })
const motion = new Motion()
const numbers = new NumberTable()
const place = html('h2', { id: 'chosen-place' })
const gone = html('p', { class: 'gone' })
const scene = html('div', { class: 'scene' }, picture.element, motion.element, numbers.element)
picture.select(0)
const legend = waterLegend()
stage.append(html('div', { class: 'chosen-head' }, place, legend), gone, scene)
const about = new About()
const line = new LineTab()
const findings = new Findings(choose)
const plan = new PlanTab({
  who: 'The server',
  about: () => (last?.chosen === undefined ? '' : new URLSearchParams({ queue: last.chosen.key }).toString()),
})
byId('panel').replaceChildren(
  ...tabsOf('About the queue and the host', [
    ['This queue', about.element],
    ['Line', line.element],
    ['Findings', findings.element],
    ['Plan', plan.element],
    ['Words', wordsTab([])],
  ]),
)
const overview = new Overview(byId('overview'), { onChoose: choose, onFilter: (filter) => lookAt({ filter }) })
/** Of the chosen queue. */
const history: Kept = { points: [], marks: [] }
let charts: Charts | undefined
let chartsOf = ''
let last: HostState | undefined
let wish: Wish = { queue: wished(), filter: '' }
/** When the picture and the charts were stopped. */
let pausedMs: number | undefined

/** Of several sockets, the one of which it is shown who waits; 0 for the longest queue. */
let shard = 0

function selectShard(chosen: number): void {
  shard = chosen
  picture.select(shard)
  if (last?.chosen !== undefined) drawLine(last.chosen)
}

function drawLine({ picture: { shards } }: ChosenView): void {
  const chosen = shards.filter((one) => one.shard === shard)
  line.draw(chosen.length === 0 ? shards : chosen, shards.length > 1)
}

/** The queue that the address names: `#queue=…`. */
function wished(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('queue') ?? undefined
}

function choose(key: string): void {
  window.history.replaceState(null, '', `#${new URLSearchParams({ queue: key })}`)
  if (overview.showsAll) overview.toggle()
  lookAt({ queue: key })
}

function lookAt(change: Partial<Wish>): void {
  wish = { ...wish, ...change }
  stream.look(wish)
}

function show(state: HostState): void {
  const { chosen } = state
  if (chosen?.key !== last?.chosen?.key) {
    history.points = []
    shard = 0
    picture.select(shard)
    picture.forget()
  }
  last = state
  overview.draw(state)
  findings.draw(state)
  about.draw(chosen)
  say(byId('facts'), state.source)
  if (chosen !== undefined) showChosen(chosen)
  stage.classList.toggle('empty', chosen === undefined)
  say(gone, chosen === undefined ? goneWords(state) : '')
  if (chosen === undefined) say(place, wish.queue ?? 'No queue')
  showWords(state)
  root.dataset.sequence = String(state.sequence)
}

function showChosen(chosen: ChosenView): void {
  const { picture: now, kind } = chosen
  addPoint(chosen)
  if (chartsOf !== kind) {
    chartsOf = kind
    charts = new Charts(byId('charts'), history, pause, hostKinds[kind])
  }
  charts?.draw(curvesFor(now.shards.length))
  plan.draw(now)
  drawLine(chosen)
  if (pausedMs !== undefined) return
  say(place, titleOf(chosen))
  // Of other queues the kernel does not tell how long anybody waits.
  legend.hidden = kind !== 'tcp'
  picture.draw(now)
  motion.show(now, picture.layout)
  numbers.draw(now)
}

const titleOf = ({ who, process, place: where, mptcp, netns, kind }: ChosenView): string =>
  [
    who ?? (process || undefined),
    mptcp === true ? 'mptcp' : undefined,
    where,
    kind === 'udp' ? 'UDP' : undefined,
    netns === undefined ? undefined : `in ${netns}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ')

/** A place that has gone is not an empty queue. */
const goneWords = ({ all, ages }: HostState): string =>
  ages.listeners === undefined
    ? 'The accept queues have not been read lately.'
    : all === 0
      ? 'Nothing listens here.'
      : 'Nothing listens there at present. Choose another queue.'

function addPoint({ picture: now }: ChosenView): void {
  const { sequence, timeMs, shards, portView } = now
  if ((history.points.at(-1)?.timeMs ?? 0) >= timeMs) return
  const at = {
    sequence,
    timeMs,
    oldestWaitMs: portView?.oldestWait?.mostMs ?? null,
    synQueue: portView?.synQueue,
    unserved: portView?.unserved?.connections,
  }
  history.points.push(hostPoint(at, shards))
  if ((history.points[100]?.timeMs ?? timeMs) < timeMs - KEPT_MS)
    history.points = history.points.filter((point: Point) => point.timeMs >= timeMs - KEPT_MS)
}

/** The worst finding about the chosen queue, or of all. */
function showWords({ findings: all, chosen, judged }: HostState): void {
  if (root.dataset.stale !== undefined) return
  const told = all.filter(({ severity }) => severity !== 'note')
  const found = told.find(({ key }) => key === chosen?.key) ?? told[0]
  tell(found === undefined ? undefined : found, judged ? 'Nothing turns clients away.' : '')
}

let toldKey = ''
function tell(found: FoundView | undefined, calm: string): void {
  const key = found === undefined ? calm : `${found.where}${found.words}`
  if (key === toldKey) return
  toldKey = key
  const words = byId('words')
  set(words, 'class', found === undefined ? 'calm' : '')
  words.replaceChildren(
    ...(found === undefined
      ? [html('strong', {}, calm)]
      : [html('strong', {}, found.where === '' ? '' : `${found.where}: `), found.words]),
  )
}

/** Stops the picture, or lets it go on: with the latest state at once. */
function pause(sinceMs: number | undefined): void {
  pausedMs = sinceMs
  set(root, 'data-paused', sinceMs !== undefined)
  motion.still = sinceMs !== undefined
  if (sinceMs === undefined && last?.chosen !== undefined) showChosen(last.chosen)
}

function showContact(contact: HostContact): void {
  const notice = hostNoticeOf(contact, {
    board: location.origin,
    startAgain: config.startAgain,
    everyMs: config.everyMs,
  })
  const waits = notice === undefined ? last === undefined : notice.state === 'waiting'
  const old = notice !== undefined && !waits
  set(root, 'data-stale', old)
  set(root, 'data-over', notice?.state === 'over')
  set(byId('live'), 'class', waits ? '' : old ? 'stale' : pausedMs === undefined ? 'fresh' : 'paused')
  say(byId('live-words'), notice?.badge ?? (waits ? 'connecting' : pausedMs === undefined ? liveWords() : 'paused'))
  if (notice !== undefined) tell({ ...EMPTY, where: notice.problem.replace(/[.:]$/, ''), words: notice.remedy }, '')
  else if (last !== undefined) showWords(last)
  numbers.old = old || pausedMs !== undefined
  motion.still = old || pausedMs !== undefined
}

const EMPTY: FoundView = {
  code: '',
  severity: 'critical',
  sure: 'certain',
  key: undefined,
  where: '',
  words: '',
  mends: [],
}

/** `live, 4 Hz`, and how old the oldest of what is drawn is, if it is old. */
function liveWords(): string {
  const chosen = last?.chosen
  const hertz = `live, ${Math.round(1000 / config.everyMs)} Hz`
  if (chosen === undefined) return hertz
  const old = worstAge(chosen.picture.ages, chosen.picture.read)
  const named =
    chosen.kind === 'tcp' ? old : old?.replace('accept queues', chosen.kind === 'udp' ? 'UDP queues' : 'UNIX queues')
  return named === undefined ? hertz : `${hertz}, ${named}`
}

function resize(): void {
  picture.resize(scene.clientWidth, stacks.matches ? Number.POSITIVE_INFINITY : scene.clientHeight)
  const { clientWidth, clientHeight } = picture.element
  motion.resize(clientWidth, clientHeight, picture.layout)
}

const alone = (): void => {
  const wanted = root.dataset.alone === undefined
  set(root, 'data-alone', wanted)
  set(byId('fold'), 'aria-pressed', String(wanted))
}

function step(by: number): void {
  const key = overview.beside(last?.chosen?.key, by)
  if (key !== undefined) choose(key)
}

addEventListener('hashchange', () => lookAt({ queue: wished() }))
new ResizeObserver(resize).observe(scene)
byId('fold').addEventListener('click', alone)
chooseTheme(() => {
  forgetColours()
  motion.recolour()
  if (last !== undefined) charts?.redraw(true)
})
explainOnHover()
listenToKeys([
  { keys: ['o'], does: 'All queues, or one line of them', press: () => overview.toggle() },
  { keys: ['/'], does: 'Filter the queues', press: () => overview.search() },
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shown: '← →',
    does: 'The queue before, the next one',
    press: (key) => step(key === 'ArrowLeft' ? -1 : 1),
  },
  { keys: ['p'], does: 'Pause the picture and the charts, or resume', press: () => charts?.toggle() },
  { keys: ['t'], does: 'Theme: light, dark, or as the machine is set', press: () => byId('theme').click() },
  { keys: ['f'], does: 'Hide or show what is beside the picture', press: alone },
])
const stream = new HostStream(config.start, wish, {
  onState: show,
  onHistory: ({ points }) => {
    const lastMs = points.at(-1)?.timeMs ?? 0
    history.points = [...points, ...history.points.filter(({ timeMs }) => timeMs > lastMs)]
    charts?.redraw()
  },
  onContact: showContact,
})
