/**
 * The types of 'spillway/vocabulary', for editors and tsc. Spillway runs an experiment without this file.
 * Generated: `spillway new` writes it beside an experiment and may replace it.
 */
declare module 'spillway/vocabulary' {
  /** The lab that an experiment asks for; what it leaves out has the lab's defaults. */
  export interface LabWish {
    /** `sharded` (default): a socket for each backend. `shared`: one socket, several processes. `single`: one of each. */
    mode?: Mode
    /** How many (default 1), or the backlog of each; `workers` only in mode `shared`. */
    backends?: number | { backlog?: number; workers?: number }[]
    /** Set in the server's network namespace before anything listens. */
    sysctls?: Record<string, string | number>
    /** How often accept queues are read; default 10. */
    sampleIntervalMs?: number
    /** Has the exporter read by BPF what nothing else tells of each listener; see `Needs.bpf`. */
    exact?: 'auto' | 'on'
  }

  /** What a run needs to mean anything. If something is missing, the verdict is "not judged", with the reason. */
  export interface Needs {
    cores?: number
    /** Sysctls of the server's namespace that this kernel must have. */
    sysctls?: readonly string[]
    /** Programs that must be on the PATH. */
    programs?: readonly string[]
    /** Root on the host, not only in the lab's user namespace. */
    root?: true
    /**
     * What only BPF programs tell (docs/exporter.md#exact-readings-by-bpf): not every kernel has all of it, and not every host lets
     * anybody load them.
     */
    bpf?: 'shards' | 'peaks' | 'accept_waits' | 'drops'
    /** Only in network namespaces of this machine, and why. */
    namespaces?: string
    /** What not every server has, where it runs on a server of somebody's: `spillway run NAME -- COMMAND`. */
    server?: readonly ServerNeed[]
  }

  /**
   * What an experiment can need of a server. The first two some servers have; the others only Spillway's own backends, so that
   * on any other the verdict is "not judged". What needs none of these runs on whatever listens.
   *
   * - `one socket`: one listening socket on the port
   * - `http`: clients that speak HTTP with it
   * - `slow accept`, `never read`, `close`: faults that a process switches on in itself
   * - `counts`: what it says of itself is what the phases wait for
   * - `backends`: backends side by side, as the lab of the experiment has them
   * - `sockets of its own`: it listens itself, beside the server
   */
  export type ServerNeed =
    | 'one socket'
    | 'http'
    | 'slow accept'
    | 'never read'
    | 'close'
    | 'counts'
    | 'backends'
    | 'sockets of its own'

  /** A step of an experiment. What it returns is plain data that `expect` finds under `result`. */
  export type Phase<Result = unknown> = (stage: Stage) => Result | Promise<Result>

  /** Expectations by who counted: at least one each from the kernel and from userspace. */
  export interface Judgement {
    kernel: readonly [Expectation, ...Expectation[]]
    userspace: readonly [Expectation, ...Expectation[]]
    /** Where kernel and userspace must agree. */
    both?: readonly Expectation[]
  }

  export interface Lesson {
    /** Kebab-case, as in `spillway run NAME`; the name of its file. */
    name: string
    /** What a reader knows afterwards, in a few sentences. */
    teaches: string
    /**
     * What it is based on: a concept of the deck, sections of docs/kernel-facts.md, kernel functions, an article or issue that
     * it explains (`text <https://…>`).
     */
    sources: readonly [string, ...string[]]
    needs?: Needs
  }

  export type Phases<Results> = { [Name in keyof Results]: Phase<Results[Name]> }

  /** An experiment in one lab. */
  export interface ExperimentForm<Results> extends Lesson {
    lab: LabWish
    /** What happens, in this order. Each ends when its function does. */
    phases: Phases<Results>
    expect(readings: Readings<Results>): Judgement
  }

  /** The same phases in several fresh labs, compared. */
  export interface ComparisonForm<Results, Case extends string> extends Lesson {
    cases: Record<Case, LabWish>
    phases: Phases<Results>
    expect(readings: Record<Case, Readings<Results>>): Judgement
  }

  /** An experiment as the lab runs it: each has cases, most have only one. */
  export interface Experiment extends Lesson {
    cases: Record<string, LabWish>
    phases: Record<string, Phase>
    /** Pure: judges the readings of all cases. Throws NotJudged if they do not allow a judgement. */
    judge(readings: Record<string, Readings>): Judgement
  }

  /** Declares an experiment. */
  export function experiment<Results>(form: ExperimentForm<Results>): Experiment

  /** Declares an experiment that runs the same phases in several labs and compares them. */
  export function comparison<Results, Case extends string>(form: ComparisonForm<Results, Case>): Experiment

  /** Thrown if something cannot be judged on this machine: neither a failure nor a success. */
  export class NotJudged extends Error {
    readonly name = 'NotJudged'
  }

  /** The lab in which a phase happens. Every verb resolves when it has taken effect. */
  export interface Stage {
    /** The name of the running case. */
    readonly case: string
    /** Where the backends listen. */
    readonly sharedPort: { address: string; port: number }
    /** Backend 1, 2, … */
    backend(number: number): BackendVerbs
    /**
     * How many connections fit into the queue of backend n (default 1): N + 1, as the kernel shows it. A server of somebody's has
     * a backlog of its own; where fewer than `least` fit, or more than `most` (default 8193), the run is not judged.
     */
    places(limits?: { backend?: number; least?: number; most?: number }): Promise<number>
    /** What the clients can be made to do, from the lab's other host. */
    readonly clients: ClientVerbs
    /** The load that an earlier phase started; the last one, if it started several. */
    load(phase: string): RunningLoad
    /** Sets how the kernel chooses the shard of a new connection. */
    steer(steering: Steering): Promise<void>
    /** Sets a sysctl in the network namespace of one host. */
    sysctl(name: string, value: string | number, host?: Host): Promise<void>
    /** Lets time pass. */
    pass(ms: number): Promise<void>
    /**
     * Reads until `seen` is true and returns that reading. After `withinMs` (default 15,000, longer on a busy machine) the run
     * fails: `what` was not seen. If something was later than it bears (default 100 ms), the run is not judged instead.
     */
    until(
      what: string,
      seen: (now: Now) => boolean | Promise<boolean>,
      limits?: number | { withinMs?: number; bears?: Bears },
    ): Promise<Now>
    /** Reads everything now. */
    now(): Promise<Now>
    /** Notes by how many milliseconds something was late that this experiment measured itself, such as a program that it runs. */
    late(ms: number): void
    /** Runs a command on a host of the lab and returns its standard output; `node` is the lab's own. Throws if it
     * fails. One that has waited in vain says so with status 75 (EX_TEMPFAIL): that is judged as `until` is. */
    run(command: readonly string[], host?: Host): Promise<string>
  }

  export type Host = 'server' | 'client'

  export interface BackendVerbs {
    /** Stalls its event loop: it accepts, reads and answers nothing. In mode `shared`: that of one process (1, 2, …), or all. */
    stall(process?: number): Promise<void>
    /** Ends a stall: it goes on with what waits. */
    release(process?: number): Promise<void>
    /** Switches faults on or off, for one process or all; those not named stay as they are. */
    set(faults: FaultsChange, process?: number): Promise<void>
    /**
     * Holds all processes of a server of somebody's together to a share of one CPU, in whole per cent; 0: as much as there is.
     * Not judged where this machine gives no CPU quota, and on a backend of Spillway.
     */
    slow(percent: number): Promise<void>
    /** Has listen() called again with another backlog, on the live socket; that of any server. */
    relisten(backlog: number): Promise<void>
    /** Sets TCP_DEFER_ACCEPT; 0 switches it off. */
    deferAccept(seconds: number): Promise<void>
    /** Closes its listener. */
    close(): Promise<void>
    /** Listens again after `close()`, on a new socket. */
    open(): Promise<void>
    /** Ends the process at once, as a crash would. */
    kill(): Promise<void>
    /** Ends the process and starts another in its place; after `kill()`, starts it. */
    restart(): Promise<void>
    /** How many connections it says it has accepted; undefined for a server that does not tell. */
    accepts(): Promise<number | undefined>
    /** What it says of itself: its listener, faults, processes and counts. */
    status(): Promise<BackendStatus>
  }

  /** Loads. `connections`, `burst`, `hold` and the slow ones resolve when the last connection has begun, not ended. */
  export interface ClientVerbs {
    /** All at once: connect, ask, read, close. */
    burst(order: { connections: number } & Exchange): Promise<RunningLoad>
    /** Open loop, for a given time: arrivals never wait for answers. */
    connections(
      order: { ratePerSecond: number; forMs: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
    ): Promise<RunningLoad>
    /** The same without an end: resolves at once; ends with `stop()` or with the experiment. */
    flow(
      order: { ratePerSecond: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
    ): Promise<RunningLoad>
    /** Connects and sends nothing until `speak()` or `stop()`. */
    hold(order: { connections: number; ratePerSecond?: number }): Promise<RunningLoad>
    /** SYNs from addresses without a host, 500 a second by default; resolves when the last is sent. */
    halfOpen(order: { ratePerSecond?: number; syns: number }): Promise<RunningLoad>
    /** Requests `responseBytes` and reads them at `bytesPerSecond`; 0 reads nothing. */
    readSlowly(order: { connections: number; bytesPerSecond: number; responseBytes: number }): Promise<RunningLoad>
    /** Sends `bodyBytes`, at `bytesPerSecond` or as fast as the kernel takes them. */
    write(order: { connections: number; bodyBytes: number; bytesPerSecond?: number }): Promise<RunningLoad>
    /** Three-way handshakes by hand: sends the SYNs; `step` does each further step. */
    handshake(order: { connections: number }): Promise<RunningLoad>
  }

  /** How a connection makes its request. */
  export interface Exchange {
    path?: string
    /** When a client gives up; default 10,000. */
    timeoutMs?: number
    /** Which side closes first, and so keeps the connection in TIME_WAIT; default the server. */
    closer?: 'server' | 'client'
  }

  export interface RunningLoad {
    /** How far it is. */
    report(): Promise<LoadReport>
    /** Waits until the load ends. */
    done(): Promise<LoadReport>
    /** Ends it now: what is under way is abandoned. */
    stop(): Promise<LoadReport>
    /** Makes held connections send something. */
    speak(): Promise<void>
    /** The next step of a handshake by hand; connections count from 1. */
    step(connection: number, send: HandshakeStep): Promise<void>
    /** The state of each handshake by hand, in the order of the SYNs. */
    handshakes(): Promise<Handshake[]>
  }

  /** The state at one moment. */
  export interface Now {
    /**
     * The listener of backend n, and how many processes hold it. Throws if there is none; `until` waits for one. The rest only an
     * `exact` lab knows, and it is undefined elsewhere: its own half-open requests; and since it listens how many connections have come
     * into its accept queue, how often that became full, and of its drops the SYNs and the final ACKs of handshakes.
     */
    listener(number: number): {
      length: number
      limit: number
      drops: number
      owners: number
      halfOpen: number | undefined
      joined: number | undefined
      timesFull: number | undefined
      synDrops: number | undefined
      finalAckDrops: number | undefined
    }
    /** How many sockets listen on the port. */
    listeners: number
    /** Half-open requests of the port, and how many it holds before the kernel sends cookies or drops. */
    synQueue: { length: number; limit: number }
    /** Connections that the kernel has completed and no process has accepted. */
    waiting: number
    /** Those of them whose client has sent a FIN: it has hung up, or only finished sending. */
    waitingFinished: number
    /** Connections that a process has accepted and not read from, nor sent anything to; NaN before Linux 4.19. */
    unserved: number
    /** How long ago data last arrived at that of them where it is longest ago. */
    unservedOldestMs: number
    /** Clients that waited at listeners of the port that have closed, as sampled since the lab began: the kernel has reset them. */
    resetByClosing: number
    /** Connections whose handshake is complete, those that wait to be accepted included. */
    established: number
    /** Bytes that have arrived and that no process has read. */
    receiveBytes: number
    /** Bytes that a process has sent and the clients have not acknowledged. */
    sendBytes: number
    /** Connections that must not send, since the other side has no room. */
    zeroWindows: number
    /** The listening UNIX socket of this name (`@` before an abstract one) in the server's namespace. Throws if there is none. */
    unixListener(name: string): { length: number; limit: number; peak: number }
    /** The UDP socket of a port in the server's namespace, a second after it was bound. Throws if there is none. */
    udpSocket(port: number): { bytes: number; limitBytes: number; drops: number }
    /** Of the server's namespace. */
    counter(name: QueueCounter): number
  }

  /** A case as it was recorded, phase by phase. */
  export interface Readings<Results = Record<string, unknown>> {
    /** What each phase returned. */
    readonly result: Results
    /** The listening socket of shard 1, 2, … */
    listener(shard: number): ListenerReadings<keyof Results>
    /** What the listeners of the port share, and its connections. */
    readonly port: PortReadings<keyof Results>
    /** Counters of the server's network namespace. If the kernel lacks one that is read, the verdict is "not judged". */
    readonly counters: Record<QueueCounter, Tally<keyof Results>>
    /** Counters of the clients' network namespace. */
    readonly clientCounters: Record<QueueCounter, Tally<keyof Results>>
    /** What the clients recorded. */
    readonly clients: ClientReadings<keyof Results>
    /** What backend 1, 2, … reports about itself. */
    backend(number: number): BackendReadings<keyof Results>
    /** How long a phase took. */
    durationMs(phase: keyof Results): number
    /** A sysctl of the server's namespace as it was when the phases began; NaN if the kernel has no sysctl of that name. */
    sysctl(name: string): number
  }

  /** A sampled value: between two samples it may have been higher or lower. NaN if nothing was sampled. */
  export interface Series<Phase> {
    /** The highest sample. */
    readonly max: number
    /** The lowest sample. */
    readonly min: number
    /** The mean of the samples. */
    readonly mean: number
    /** The last sample. */
    readonly last: number
    /** Only the samples of one phase. */
    during(phase: Phase): Series<Phase>
  }

  /** A count that only grows, read exactly at the beginning and end of every phase. */
  export interface Tally<Phase> {
    /** From the first phase until the last load has ended. */
    readonly total: number
    /** How much it grew in one phase. */
    during(phase: Phase): number
  }

  export interface ListenerReadings<Phase> {
    /** Connections in the accept queue. */
    readonly length: Series<Phase>
    /** The limit N; N + 1 connections fit. */
    readonly limit: Series<Phase>
    /** sk_drops; not all of them are overflows. */
    readonly drops: Tally<Phase>
    /** The highest length sampled. */
    readonly peak: number
    /** Milliseconds in which samples showed N + 1 or more. */
    readonly fullMs: number
  }

  export interface PortReadings<Phase> {
    /** Half-open requests. */
    readonly synQueue: Series<Phase>
    /** Connections that wait to be accepted and whose client has sent a FIN. */
    readonly waitingFinished: Series<Phase>
    /** How long the oldest waiting connection had waited; accurate to one jiffy. */
    readonly oldestWaitMs: Series<Phase>
    /** Connections whose handshake is complete, those that wait to be accepted included. */
    readonly established: Series<Phase>
    /** Bytes that have arrived and that no process has read. */
    readonly receiveBytes: Series<Phase>
    /** Bytes that a process has sent and the clients have not acknowledged. */
    readonly sendBytes: Series<Phase>
    /** Connections that must not send, since the other side has no room. */
    readonly zeroWindows: Series<Phase>
  }

  export interface BackendReadings<Phase> {
    /** Connections that it accepted. */
    readonly accepts: Tally<Phase>
    /** Answers that it has sent in full. */
    readonly responses: Tally<Phase>
    /** Accepts of each of its processes, in the order in which GET /status lists them. */
    readonly acceptsByProcess: readonly number[]
    /** CPU time that its processes used, including their answers to the recorder. */
    readonly cpuMs: Tally<Phase>
    /** The backlog last passed to listen(). */
    readonly backlog: number
  }

  /** The connections that the clients recorded, and what the clients' kernel counted. */
  export interface ClientReadings<Phase> extends Connections {
    /** SYNs that the clients' kernel sent, including retransmits, but without half-open loads, which bypass it. */
    readonly synsSent: Tally<Phase>
    /** SYNs sent by half-open loads. */
    readonly halfOpenSyns: Tally<Phase>
    /** The connections of the loads that began in a phase. */
    startedIn(phase: Phase): Connections
  }

  /** Some connections, as the clients saw them. */
  export interface Connections {
    /** How many they are. */
    readonly count: number
    /** Those whose handshake completed, as the client sees it. */
    readonly connected: number
    /** How many ended in each way: `ok`, `refused`, `reset`, `timedOut`, … */
    readonly outcomes: Outcomes
    /** From the SYN to the SYN-ACK, of those that connected. */
    readonly connectMs: Distribution
    /** As the kernel reported it to the backend right after accept(); accurate to one jiffy. */
    readonly acceptWaitMs: Distribution
    /** From the SYN to accept(), by the host's one clock: the wait in the kernel, before and after the handshake completes. */
    readonly acceptedAfterMs: Distribution
    /** From the scheduled moment to the first byte of the answer. */
    readonly firstByteMs: Distribution
    /** From the scheduled moment to the end, of those that were answered in full. */
    readonly totalMs: Distribution
    /** SYN retransmits of those that connected. */
    readonly synRetransmits: number
    /** Those that this backend answered. */
    answeredBy(backend: number): Connections
  }

  /** If there are no values, everything is NaN, which lies in no band. */
  export interface Distribution {
    /** How many values there are. */
    readonly count: number
    /** The smallest. */
    readonly min: number
    /** The largest. */
    readonly max: number
    /** Their mean. */
    readonly mean: number
    /** Their standard deviation. */
    readonly stdev: number
    /** The value that a share `q` of all values does not exceed (nearest rank). */
    quantile(q: number): number
    /** The share of values above a bound, below a bound, or between two. */
    share(bounds: { above?: number; below?: number }): number
    /** How many values lie there. */
    number(bounds: { above?: number; below?: number }): number
  }

  export type Unit = '' | 'ms' | 'B' | 'share'

  /** Where a number must lie, ends included. */
  export interface Range {
    kind: 'range'
    low: number
    high: number
    unit: Unit
  }

  /** What a value must be. */
  export interface Exactly {
    kind: 'exactly'
    value: string | boolean
  }

  export type Band = Range | Exactly

  /** How late a machine may be for an outcome to say something of the kernel: milliseconds, or as late as it likes. */
  export type Bears = number | 'any lateness'

  /** How an expectation stands to a machine that does late what it is asked to do. */
  export interface Terms {
    /**
     * If something of the run was later than this, an expectation that fails is *not judged*. `any lateness`: no lateness
     * can make it fail, so that it fails on a busy machine too. Default 100.
     */
    bears?: Bears
    /** Lateness could also make it true: beyond what it bears, it is not judged either way. */
    lateHelps?: boolean
  }

  export interface Expectation extends Required<Terms> {
    sentence: string
    /** NaN if there was nothing to see; NaN lies in no band. */
    seen: number | string | boolean
    band: Band
  }

  /** An expectation: the sentence is true if what was seen lies in the band. Where nothing was seen, `seen` is NaN or undefined. */
  export function that(sentence: string, seen: number | undefined, band: Range, terms?: Terms): Expectation

  export function that(sentence: string, seen: string | boolean | undefined, band: Exactly, terms?: Terms): Expectation

  /**
   * Exactly this number. With the unit `ms` the upper end of a band is raised by how late the run was, as far as the
   * expectation bears it: a slow machine makes things later, never earlier.
   */
  export function equals(value: number, unit?: Unit): Range

  /** From `low` to `high`, both included. */
  export function between(low: number, high: number, unit?: Unit): Range

  /** `low` or more. */
  export function atLeast(low: number, unit?: Unit): Range

  /** `high` or less. */
  export function atMost(high: number, unit?: Unit): Range

  /** `value`, give or take a share of it: `about(300, 0.1)` is 270 to 330. */
  export function about(value: number, share: number, unit?: Unit): Range

  /** This word, or this truth value. */
  export function is(value: string | boolean): Exactly

  /** A source as a display shows it. */
  export interface Citation {
    /** What a person reads. */
    text: string
    /** Where it can be opened: a path from the repository's root, `docs/kernel-facts.md#syn-drop`, or a URL. Undefined if the source is only named. */
    target: string | undefined
  }

  /** A section of docs/kernel-facts.md, by the anchor of its heading: `fact('accept-queue-limit')`. */
  export function fact(slug: string): string

  /** A concept of the deck "Sockets, Connections and Queues", in the words of the table in docs/architecture.md. */
  export function deck(concept: string): string

  export type BackendStatus = {
    name: string
    pid: number
    identity?: {
      pid: number
      pidNamespace: number
      startTicks: number
      boot: string
    }
    mode: 'sharded' | 'shared' | 'single'
    /** null while closed. */
    listener: {
      address: string
      port: number
      backlog: number
      limit: number
      length: number
      drops: number
      inode: number
      cookie: string
    } | null
    /** Of the first process; see `processes`. */
    faults: {
      stalled: boolean
      acceptDelayMs: number
      readDelayMs: number
      responseDelayMs: number
      neverRead: boolean
      responseBytes: number
    }
    /** Connections accepted. */
    accepts: number
    /** HTTP responses sent. */
    responses: number
    /** Bytes of response bodies generated, sent or not; what a client does not read is not generated. */
    bodyBytes: number
    /** Connections open now. */
    open: number
    acceptWait: {
      upToMs: number[]
      counts: number[]
      count: number
      sumMs: number
      maxMs: number
    }
    /** How late the event loop answered the last heartbeat; grows while the loop is stalled. */
    loopLagMs: number
    /** net.core.somaxconn as it is now, the most that any listen() is granted. */
    somaxconn: number
    /** The processes that accept; the first one serves this API. */
    processes: {
      pid: number
      faults: {
        stalled: boolean
        acceptDelayMs: number
        readDelayMs: number
        responseDelayMs: number
        neverRead: boolean
        responseBytes: number
      }
      accepts: number
      responses: number
      open: number
      loopLagMs: number
      lateness?: {
        atMs: number
        lateMs: number
      }[]
      cpuSeconds: number
    }[]
  }

  export type FaultsChange = {
    /** The event loop is blocked: nothing is accepted, read or answered. Uses no CPU. */
    stalled?: boolean
    /** The event loop is blocked for this long after each accept(). */
    acceptDelayMs?: number
    /** Each connection waits this long before it is read, and between the chunks of a body. */
    readDelayMs?: number
    /** Each response waits this long; the event loop keeps running. */
    responseDelayMs?: number
    /** Connections are accepted and never read: their receive queues fill. */
    neverRead?: boolean
    /** Each response carries this many bytes. */
    responseBytes?: number
  }

  export type Handshake = {
    scheduledMs: number
    startedMs: number
    connectedMs?: number
    /** By the backend's clock, which is the same as the client's. */
    acceptedMs?: number
    /** As the kernel reported it to the backend; resolution: one jiffy. */
    acceptWaitMs?: number
    firstByteMs?: number
    closedMs?: number
    synRetransmits?: number
    /** The backend that answered. */
    backend?: string
    outcome: string
    /** Counts from 1, in the order of the SYNs. */
    connection: number
    /** Its source address. */
    address: string
    port: number
    state: 'acked' | 'half-open' | 'over' | 'requested' | 'syn-sent'
    /** Each SYN-ACK: the kernel retransmits it after 1, 3, 7 … s, until it accepts the final ACK or gives up. */
    synAcksMs: number[]
    /** When the first request was sent. */
    requestedMs?: number
    /** When the response was complete. */
    answeredMs?: number
  }

  export type HandshakeStep = 'ack' | 'request' | 'reset'

  export type LoadReport = {
    id: string
    kind: string
    /** As in the request. */
    label?: string
    /** What was requested: connections or SYNs a second if the load has a rate, otherwise connections. Absent for a trace. */
    amount?: number
    state: 'done' | 'failed' | 'running'
    error?: string
    elapsedMs: number
    /** The schedule is over: no more connections begin. */
    allBegun: boolean
    /** Connections begun, or SYNs written. */
    started: number
    /** Connections in progress or held. */
    open: number
    /** Handshakes that completed, as seen by the client. */
    connected: number
    bytesRead: number
    bytesWritten: number
    outcomes: {
      ok: number
      refused: number
      reset: number
      timedOut: number
      noPortLeft: number
      closedEarly: number
      failed: number
      abandoned: number
    }
    /** Retransmitted SYNs, over all connections that were established. */
    synRetransmits: number
    connectMs: {
      count: number
      min: number
      mean: number
      stdev: number
      p50: number
      p90: number
      p99: number
      p999: number
      max: number
    }
    acceptWaitMs: {
      count: number
      min: number
      mean: number
      stdev: number
      p50: number
      p90: number
      p99: number
      p999: number
      max: number
    }
    firstByteMs: {
      count: number
      min: number
      mean: number
      stdev: number
      p50: number
      p90: number
      p99: number
      p999: number
      max: number
    }
    totalMs: {
      count: number
      min: number
      mean: number
      stdev: number
      p50: number
      p90: number
      p99: number
      p999: number
      max: number
    }
    scheduleLagMs: {
      count: number
      min: number
      mean: number
      stdev: number
      p50: number
      p90: number
      p99: number
      p999: number
      max: number
    }
    /** The most by which a timer of the agent was late while the load ran. */
    clientLagMs?: number
    /** Why connections `failed`, and how many for each reason. */
    failures: Record<string, number>
    /** How often the kernel accepted no more SYNs and they had to wait (ENOBUFS, EAGAIN). */
    kernelBusy: number
    records: {
      kept: number
      notKept: number
    }
    /** For Poisson arrivals: the same seed gives the same arrivals. */
    seed?: number
  }

  export type Mode = 'sharded' | 'shared' | 'single'

  export type Outcomes = {
    ok: number
    /** RST in reply to the SYN: nothing listens there. */
    refused: number
    /** RST after the handshake. */
    reset: number
    timedOut: number
    /** EADDRNOTAVAIL: no source port left. */
    noPortLeft: number
    /** FIN before the response was complete. */
    closedEarly: number
    /** Any other failure; `failures` says which. */
    failed: number
    /** Without an outcome when the load was stopped or its time was up. */
    abandoned: number
  }

  export type QueueCounter = 'ActiveOpens' | 'AttemptFails' | 'EmbryonicRsts' | 'EstabResets' | 'ListenDrops' | 'ListenOverflows' | 'OutRsts' | 'PassiveOpens' | 'PruneCalled' | 'RcvPruned' | 'RetransSegs' | 'SyncookiesFailed' | 'SyncookiesRecv' | 'SyncookiesSent' | 'TCPAbortOnData' | 'TCPAbortOnMemory' | 'TCPBacklogDrop' | 'TCPDeferAcceptDrop' | 'TCPFastOpenListenOverflow' | 'TCPFromZeroWindowAdv' | 'TCPMigrateReqFailure' | 'TCPMigrateReqSuccess' | 'TCPRcvQDrop' | 'TCPReqQFullDoCookies' | 'TCPReqQFullDrop' | 'TCPSynRetrans' | 'TCPTimeWaitOverflow' | 'TCPTimeouts' | 'TCPToZeroWindowAdv' | 'TCPWantZeroWindowAdv' | 'TCPWinProbe' | 'TCPZeroWindowDrop'

  export type Steering = {
    by: 'hash'
  } | {
    by: 'cpu'
  } | {
    by: 'random'
    members: number
  } | {
    by: 'member'
    member: number
  }

  // Nothing but what says so is exported.
  export {}
}
