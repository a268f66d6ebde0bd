import { duration, number, percent, plural, rate } from '#common/quantities.ts'
import { type Answer, answerOf } from '../answer.ts'
import { awakeShare, isOverloaded, ratePerSecond, type Situation, serviceMs, utilisation } from '../situation.ts'

/** Load at which a backend still has room for the chance that comes in clusters. */
const COMFORTABLE = 0.8

/** The answer for a load above capacity: no backlog saves it. Undefined if the load can be carried. */
export function unstable(question: string, situation: Situation): Answer | undefined {
  if (situation.arrivals.shape === 'recorded') return undefined
  if (!isOverloaded(situation)) return slowOne(question, situation)
  const load = utilisation(situation)
  const perSecond = ratePerSecond(situation)
  const one = (1000 / serviceMs(situation)) * awakeShare(situation)
  const backends = one === 0 ? Number.POSITIVE_INFINITY : Math.ceil(perSecond / one / COMFORTABLE)
  const acceptMs = (COMFORTABLE * situation.backends * 1000 * awakeShare(situation)) / perSecond
  return answerOf({
    question,
    answer: [
      `No backlog saves this: ${rate(perSecond)} come, and ${plural(situation.backends, 'backend')} accept ${rate(one * situation.backends)} at most.`,
      'A longer queue only fills later, and everybody in it waits longer. What helps:',
      Number.isFinite(backends)
        ? `${number(backends)} backends, or at most ${duration(acceptMs)} for each connection (now ${duration(serviceMs(situation))}), or fewer clients.`
        : 'loops that do not stand still all the time.',
    ],
    why: [
      `${rate(perSecond)} × ${duration(serviceMs(situation))} ÷ ${situation.backends} backends${awakeShare(situation) < 1 ? ` ÷ ${percent(awakeShare(situation))} of the time awake` : ''} = ${percent(load)} of capacity.`,
      `${percent(1 - 1 / load)} of all connections find no room for ever, whatever the backlog is.`,
    ],
    howSure: ['Arithmetic. It would take another rate or another cost of a connection to be wrong.'],
    data: {
      unstable: true,
      utilisation: load,
      noRoomShare: 1 - 1 / load,
      backendsThatWouldDo: backends,
      acceptMsThatWouldDo: acceptMs,
    },
  })
}

/** A slow backend gets as much as the others; of one socket it takes what it can. */
function slowOne(question: string, situation: Situation): Answer | undefined {
  const { slow, mode, backends, accept } = situation
  if (slow === undefined || mode === 'shared') return undefined
  const share = ratePerSecond(situation) / backends
  const accepts = (1000 / (slow.acceptMs + accept.handleMs)) * awakeShare(situation)
  if (share < accepts) return undefined
  return answerOf({
    question,
    answer: [
      `No backlog saves this: each slow backend gets ${rate(share)}, and accepts ${rate(accepts)} at most.`,
      `What helps: one socket for all (--mode shared), a faster backend, or taking ${slow.backends === 1 ? 'it' : 'them'} out of the group.`,
    ],
    why: [
      `${rate(ratePerSecond(situation))} ÷ ${number(backends)} sockets × ${duration(slow.acceptMs + accept.handleMs)} = ${percent(share / accepts)} of its capacity. The kernel never looks at how full a member is.`,
    ],
    howSure: ['Arithmetic. It would take another rate or another cost of a connection to be wrong.'],
    data: { unstable: true, utilisation: share / accepts },
  })
}
