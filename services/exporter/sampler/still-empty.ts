/**
 * Whether a table of connections that was empty must still be: nothing gets into it without a segment that arrives in the
 * namespace (Tcp_InSegs) or a listener that comes (the version of the ports). A walk over the kernel's table costs
 * milliseconds, a look at that counter some microseconds, and most namespaces of a host with many containers are idle.
 */
export class StillEmpty {
  #version = Number.NaN
  #segments = Number.NaN

  /** `segments` is the counter as it was before the walk, undefined if it is not known. */
  walked(found: boolean, version: number, segments: number | undefined): void {
    this.#version = found ? Number.NaN : version
    this.#segments = segments ?? Number.NaN
  }

  is(version: number, segments: number | undefined): boolean {
    return version === this.#version && segments === this.#segments
  }
}
