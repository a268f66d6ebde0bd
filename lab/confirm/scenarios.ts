/**
 * Scenarios of different kinds to hold predictions against, none of them tuned to what came out. Each has one number that is
 * predicted three ways and judged. Rates are such that a machine of two cores can make them.
 */
import { poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'
import { countWithin } from '#planner/busiest.ts'
import { binomial, meanOf } from '#planner/closed/count-distribution.ts'
import { synQueueLoad } from '#planner/closed/half-open.ts'
import { capacityOf, mg1k, waitQuantile } from '#planner/closed/loss-queue.ts'
import { parseRecording } from '#planner/inputs/recording.ts'
import type { Quantity } from '#planner/outcome.ts'
import { defaultKernel, defaultLoop, type KernelRules, type Shard, type Stall, type Steering } from '#planner/system.ts'
import type { Scene } from '#planner/system-of.ts'
import type { Recipe } from '../servers/recipe.ts'
import { recipes } from '../servers/recipes.ts'
import { clientsHere } from '../this-kernel.ts'

/** How near a prediction must be: by a share of what was measured, or by so much, whichever is more. */
interface Tolerance {
  share: number
  absolute: number
}

export interface Scenario {
  name: string
  scene: Scene
  /** Whose sockets it is played to; undefined for backends of ours. */
  server?: Recipe
  /** The arrivals as the planner was told of them, where that is less than what is played: chance fills in the rest. */
  told?: (seed: number) => Float64Array
  quantity: Quantity
  tolerance: Tolerance
  /** The closed form, given what an accept of this lab costs beyond its delay; undefined where there is none. */
  closed?: (overheadMs: number) => number
}

const everywhere: Stall = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }

const constant = (perSecond: number, forMs: number): Float64Array =>
  Float64Array.from({ length: Math.floor((perSecond * forMs) / 1000) }, (_, i) => (i * 1000) / perSecond)
const poisson = (perSecond: number, forMs: number, seed: number): Float64Array =>
  Float64Array.from(poissonArrivals(perSecond, forMs, seededRandom(seed)))
/** Twice as many at the crest as in the trough. */
const risingAndFalling = (perSecond: number, forMs: number, periodMs: number, seed: number): Float64Array => {
  const random = seededRandom(seed)
  return poisson(perSecond * 1.34, forMs, seed).filter(
    (atMs) => random() * 1.34 < 1 + 0.34 * Math.sin((2 * Math.PI * atMs) / periodMs),
  )
}
/** From one rate to another, evenly. */
const growing = (from: number, to: number, forMs: number, seed: number): Float64Array => {
  const random = seededRandom(seed)
  return poisson(to, forMs, seed).filter((atMs) => random() * to < from + ((to - from) * atMs) / forMs)
}
/** The lines of an access log, whose times are whole seconds, as the planner reads them. */
const asLogged = (arrivals: Float64Array, seed: number): Float64Array => {
  const second = (atMs: number): string => String(Math.floor(atMs / 1000)).padStart(2, '0')
  const lines = Array.from(
    arrivals,
    (atMs) => `198.18.0.3 - - [01/Jan/2026:00:00:${second(atMs)} +0000] "GET / HTTP/1.1" 200 1`,
  )
  return parseRecording('access.log', lines.join('\n'), { seed }).atMs
}
/** How many came in each so many seconds, as the planner reads it. */
const asCounted = (arrivals: Float64Array, everySeconds: number, seed: number): Float64Array => {
  const steps = Math.ceil((arrivals.at(-1) ?? 0) / 1000 / everySeconds)
  const counts = Array.from({ length: steps }, (_, step) =>
    countWithin(arrivals, stall(step * everySeconds * 1000, everySeconds * 1000)),
  )
  const lines = counts.map((count, step) => `${step * everySeconds},${count}`)
  return parseRecording('counts.csv', ['t_s,count', ...lines].join('\n'), { seed }).atMs
}
const stall = (fromMs: number, ms: number): Stall => ({ fromMs, toMs: fromMs + ms })

interface Parts {
  arrivals: Float64Array
  /** `stalled`: how many of the loops stand still; all, unless it is said. */
  shards: Partial<{
    backlog: number
    stalls: Stall[]
    stalled: number
    absences: Stall[]
    acceptMs: number
    loops: number
  }>[]
  steering?: Steering
  kernel?: Partial<KernelRules>
  timeoutMs?: number
  halfOpen?: Float64Array
  window?: Stall
}

const scene = ({
  arrivals,
  shards,
  steering = { by: 'hash' },
  kernel,
  timeoutMs = 10_000,
  halfOpen,
  window = everywhere,
}: Parts): Scene => ({
  system: {
    arrivals,
    steering,
    halfOpen: halfOpen ?? new Float64Array(0),
    shards: shards.map(
      ({ backlog = 511, stalls = [], absences = [], acceptMs = 0, loops = 1, stalled = loops }): Shard => ({
        backlog,
        absences,
        loops: Array.from({ length: loops }, (_, i) => ({
          ...defaultLoop,
          acceptMs,
          stalls: i < stalled ? stalls : [],
        })),
      }),
    ),
    kernel: { ...defaultKernel, ...kernel },
    client: { ...clientsHere(), timeoutMs },
  },
  window,
})

const slots = (absolute: number): Tolerance => ({ share: 0, absolute })
const tenPercent: Tolerance = { share: 0.1, absolute: 1 }
/** Two ticks at 250 Hz. */
const waits: Tolerance = { share: 0.15, absolute: 8 }

/** The longest queue of a step stall: the smallest backlog without loss is one less. */
function stepStall(name: string, arrivals: Float64Array, ms: number, sockets: number, tolerance: Tolerance): Scenario {
  const at = stall(400, ms)
  const shards = Array.from({ length: sockets }, (_, i) => ({ backlog: 1000, stalls: i === 0 ? [at] : [] }))
  return {
    name,
    quantity: 'queuePeak',
    tolerance,
    scene: scene({ arrivals, shards, window: at }),
    closed: () => meanOf(binomial(countWithin(arrivals, at), 1 / sockets)),
  }
}

/** The same on somebody's server, whose processes are all stopped. */
function stopped(
  name: string,
  server: Recipe,
  { loops, arrivals, ms, tolerance }: { loops: number; arrivals: Float64Array; ms: number; tolerance: Tolerance },
): Scenario {
  const at = stall(400, ms)
  return {
    name,
    server,
    quantity: 'queuePeak',
    tolerance,
    scene: scene({ arrivals, shards: [{ backlog: 1000, stalls: [at], loops }], window: at }),
    closed: () => countWithin(arrivals, at),
  }
}

/** More than a pool of workers can do, clients that do not try again: what it cannot do is turned away. */
function overloadedPool(
  name: string,
  options: { loops: number; acceptMs: number; perSecond: number; backlog: number; forMs: number; seed: number },
  server?: Recipe,
): Scenario {
  const { loops, acceptMs, perSecond, backlog, forMs, seed } = options
  const arrivals = poisson(perSecond, forMs, seed)
  return {
    name,
    ...(server === undefined ? {} : { server }),
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({ arrivals, shards: [{ backlog, acceptMs, loops }], timeoutMs: 900 }),
    // Of somebody's server all that an accept takes is measured.
    closed: (measuredMs) =>
      arrivals.length - (loops * forMs) / (measuredMs + (server === undefined ? acceptMs : 0)) - backlog - 1 - loops,
  }
}

/** A load that grows beyond one backend, and a second one that begins to listen at some moment. */
function scaleOut(
  name: string,
  options: {
    fromMs: number
    to: number
    backlog: number
    quantity: Quantity
    tolerance: Tolerance
    timeoutMs?: number
  },
): Scenario {
  const { fromMs, to, backlog, quantity, tolerance, timeoutMs = 10_000 } = options
  const [from, forMs, acceptMs] = [60, 12_000, 8]
  const everySecond = ((to - from) / forMs) * 1000
  const absences = [stall(-200, fromMs + 200)]
  return {
    name,
    quantity,
    tolerance,
    scene: scene({
      arrivals: growing(from, to, forMs, 61),
      shards: [
        { backlog, acceptMs },
        { backlog, acceptMs, absences },
      ],
      timeoutMs,
    }),
    // Half the growth a second times the square of the time: what came beyond what one can do.
    ...(quantity === 'acceptWaitP99Ms'
      ? {}
      : {
          closed: (overheadMs: number) => {
            const capacity = 1000 / (acceptMs + overheadMs)
            const beyondSeconds = Math.max(0, fromMs / 1000 - (capacity - from) / everySecond)
            const came = (everySecond * beyondSeconds ** 2) / 2
            return quantity === 'drops' ? Math.max(0, came - backlog - 1) : came
          },
        }),
  }
}

const recipe = (name: string): Recipe => {
  const found = recipes.find((one) => one.name === name)
  if (found === undefined) throw new TypeError(`There is no recipe ${name}`)
  return found
}
const nginx = recipe('nginx')
const nginxReuseport = recipe('nginx-reuseport')
const gunicorn = recipe('gunicorn-sync')
const go = recipe('go-net-http')
/** Its two workers are busy with a request for so long. */
const busyGunicorn = (serviceMs: number): Recipe => ({
  ...gunicorn,
  command: [
    'env',
    `SERVICE_MS=${serviceMs}`,
    ...gunicorn.command.map((word) => (word === 'wsgi_app:app' ? 'wsgi_busy_app:app' : word)),
  ],
})

/** A loop that takes its time, clients that do not try again: the drops of a loss queue. */
function loaded(
  name: string,
  options: { acceptMs: number; perSecond: number; backlog: number; forMs: number; seed: number },
): Scenario {
  const { acceptMs, perSecond, backlog, forMs, seed } = options
  return {
    name,
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({ arrivals: poisson(perSecond, forMs, seed), shards: [{ backlog, acceptMs }], timeoutMs: 900 }),
    closed: (overheadMs) =>
      mg1k((perSecond * (acceptMs + overheadMs)) / 1000, 0, capacityOf(backlog, 1)).blocking *
      ((perSecond * forMs) / 1000),
  }
}

/** An overload and clients who give up: who is not answered in time. Which backlog serves the dead is a matter of its length. */
function goodput(name: string, backlog: number): Scenario {
  return {
    name,
    quantity: 'lostShare',
    tolerance: { share: 0.1, absolute: 0.02 },
    scene: scene({
      arrivals: poisson(150, 12_000, 50),
      shards: [{ backlog, acceptMs: 10 }],
      timeoutMs: 1000,
    }),
  }
}

/** The 99th percentile of the accept wait, where nothing is dropped. */
function waiting(name: string, acceptMs: number, perSecond: number, seed: number): Scenario {
  return {
    name,
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
    scene: scene({ arrivals: poisson(perSecond, 20_000, seed), shards: [{ acceptMs }] }),
    closed: (overheadMs) => {
      const real = acceptMs + overheadMs
      return waitQuantile(mg1k((perSecond * real) / 1000, 0, capacityOf(511, 1)), 0.99) * real
    },
  }
}

/** Two backends, each closed and opened again while connections wait in it. */
function restart(name: string, migrateReq: boolean, perSecond: number): Scenario {
  const drain = 800
  const away = (shard: number): Stall => stall(400 + shard * 2000 + drain, 500)
  const shards = [0, 1].map((shard) => ({ stalls: [stall(400 + shard * 2000, drain)], absences: [away(shard)] }))
  return {
    name,
    quantity: 'resets',
    tolerance: tenPercent,
    scene: scene({ arrivals: constant(perSecond, 5000), shards, kernel: { migrateReq } }),
    closed: () => (migrateReq ? 0 : (2 * ((perSecond / 2) * drain)) / 1000),
  }
}

/** SYNs whose handshakes are never completed, beside a few good clients. */
function flood(
  name: string,
  perSecond: number,
  backlog: number,
  syncookies: 0 | 1,
  quantity: 'synQueuePeak' | 'drops',
  tolerance: Tolerance,
): Scenario {
  const forMs = 12_000
  const setting = { backlog, syncookies, synAckRetries: 5, maxSynBacklog: 2048 }
  return {
    name,
    quantity,
    tolerance,
    scene: scene({
      arrivals: constant(10, forMs),
      shards: [{ backlog }],
      kernel: { syncookies },
      halfOpen: constant(perSecond, forMs),
      timeoutMs: 3000,
    }),
    ...(quantity === 'synQueuePeak'
      ? { closed: () => Math.min(synQueueLoad(perSecond, setting).room, (perSecond * forMs) / 1000) }
      : {}),
  }
}

/** One of two shards stands still for a second, and clients who come to it meanwhile lose a SYN once its queue is full. */
const lostSynAtOneOfTwo: Omit<Scenario, 'name'> = {
  quantity: 'delayedShare',
  tolerance: { share: 0.1, absolute: 0 },
  scene: scene({
    arrivals: constant(400, 3500),
    shards: [{ backlog: 100, stalls: [stall(400, 1000)] }, { backlog: 100 }],
    window: stall(400, 1000),
  }),
  closed: () => (200 - 101) / 400,
}

export const scenarios: Scenario[] = [
  stepStall('step stall, constant, one backend, 100/s × 500 ms', constant(100, 1500), 500, 1, slots(1)),
  stepStall('step stall, constant, one backend, 250/s × 400 ms', constant(250, 1500), 400, 1, slots(1)),
  stepStall('step stall, constant, one backend, 400/s × 250 ms', constant(400, 1200), 250, 1, slots(1)),
  stepStall('step stall, Poisson, one backend, 200/s × 500 ms', poisson(200, 1500, 21), 500, 1, tenPercent),
  stepStall('step stall, Poisson, one backend, 400/s × 1 s', poisson(400, 2000, 22), 1000, 1, tenPercent),
  stepStall('step stall, constant, one of two, 400/s × 1 s', constant(400, 2000), 1000, 2, tenPercent),
  stepStall('step stall, Poisson, one of four, 600/s × 1.5 s', poisson(600, 2500, 23), 1500, 4, tenPercent),
  stepStall(
    'step stall, recorded, rising and falling, one backend, 300/s × 500 ms',
    risingAndFalling(300, 1500, 1200, 24),
    500,
    1,
    tenPercent,
  ),
  {
    name: 'drops of a stall, constant, backlog 60, 200/s × 500 ms',
    quantity: 'drops',
    tolerance: slots(2),
    scene: scene({ arrivals: constant(200, 2500), shards: [{ backlog: 60, stalls: [stall(400, 500)] }] }),
    closed: () => 100 - 61,
  },
  {
    name: 'drops of a long stall, retries are dropped again, 100/s × 2.5 s, backlog 50',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({ arrivals: constant(100, 4500), shards: [{ backlog: 50, stalls: [stall(400, 2500)] }] }),
    closed: () => 250 - 51 + (150 - 51) + Math.max(0, 50 - 51),
  },
  {
    name: 'connections that lose a SYN: one of two stalls, 400/s × 1 s, backlog 100',
    ...lostSynAtOneOfTwo,
  },
  {
    name: 'burst of 300 within 100 ms, one backend, backlog 63: retries come in bunches',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({
      arrivals: constant(3000, 100).map((atMs) => 500 + atMs),
      shards: [{ backlog: 63, stalls: [stall(400, 800)] }],
    }),
  },
  {
    name: 'staircase of a stall of 1.4 s: connect, 99th percentile',
    quantity: 'connectP99Ms',
    tolerance: { share: 0.05, absolute: 40 },
    scene: scene({ arrivals: constant(150, 3500), shards: [{ backlog: 30, stalls: [stall(400, 1400)] }] }),
  },
  {
    name: 'longest accept wait of a stall of 700 ms',
    quantity: 'acceptWaitMaxMs',
    tolerance: waits,
    scene: scene({ arrivals: constant(200, 1600), shards: [{ stalls: [stall(400, 700)] }] }),
    closed: () => 700,
  },
  loaded('loaded queue, ρ ≈ 1.2, backlog 5, no retries', {
    acceptMs: 5,
    perSecond: 220,
    backlog: 5,
    forMs: 28_000,
    seed: 31,
  }),
  loaded('loaded queue, ρ ≈ 1.6, backlog 20, no retries', {
    acceptMs: 8,
    perSecond: 190,
    backlog: 20,
    forMs: 16_000,
    seed: 32,
  }),
  loaded('loaded queue, ρ ≈ 1, backlog 2, no retries', {
    acceptMs: 6,
    perSecond: 160,
    backlog: 2,
    forMs: 30_000,
    seed: 33,
  }),
  {
    name: 'loaded queue with retries, ρ ≈ 0.9, backlog 3: retries come in bunches',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({ arrivals: poisson(140, 25_000, 34), shards: [{ backlog: 3, acceptMs: 6 }], timeoutMs: 8000 }),
  },
  waiting('accept wait, ρ ≈ 0.8, accepts of 10 ms', 10, 78, 41),
  waiting('accept wait, ρ ≈ 0.9, accepts of 5 ms', 5, 165, 42),
  {
    name: 'one slow shard of three, by hash, no retries',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({
      arrivals: poisson(240, 35_000, 43),
      shards: [{ backlog: 10, acceptMs: 20 }, { backlog: 10 }, { backlog: 10 }],
      timeoutMs: 900,
    }),
  },
  {
    name: 'one stuck member of two, at random: drops until all are connected',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({
      arrivals: constant(200, 2000),
      shards: [{ backlog: 0, stalls: [stall(-200, 8000)] }, { backlog: 511 }],
      steering: { by: 'random' },
      timeoutMs: 12_000,
    }),
    // Each meets the stuck member with every second try: 1/2 + 1/4 + … drops for each, but for the one that fits there.
    closed: () => 400 - 2,
  },
  {
    name: 'one socket for three processes, all stalled, 200/s × 400 ms',
    quantity: 'queuePeak',
    tolerance: slots(1),
    scene: scene({ arrivals: constant(200, 1500), shards: [{ stalls: [stall(400, 400)], loops: 3 }] }),
    closed: () => 80,
  },
  {
    name: 'one socket for two processes that take 10 ms each, 150/s: accept wait, 99th percentile',
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
    scene: scene({ arrivals: poisson(150, 15_000, 44), shards: [{ acceptMs: 10, loops: 2 }] }),
  },
  restart('rolling restart of two without migration, 300/s', false, 300),
  restart('rolling restart of two with migration, 300/s', true, 300),
  flood('half-open 20/s, backlog 511: the SYN queue grows', 20, 511, 1, 'synQueuePeak', { share: 0.05, absolute: 6 }),
  flood('half-open 60/s, backlog 127, no cookies: SYNs dropped', 60, 127, 0, 'drops', tenPercent),
  goodput('goodput: load 150 %, clients wait 1 s, backlog 60', 60),
  goodput('goodput: load 150 %, clients wait 1 s, backlog 400: the dead are served', 400),
  {
    name: 'goodput: a stall of 1.5 s, clients wait 1 s: who came first has gone',
    quantity: 'lostShare',
    tolerance: { share: 0.1, absolute: 0.01 },
    scene: scene({
      arrivals: constant(200, 2500),
      shards: [{ stalls: [stall(400, 1500)] }],
      timeoutMs: 1000,
      window: stall(400, 1500),
    }),
    closed: () => 1 / 3,
  },
  {
    name: 'pool of four workers, 40 ms each, 85/s: accept wait, 99th percentile',
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
    scene: scene({ arrivals: poisson(85, 20_000, 51), shards: [{ acceptMs: 40, loops: 4 }] }),
  },
  overloadedPool('pool of three workers, 30 ms each, 130/s, backlog 10, no retries', {
    loops: 3,
    acceptMs: 30,
    perSecond: 130,
    backlog: 10,
    forMs: 20_000,
    seed: 54,
  }),
  {
    name: 'pool of three workers, 20 ms each, 60/s, one stands still for 2 s: accept wait, 99th percentile',
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
    scene: scene({
      arrivals: poisson(60, 12_000, 55),
      shards: [{ acceptMs: 20, loops: 3, stalls: [stall(4000, 2000)], stalled: 1 }],
    }),
  },
  {
    ...stepStall('coarse log: Poisson, 200/s, in whole seconds, × 1.5 s', poisson(200, 3000, 52), 1500, 1, tenPercent),
    told: (seed) => asLogged(poisson(200, 3000, 52), seed),
    closed: () => countWithin(asLogged(poisson(200, 3000, 52), 1), stall(400, 1500)),
  },
  {
    ...stepStall(
      'counts of each second: Poisson, 300/s, one of two, × 1.5 s',
      poisson(300, 3000, 56),
      1500,
      2,
      tenPercent,
    ),
    told: (seed) => asCounted(poisson(300, 3000, 56), 1, seed),
  },
  {
    name: 'tide, recorded: 150/s rising and falling every 6 s, accepts of 5 ms: accept wait, 99th percentile',
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
    scene: scene({ arrivals: risingAndFalling(150, 18_000, 6000, 53), shards: [{ acceptMs: 5 }] }),
  },
  {
    name: 'tide, recorded: 165/s rising and falling every 8 s, accepts of 5 ms, backlog 20, no retries',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({
      arrivals: risingAndFalling(165, 24_000, 8000, 57),
      shards: [{ backlog: 20, acceptMs: 5 }],
      timeoutMs: 900,
    }),
  },
  {
    name: 'tide, told in counts of 2 s: 175/s rising and falling every 8 s, accepts of 5 ms, backlog 20, no retries',
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({
      arrivals: risingAndFalling(175, 24_000, 8000, 58),
      shards: [{ backlog: 20, acceptMs: 5 }],
      timeoutMs: 900,
    }),
    told: (seed) => asCounted(risingAndFalling(175, 24_000, 8000, 58), 2, seed),
  },
  scaleOut('scale-out in time: 60/s grow to 190/s within 12 s, a second backend after 3 s', {
    fromMs: 3000,
    to: 190,
    backlog: 511,
    quantity: 'acceptWaitP99Ms',
    tolerance: waits,
  }),
  scaleOut(
    'scale-out too late: 60/s grow to 220/s within 12 s, a second backend after 8.5 s: trapped in the old queue',
    {
      fromMs: 8500,
      to: 220,
      backlog: 511,
      quantity: 'queuePeak',
      tolerance: tenPercent,
    },
  ),
  scaleOut('scale-out too late, backlog 30, no retries: turned away', {
    fromMs: 9500,
    to: 220,
    backlog: 30,
    quantity: 'drops',
    tolerance: tenPercent,
    timeoutMs: 900,
  }),
  stopped('nginx, two workers at one socket, both stopped, constant, 200/s × 400 ms', nginx, {
    loops: 2,
    arrivals: constant(200, 1500),
    ms: 400,
    tolerance: slots(1),
  }),
  {
    ...stepStall(
      'nginx with reuseport, one of two workers stopped, constant, 400/s × 1 s',
      constant(400, 2000),
      1000,
      2,
      tenPercent,
    ),
    server: nginxReuseport,
  },
  {
    name: 'nginx with reuseport, one of two workers stopped for 1 s, 400/s, backlog 100: connections that lose a SYN',
    server: nginxReuseport,
    ...lostSynAtOneOfTwo,
  },
  {
    name: 'gunicorn, two workers stopped for 500 ms, constant, 200/s, backlog 60: ListenDrops',
    server: gunicorn,
    quantity: 'drops',
    tolerance: slots(2),
    scene: scene({ arrivals: constant(200, 2500), shards: [{ backlog: 60, stalls: [stall(400, 500)], loops: 2 }] }),
    closed: () => 100 - 61,
  },
  {
    name: 'gunicorn, two workers stopped for 1.4 s, 150/s, backlog 30: connect, 99th percentile',
    server: gunicorn,
    quantity: 'connectP99Ms',
    tolerance: { share: 0.05, absolute: 40 },
    scene: scene({ arrivals: constant(150, 3500), shards: [{ backlog: 30, stalls: [stall(400, 1400)], loops: 2 }] }),
  },
  overloadedPool(
    'gunicorn as a pool: two workers, 10 ms for a request, 260/s, backlog 20, no retries',
    { loops: 2, acceptMs: 10, perSecond: 260, backlog: 20, forMs: 12_000, seed: 59 },
    busyGunicorn(10),
  ),
  stopped('Go, stopped, Poisson, 300/s × 500 ms', go, {
    loops: 1,
    arrivals: poisson(300, 1500, 60),
    ms: 500,
    tolerance: tenPercent,
  }),
  {
    name: 'Go, stopped for 2.5 s, 100/s, backlog 50, retries are dropped again: ListenDrops',
    server: go,
    quantity: 'drops',
    tolerance: tenPercent,
    scene: scene({ arrivals: constant(100, 4500), shards: [{ backlog: 50, stalls: [stall(400, 2500)] }] }),
    closed: () => 250 - 51 + (150 - 51) + Math.max(0, 50 - 51),
  },
  {
    name: 'goodput of Go, stopped for 1.5 s, clients wait 1 s: who came first has gone',
    server: go,
    quantity: 'lostShare',
    tolerance: { share: 0.1, absolute: 0.01 },
    scene: scene({
      arrivals: constant(200, 2500),
      shards: [{ stalls: [stall(400, 1500)] }],
      timeoutMs: 1000,
      window: stall(400, 1500),
    }),
    closed: () => 1 / 3,
  },
]
