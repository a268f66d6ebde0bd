import type { Container, Engine } from './engine.ts'

/**
 * The containers that Docker has given up and that can start now: their restart failed because the container whose namespaces
 * they join was itself still starting, and that one runs again. A container that ended by itself or was stopped by a person
 * carries no error.
 */
export async function givenUp(engine: Pick<Engine, 'exited' | 'inspect'>, project: string): Promise<Container[]> {
  const found: Container[] = []
  for (const container of await engine.exited(project)) {
    const [, holder] = /^container:(.+)$/.exec(container.HostConfig.NetworkMode) ?? []
    if (container.State.Error === '' || holder === undefined) continue
    const { Running, Restarting } = (await engine.inspect(holder)).State
    if (Running && !Restarting) found.push(container)
  }
  return found
}
