/** The workshop's page: a chapter whose parts act on the live board beside it. */
import type { LiveState } from '#live/state.ts'
import type { WorkshopConfig } from '../../api.ts'
import { noticeOf } from '../page/contact.ts'
import { byId, say } from '../page/dom.ts'
import { listen } from '../page/stream.ts'
import { followTheme } from '../page/theme.ts'
import { Orders } from '../panel/orders.ts'
import { BoardFrame } from './board-frame.ts'
import { Check } from './check.ts'
import { ExperimentRun } from './experiment-run.ts'
import { drawNavigation } from './navigation.ts'
import { Prediction } from './prediction.ts'
import { Progress } from './progress.ts'
import { button, output, type Step, stepsIn } from './step.ts'

const config: WorkshopConfig = JSON.parse(byId('config').textContent ?? '')
const progress = new Progress(localStorage, config.chapter)
const frame = new BoardFrame(byId('board'))
const live: { draw(state: LiveState): void }[] = []

function redraw(): void {
  for (const step of steps) step.element.toggleAttribute('data-done', progress.isDone(step.name))
  drawNavigation(config, progress)
}

const steps = stepsIn(byId('chapter'))
for (const step of steps) begin(step)
redraw()
progress.onChange = redraw

function begin(step: Step): void {
  const { element } = step
  if (element instanceof HTMLDetailsElement) beginDetails(step, element)
  else if (element.classList.contains('predict')) live.push(new Prediction(step, progress, frame))
  else if (element.classList.contains('run')) beginRun(step)
  else if (element.classList.contains('experiment'))
    live.push(new ExperimentRun(step, config.token, () => progress.finish(step.name)))
  else if (element.classList.contains('look')) beginLook(step)
  else if (element.classList.contains('check')) new Check(step, config, () => progress.finish(step.name))
}

function beginDetails({ name }: Step, element: HTMLDetailsElement): void {
  // What was open stays so: a reader who comes back goes on where they were.
  element.open = progress.isDone(name)
  element.addEventListener('toggle', () => {
    if (element.open) progress.finish(name)
  })
}

function beginRun({ name, element }: Step): void {
  const orders = new Orders(config.token, ({ done, words }) => {
    say(output(element), words)
    output(element).classList.toggle('bad', !done)
    if (done) progress.finish(name)
  })
  button(element).addEventListener('click', () => {
    say(output(element), '…')
    void inOrder(orders, JSON.parse(element.dataset.orders ?? '[]'))
  })
}

/** One after the other: a load that starts before the stall would meet another server. */
async function inOrder(orders: Orders, all: Parameters<Orders['send']>): Promise<void> {
  for (const order of all) await orders.send(order)
}

function beginLook({ name, element }: Step): void {
  button(element).addEventListener('click', () => {
    const shown = frame.show(element.dataset.place ?? '')
    say(output(element), shown ? '' : 'It is not in the picture now: is the lab running?')
    if (shown) progress.finish(name)
  })
}

followTheme()
listen(config.start, {
  onState: (state) => {
    for (const part of live) part.draw(state)
  },
  onOtherLab: () => {},
  onHistory: () => {},
  onContact: (contact) => {
    const notice = noticeOf(contact, { board: location.origin, startAgain: config.startAgain })
    say(byId('live-words'), notice === undefined || notice.state === 'waiting' ? '' : notice.badge)
  },
})
