/**
 * Whether what a walk over the kernel's table of connections found must still be so. Nothing gets into the table, and nothing
 * in it that rests changes, without a segment that arrives or leaves in the namespace or a listener that comes (the version of
 * the ports). A walk costs milliseconds, a look at the counters of segments some microseconds, and most namespaces of a host
 * with many containers are idle.
 */
export class StillAsWalked {
  #version = Number.NaN
  #segments = Number.NaN

  /**
   * `rests` is whether there was nothing, or nothing that changes by itself; `segments` is the counter as it was before the
   * walk, undefined if it is not known.
   */
  walked(rests: boolean, version: number, segments: number | undefined): void {
    this.#version = rests ? version : Number.NaN
    this.#segments = segments ?? Number.NaN
  }

  is(version: number, segments: number | undefined): boolean {
    return version === this.#version && segments === this.#segments
  }
}
