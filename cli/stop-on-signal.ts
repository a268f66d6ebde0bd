/** Aborts, without a reason of its own, at the first SIGINT, SIGTERM or SIGHUP. */
export function stopOnSignal(): AbortController {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  return stop
}
