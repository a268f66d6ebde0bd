/**
 * An additional process of shared mode: accepts from a listening socket that it inherited, and ends with its parent. This
 * is its control thread; commands come from the parent.
 */
import { sayFaults } from '#common/entry.ts'
import { describeError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import { type ChildCommand, type ChildJob, INHERITED_FD, type Reply } from './messages.ts'
import { PortThread } from './port-thread.ts'

const DRAIN_CHECK_MS = 50

const { name, backlog, faults }: ChildJob = JSON.parse(process.argv[2] ?? '')
process.title = name
sayFaults(name)
process.on('disconnect', () => process.exit()) // the parent has ended, in whatever way
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole process group: the parent decides
process.on('SIGTERM', () => {})

const send = (reply: Reply): void => {
  process.send?.(JSON.stringify(reply), () => {}) // if the parent has ended, 'disconnect' follows
}

const thread = new PortThread(name, (error) => {
  console.error(`${name}: ${describeError(error)}`)
  process.exit(1)
})

async function obey(command: ChildCommand): Promise<Reply> {
  const { id } = command
  switch (command.do) {
    case 'counts':
      return { id, counts: await thread.counts() }
    case 'faults':
      await thread.changeFaults(command.change)
      return { id }
    case 'close':
      await thread.closeListener()
      return { id }
    case 'drain':
      await eventually('its connections have closed', () => thread.openConnections === 0, undefined, {
        withinMs: Infinity,
        everyMs: DRAIN_CHECK_MS,
      })
      return { id, counts: await thread.counts() }
  }
}

process.on('message', async (message) => {
  const command: ChildCommand = JSON.parse(String(message))
  try {
    send(await obey(command))
  } catch (error) {
    send({ id: command.id, failure: { code: '', message: String(error) } })
  }
})

await thread.changeFaults(faults)
await thread.open({ inheritedFd: INHERITED_FD, backlog })
send({ id: 0 })
