/**
 * Starts again what Docker gives up when the container that holds the lab's namespaces dies. Every container that joined them
 * dies with it, Docker restarts all of them at once, and one that is quicker than the holder fails for good. In Kubernetes the
 * kubelet takes care of this. Docker has no such part, so this asks its API, once a second and about its own project only.
 */
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerCpuOrders } from './cpu-orders.ts'
import { Engine, Refused } from './engine.ts'
import { givenUp } from './restart.ts'

const EVERY_MS = 1000
/** Written after each round in which the engine has answered: the health check in docker-compose.yml looks at its age. */
const ALIVE = '/run/alive'
const SOCKET = '/var/run/docker.sock'
const REMEDY =
  'Set SPILLWAY_DOCKER_SOCKET to its path. Until then, if containers stay down after net has died: docker compose up -d'

const say = (words: string): boolean => process.stdout.write(`${words}\n`)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))

const engine = new Engine(SOCKET)
let project: string | undefined
let complaint = ''
const orders = process.env.SPILLWAY_SUPERVISOR_ORDERS
if (orders !== undefined) answerCpuOrders(orders, engine, () => project)
for (;;) {
  try {
    // Docker sets the host name to the container's id.
    project ??= await engine.projectOf(os.hostname())
    for (const { Id, Name, State } of await givenUp(engine, project)) {
      say(`${Name.slice(1)} did not start (${State.Error}): starting it again`)
      // The engine refuses if the holder has died once more: the next round tries again.
      await engine.start(Id).catch(complainOf)
    }
    fs.writeFileSync(ALIVE, '')
    complaint = ''
  } catch (error) {
    complainOf(error)
  }
  await sleep(EVERY_MS)
}

/** Once, until something else is wrong or it works again. */
function complainOf(error: unknown): void {
  const words = error instanceof Refused ? error.message : `No Docker engine answers at ${SOCKET}. ${REMEDY}`
  if (words !== complaint) say(words)
  complaint = words
}
