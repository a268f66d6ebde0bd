/** The live board of a lab that has yet to start: opened first, so that a taken address is found before anything starts. */
import type { ListenTarget } from '#common/parse.ts'
import type { Driver } from '#lab/driver.ts'
import { askLine } from '#live/ask-line.ts'
import { ExperimentRunner } from '#live/experiment-runner.ts'
import { LastMinute } from '#live/last-minute.ts'
import { LastSamples } from '#live/last-samples.ts'
import { LastSpells, labSockets, withSpells } from '#live/last-spells.ts'
import type { Switches } from '#live/orders.ts'
import { shownStates } from '#live/shown-states.ts'
import { type Switchable, switchboard } from '#live/switchboard.ts'
import type { LabView } from '#live/view.ts'
import { factsPage } from '#report/facts.ts'
import type { WorkshopOffer } from '#services/board/server/workshop.ts'

export interface ShownBoard extends AsyncDisposable {
  readonly url: string
  /** Shows a lab from now on. */
  begin(switchable: Switchable, views: AsyncIterable<LabView>): void
  /** Settles when no more views come; rejects with what went wrong. */
  readonly ended: Promise<void>
}

/**
 * Without a driver no experiments can be run. The page is reached by `allowedHosts` too. `startAgain` is the command that the page names when all has ended; with `check`
 * the workshop's page runs a participant's own files.
 */
export async function showBoard(
  listen: ListenTarget,
  driver: Driver | undefined,
  unavailable: Switches['unavailable'] = {},
  startAgain = 'npm start',
  check?: WorkshopOffer['check'],
  allowedHosts: readonly string[] = [],
): Promise<ShownBoard> {
  // Loaded only where there is a board: a lab without one starts quicker.
  const { startBoard } = await import('#services/board/board.ts')
  const { experiments } = await import('#experiments/catalogue.ts')
  const { workshopOffer } = await import('../workshop/chapters.ts')
  await using resources = new AsyncDisposableStack()
  const runner = resources.use(new ExperimentRunner(experiments, driver))
  const samples = resources.use(new LastSamples())
  runner.onLab = (shows, lab) => samples.add(shows, lab)
  const begun = Promise.withResolvers<AsyncIterable<LabView>>()
  let switchable: Switchable | undefined
  const lastMinute = new LastMinute()
  const lastSpells = new LastSpells()
  let latest: LabView | undefined
  const views = async function* (): AsyncGenerator<LabView> {
    for await (const view of await begun.promise) {
      lastMinute.see(view)
      lastSpells.see(view.timeMs, view.portNow)
      latest = view
      yield view
    }
  }
  const board = resources.use(
    await startBoard({
      listen,
      allowedHosts,
      source: shownStates(views(), () => switchable?.loads.list ?? [], runner),
      samples: (lab) => samples.of(lab),
      waiting: async (cookie) =>
        switchable === undefined ? { why: 'The lab has not started yet' } : askLine(switchable.lab.exporter, cookie),
      onPages: (open) => {
        samples.wanted = open
      },
      report: (run) => runner.report(run),
      actions: switchboard(() => switchable, runner, unavailable),
      plan: (stallMs) => withSpells(lastMinute.plan(stallMs), latest ? lastSpells.found(labSockets(latest)) : []),
      kernelFacts: factsPage,
      workshop: { ...workshopOffer(), ...(check === undefined ? {} : { check }) },
      startAgain,
    }),
  )
  const kept = resources.move()
  return {
    url: board.url,
    ended: board.sourceEnded,
    begin(there, source) {
      switchable = there
      samples.add(undefined, there.lab)
      begun.resolve(source)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
