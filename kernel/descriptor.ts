/** What Node keeps private behind a server or a socket of node:net: libuv's handle, and the descriptor in it. */

/**
 * The file descriptor of a `net.Server` or `net.Socket`; undefined before it is opened and once it is closed. Node has no
 * public way to it: should a later version have no `_handle.fd`, this throws and says so.
 */
export function descriptorOf(owner: object): number | undefined {
  const handle = handleOf(owner)
  if (handle === undefined) return undefined
  const fd: unknown = Reflect.get(handle, 'fd')
  if (typeof fd !== 'number') throw unknownNode(owner)
  return fd >= 0 ? fd : undefined
}

/** A number that libuv's handle has; undefined before there is one and once it is closed. */
export function handleNumber(owner: object, name: 'bytesWritten' | 'writeQueueSize'): number | undefined {
  const value: unknown = Reflect.get(handleOf(owner) ?? {}, name)
  return typeof value === 'number' ? value : undefined
}

/** Node sets it to null while there is no handle, and never removes it. */
function handleOf(owner: object): object | undefined {
  const handle: unknown = Reflect.get(owner, '_handle')
  if (handle === undefined) throw unknownNode(owner)
  return typeof handle === 'object' && handle !== null ? handle : undefined
}

const unknownNode = (owner: object): Error =>
  new Error(`No file descriptor behind ${owner.constructor.name}: Node ${process.version} has no _handle.fd`)
