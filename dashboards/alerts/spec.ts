/** What an alert consists of, and the words that several share. */

/** How often Prometheus scrapes, and so how far back an alert has to look. */
export interface Pace {
  /** Of rates: at least four scrapes. */
  window: string
  /** How long a value holds while scrapes are missed: a hiccup does not end an alert, an outage does. */
  gap: string
  /** How long something that has vanished is remembered. */
  memory: string
}

export type PaceName = 'production' | 'lab'

export const paces: Record<PaceName, Pace> = {
  production: { window: '5m', gap: '3m', memory: '1h' },
  lab: { window: '15s', gap: '5s', memory: '5m' },
}

/** Boards by the ends of their addresses. */
type Board = 'fleet' | 'queues' | 'listener' | 'connections' | 'handshake' | 'exporter'

export interface Condition {
  /** How long it must hold before the alert fires. */
  lasting: Record<PaceName, string>
  expression(pace: Pace): string
  description: string
}

export interface Alert extends Condition {
  /** Without the prefix that all have. */
  name: string
  /** The page in docs/findings that says why and what to do. */
  finding: string
  /** warning is for the next working day, info for whoever looks. */
  severity: 'critical' | 'warning' | 'info'
  /** The same for all that fire, so that they can be grouped. */
  summary: string
  board: Board
  /** The same alert as critical, which wakes a person: many clients are turned away, and for long. */
  critical?: Condition
}

/** For a window that what is over leaves sooner than an alert that wakes somebody needs. */
export const short = (pace: Pace): Pace => ({ ...pace, window: pace.gap })

/** Wakes nobody for what is over by then. */
export const whenItLasts: Condition['lasting'] = { production: '5m', lab: '10s' }
/** What the kernel has counted is so, however short it was. */
export const atOnce: Condition['lasting'] = { production: '0s', lab: '0s' }
/** A state that a short pause of the process, or a burst, also makes. */
export const forAWhile: Condition['lasting'] = { production: '2m', lab: '5s' }

const process =
  '{{ with $labels.process }} ({{ . }}){{ end }}{{ with $labels.k8s_pod_name }} in pod {{ $labels.k8s_namespace_name }}/{{ . }}{{ end }}'

export const namespaceWords = '{{ $labels.instance }}, namespace {{ $labels.netns }}'
export const portWords = `{{ $labels.address }}:{{ $labels.port }}${process} on ${namespaceWords},`
export const listenerWords = `{{ $labels.address }}:{{ $labels.port }} #{{ $labels.shard }}${process} on ${namespaceWords},`
/** For what may be known of a namespace alone. */
export const listenerOrNamespace = `{{ if $labels.port }}${listenerWords}{{ else }}A listener on ${namespaceWords},{{ end }}`
export const portOrNamespace = `{{ if $labels.port }}${portWords}{{ else }}A listener on ${namespaceWords},{{ end }}`

/** The kernel does not say whose SYN queue it was; the fullest of the namespace is named as such. */
export const fullestSynQueue = `{{ with printf "topk(1, tcp_port_syn_queue_peak{job=%q,instance=%q,netns=%q} / (tcp_port_syn_queue_limit + 1) > 0)" $labels.job $labels.instance $labels.netns | query }}{{ with first . }} The fullest SYN queue there is that of {{ .Labels.address }}:{{ .Labels.port }}.{{ end }}{{ end }}`
