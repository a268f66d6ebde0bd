/** A host as the board shows it: what is kept of it from snapshot to snapshot, and its state for whoever looks at one place. */

import { formatListen } from '#common/parse.ts'
import type { HostEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import type { BacklogAdvice } from '../state.ts'
import { ChosenPlace } from './chosen.ts'
import { HostPlan, noPlan } from './host-plan.ts'
import type { ChosenView, HostState } from './host-state.ts'
import type { HostMoment } from './moments.ts'
import { RowOrder } from './order.ts'
import { fillOf, foundViews, matching, type PlaceRows, placesOf, placeView } from './overview.ts'

/** As many tanks as can be read, and drawn four times a second. */
const MOST_PLACES = 200
/** So many findings fill the panel; the worst come first. */
const MOST_FINDINGS = 40
/** Whoever has chosen nothing looks at the worst place, and stays there while there is trouble. */
const CALM_MS = 10_000

/** What one reader looks at. */
export interface Look {
  /** The place that is chosen; undefined for the worst. */
  key: string | undefined
  filter: string
}

export class HostDisplay {
  readonly #order = new RowOrder()
  readonly #plan = new HostPlan()
  #places: ReadonlyMap<string, PlaceRows> = new Map()
  #moment: HostMoment | undefined
  #worst: { key: string; troubledMs: number } | undefined
  /** What is remembered of the places that somebody looks at. */
  readonly #chosen = new Map<string, { place: ChosenPlace; sequence: number; view: ChosenView }>()

  /** The rows of each place at the last moment, the worst first. */
  get places(): ReadonlyMap<string, PlaceRows> {
    return this.#places
  }

  see(moment: HostMoment): void {
    this.#moment = moment
    this.#places = placesOf(moment.view, this.#order)
    this.#plan.see(moment.snapshot, this.#places)
    this.#chooseWorst(moment.snapshot.monotonicMs)
  }

  /** What follows does not follow what was seen. */
  forget(): void {
    this.#plan.forget()
    this.#chosen.clear()
  }

  /** For the readers there are: what nobody looks at is forgotten. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#chosen.keys()) if (!keys.has(key)) this.#chosen.delete(key)
  }

  /** The key of the place that a look is at; undefined where there is none. */
  keyOf({ key }: Look): string | undefined {
    return key ?? this.#worst?.key
  }

  /** Undefined until the first moment. */
  state(look: Look): HostState | undefined {
    if (this.#moment === undefined) return undefined
    const { snapshot, findings, evidence, source } = this.#moment
    const several = snapshot.namespaces.length > 1
    const found = matching(this.#places, look.filter)
    const shown = found.slice(0, MOST_PLACES)
    const rest = found.slice(MOST_PLACES)
    return {
      sequence: snapshot.sequence,
      timeMs: snapshot.timeMs,
      source,
      places: shown.map(([key, rows]) => placeView(key, rows, several)),
      matching: found.length,
      all: this.#places.size,
      fullestLeftOut:
        rest.length === 0 ? undefined : Math.max(...rest.map(([, rows]) => Math.max(...rows.map(fillOf)))),
      unread: snapshot.namespaces.reduce(
        (sum, { listenersLeftOut = 0, unixListenersLeftOut = 0, udpSocketsLeftOut = 0 }) =>
          sum + listenersLeftOut + unixListenersLeftOut + udpSocketsLeftOut,
        0,
      ),
      ages: agesOf(snapshot),
      findings: foundViews(findings.slice(0, MOST_FINDINGS), this.#places, several),
      moreFindings: Math.max(0, findings.length - MOST_FINDINGS),
      judged: evidence !== undefined,
      chosen: this.#choose(this.keyOf(look)),
    }
  }

  plan(key: string | undefined, stallMs: number | undefined): BacklogAdvice {
    const wanted = key ?? this.#worst?.key
    const rows = wanted === undefined ? undefined : this.#places.get(wanted)
    if (wanted === undefined || rows === undefined || this.#moment === undefined)
      return noPlan('Nothing listens here at present.')
    const { evidence } = this.#moment
    const [{ netns, place }] = rows
    const somaxconn = evidence?.namespaces.find((space) => space.netns === netns)?.settings['net.core.somaxconn']
    const others = [...this.#places.values()].filter(
      ([row]) => row.kind === 'tcp' && row.netns === netns && row.place !== place,
    )
    return this.#plan.plan(wanted, rows, stallMs, {
      evidence: queuesAt(evidence, rows),
      somaxconn,
      elsewhere: others.length,
    })
  }

  #choose(key: string | undefined): ChosenView | undefined {
    const rows = key === undefined ? undefined : this.#places.get(key)
    if (key === undefined || rows === undefined || this.#moment === undefined) return undefined
    const { snapshot, evidence } = this.#moment
    const known = this.#chosen.get(key)
    if (known?.sequence === snapshot.sequence) return known.view
    const place = known?.place ?? new ChosenPlace()
    const severalNamespaces = snapshot.namespaces.length > 1
    const view = place.see({
      key,
      snapshot,
      rows,
      severalNamespaces,
      evidence: queuesAt(evidence, rows),
    })
    this.#chosen.set(key, { place, sequence: snapshot.sequence, view })
    return view
  }

  #chooseWorst(nowMs: number): void {
    const [first] = this.#places
    if (first === undefined) return
    const now = this.#worst === undefined ? undefined : this.#places.get(this.#worst.key)
    if (this.#worst !== undefined && now !== undefined) {
      if (fillOf(now[0]) >= 1 || now[0].happenedMs !== undefined) this.#worst.troubledMs = nowMs
      const isTroubled = first[1][0].happenedMs !== undefined
      if (!isTroubled || nowMs - this.#worst.troubledMs < CALM_MS) return
    }
    this.#worst = { key: first[0], troubledMs: nowMs }
  }
}

function queuesAt(evidence: HostEvidence | undefined, [row]: PlaceRows): QueueEvidence[] {
  const space = evidence?.namespaces.find(({ netns }) => netns === row.netns)
  return (space?.queues ?? []).filter(({ path, address = '', port = 0 }) =>
    row.kind === 'unix'
      ? path === row.place
      : path === undefined && formatListen({ host: address, port }) === row.place,
  )
}

/** The oldest of each kind over all namespaces; undefined for what was not read in one of them. */
function agesOf({ namespaces }: Snapshot): HostState['ages'] {
  const worst = (kind: string): number | undefined => {
    const ages = namespaces.map(({ agesSeconds }) => agesSeconds[kind])
    return ages.length === 0 || ages.some((age) => age == null) ? undefined : Math.max(...ages.map(Number)) * 1000
  }
  return { listeners: worst('listeners'), unix: worst('unix'), udp: worst('udp') }
}
