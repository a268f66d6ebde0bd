import { shortContainer } from '#kernel/cgroup-path.ts'
import type { ListenerSample } from '#services/exporter/snapshot.ts'

type PodName = NonNullable<ListenerSample['kubernetes']>

/** Where a socket belongs, as a person reads it. */
export interface PlaceWords {
  unit: string
  /** The beginning of an id, or a name; empty outside containers. */
  container: string
  /** `shop/web-7d9f (nginx)`; absent where no name of a pod is known. */
  pod?: string
}

export function placeWords({
  unit,
  container,
  kubernetes,
}: Pick<ListenerSample, 'unit' | 'container'> & { kubernetes?: PodName | undefined }): PlaceWords {
  const words = { unit, container: shortContainer(container) }
  return kubernetes === undefined ? words : { ...words, pod: podWords(kubernetes) }
}

const podWords = ({ namespace, pod, container }: PodName): string =>
  `${namespace}/${pod}${container === '' ? '' : ` (${container})`}`
