/** The file descriptor behind a socket of node:net, which Node keeps to itself. */

/**
 * The descriptor of an open `net.Server` or `net.Socket`. Node has no public way to it; should `_handle.fd` go away in
 * a later version, this throws at the first listen() and says so. A closed one throws as well.
 */
export function descriptorOf(owner: object): number {
  const handle: unknown = Reflect.get(owner, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  if (typeof fd === 'number' && fd >= 0) return fd
  throw new Error(
    `No file descriptor behind ${owner.constructor.name}: it is closed, or Node ${process.version} has no _handle.fd`,
  )
}
