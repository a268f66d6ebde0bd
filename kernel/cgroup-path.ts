/** Whose a cgroup is, by its path: unit of systemd, container and pod. Pure. */

/** Where a process belongs. Each is empty where it belongs to none. */
export interface Workload {
  /** Unit of systemd, as `systemctl` calls it: `nginx.service`, `session-2.scope`. The scope of a container is none. */
  unit: string
  /** A container's id, whole; the name of a container of LXC or systemd-nspawn. */
  container: string
  /** The uid of a pod of Kubernetes. */
  pod: string
}

export const nowhere: Workload = { unit: '', container: '', pod: '' }

const CONTAINER_ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/
/** Fargate: the task's id and a number. */
const FARGATE_TASK = /^([0-9a-f]{32})-\d+$/
/** `pod…` of cgroupfs, `kubepods-burstable-pod….slice` of systemd, `….slice:cri-containerd:ID` of containerd given the latter for the former. */
const POD =
  /(?:^|-)pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?::|$)/
const LXC = /^lxc\.payload\.(.+)$/
const NSPAWN = /^(?:systemd-nspawn@(.+)\.service|machine-(.+)\.scope)$/
const UNIT = /^.+\.(?:service|scope|socket|mount|swap)$/
/** Processes of the runtime that belong to a container, and are not in it. */
const BESIDE = /conmon/

/** So many digits of an id are shown to people, as `docker ps` does. */
const SHOWN_DIGITS = 12

/** A container as people are shown it: the beginning of an id, the whole of a name. */
export const shortContainer = (container: string): string =>
  /^[0-9a-f]{32,64}$/.test(container) ? container.slice(0, SHOWN_DIGITS) : container

/** Whose a cgroup is. `path` is one below the root of a hierarchy, as in /proc/PID/cgroup. */
export function workloadOfCgroupPath(path: string): Workload {
  const found = { ...nowhere }
  const parts = path.split('/').map(unescaped)
  for (const [index, part] of parts.entries()) {
    const pod = POD.exec(part)?.[1]
    if (pod !== undefined) {
      found.pod = pod.replaceAll('_', '-')
      found.unit = '' // of kubelet or the runtime, below which some keep their pods
    }
    const container = BESIDE.test(part) ? undefined : containerIn(part, parts[index - 1] ?? '')
    if (container !== undefined) found.container = container
    else if (UNIT.test(part) && !CONTAINER_ID.test(part)) found.unit = part
  }
  return found
}

/** Whose a process is, from the text of /proc/PID/cgroup: one path for each hierarchy. */
export function workloadOfProcess(text: string): Workload {
  const found = { ...nowhere }
  for (const line of text.split('\n').sort(bySystemdFirst)) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    const { unit, container, pod } = workloadOfCgroupPath(path)
    // On a hybrid host a pod may be in the hierarchies of version 1 alone: the unit is then that of the runtime.
    if (found.pod !== '') found.unit ||= pod === '' ? '' : unit
    else if (pod !== '') found.unit = unit
    else found.unit ||= unit
    found.container ||= container
    found.pod ||= pod
  }
  return found
}

/** The hierarchies in which systemd keeps its units come first: of version 2, and the named one of version 1. */
const bySystemdFirst = (a: string, b: string): number => Number(ofSystemd(b)) - Number(ofSystemd(a))
const ofSystemd = (line: string): boolean => /^\d+:(?:|name=systemd):/.test(line)

function containerIn(part: string, parent: string): string | undefined {
  const id = CONTAINER_ID.exec(part)?.[0] ?? FARGATE_TASK.exec(part)?.[1]
  if (id !== undefined) return id
  const [, nspawnService, nspawnScope] = NSPAWN.exec(part) ?? []
  return (
    LXC.exec(part)?.[1] ??
    (/^lxc(?:\.payload)?$/.test(parent) ? part : undefined) ??
    nspawnService ??
    nspawnMachine(nspawnScope)
  )
}

/** The scope of a machine has its name escaped: `machine-web\x2d1.scope`. */
const nspawnMachine = (escaped: string | undefined): string | undefined =>
  escaped?.replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))

/** systemd puts `_` before the name of a unit that the kernel could take for a file of its own, such as `cpu.service`. */
const unescaped = (part: string): string => (part.startsWith('_') ? part.slice(1) : part)
