import type { Workload } from '#kernel/cgroup-path.ts'
import { cgroup2Root } from '#kernel/cgroups.ts'
import type { RawNamespace } from '../sampler/message.ts'
import { NamespacePods } from './namespace-pods.ts'
import { type PodName, PodNames } from './pod-names.ts'
import { Workloads } from './workloads.ts'

/** Where a socket belongs, as a snapshot has it. */
export type Place = Workload & { kubernetes?: PodName }

/** Puts together what is known of a socket's place: by its owner, by its own cgroup, and by its network namespace. */
export class Places {
  readonly #workloads: Workloads
  readonly #namespacePods: NamespacePods
  readonly #names: PodNames

  constructor(workloads: Workloads, namespacePods: NamespacePods, names: PodNames) {
    this.#workloads = workloads
    this.#namespacePods = namespacePods
    this.#names = names
  }

  /** Those of the host whose processes `proc` shows. */
  static onHost(proc: string): Places {
    return new Places(new Workloads(cgroup2Root(proc)), new NamespacePods(proc), new PodNames(proc))
  }

  /** Takes the namespaces that are read now. */
  update(namespaces: readonly Pick<RawNamespace, 'inode' | 'source'>[]): void {
    this.#namespacePods.update(namespaces)
  }

  /**
   * Where the owner runs; failing that, where the socket was made: that of an activated service was made by systemd. In the
   * network namespace of a pod everything is in that pod.
   */
  of(namespace: number, owner: Workload | undefined, cgroupId?: bigint): Place {
    const { unit, container, pod } = owner === undefined || isNowhere(owner) ? this.#workloads.of(cgroupId) : owner
    const around = pod === '' ? this.#namespacePods.of(namespace).pod : ''
    // On a hybrid host a socket in a pod may have been made in the unit of the runtime: a pod has none.
    const place = around === '' ? { unit, container, pod } : { unit: '', container, pod: around }
    const kubernetes = this.#names.of(place)
    return kubernetes === undefined ? place : { ...place, kubernetes }
  }

  /** What Kubernetes calls the pod of a namespace. */
  ofNamespace(namespace: number): { kubernetes?: PodName } {
    const kubernetes = this.#names.of(this.#namespacePods.of(namespace))
    return kubernetes === undefined ? {} : { kubernetes }
  }

  /** Looks for what was asked for and is not known, now and then. */
  lookForUnknown(): void {
    this.#workloads.lookForUnknown()
    this.#names.lookForUnknown()
  }

  close(): void {
    this.#workloads.close()
  }
}

const isNowhere = ({ unit, container, pod }: Workload): boolean => unit === '' && container === '' && pod === ''
