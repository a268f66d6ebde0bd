import type { ListenTarget } from '#common/parse.ts'
import type { Backend } from './backend.ts'
import { type BackendOptions, checkOptions } from './options.ts'
import { PortThread } from './port-thread.ts'
import { checkRuntime } from './runtime.ts'

/** A backend with its control API. */
export interface StartedBackend extends AsyncDisposable {
  backend: Backend
  /** Where the control API listens, with its real port. */
  control: ListenTarget
  /** Rejects when the port thread ends unexpectedly: nothing serves the port any more. Never resolves. */
  failure: Promise<never>
}

/**
 * Starts a backend: listens on the shared port (unless `closed`) and serves the control API. Throws a UsageError.
 * Warnings, such as a backlog that the kernel capped, go to `warn`.
 */
export async function runBackend(
  options: BackendOptions,
  warn: (line: string) => void = (line) => console.error(line),
): Promise<StartedBackend> {
  checkRuntime()
  checkOptions(options)
  const { promise: failure, reject } = Promise.withResolvers<never>()
  failure.catch(() => {}) // not every caller handles it
  await using stack = new AsyncDisposableStack()
  const thread = stack.use(new PortThread(options.name, reject))
  // All that is not needed to start the thread is loaded while it starts: that is most of the time until the port opens.
  const loading = [import('./backend.ts'), import('./control.ts'), import('#common/http.ts')] as const
  const [{ Backend }, { controlApp }, { listenOn }] = await Promise.all(loading)
  const backend = stack.use(new Backend(options, thread, warn))
  const [app] = await Promise.all([controlApp(backend), options.closed ? undefined : backend.changeListener()])
  const control = await listenOn(app, options.control, '--control')
  stack.defer(() => app.close())
  const started = stack.move()
  return { backend, control, failure, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
