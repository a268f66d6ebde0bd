/** Connections past the handshake: windows, receive queues, source ports. */
import { bytes, plural, whole } from '#common/quantities.ts'
import type { Evidence } from './evidence.ts'

export function peersWithClosedWindows(view: Evidence): string | undefined {
  const { zeroWindows = 0, sendBytes = 0 } = view.portView ?? {}
  if (zeroWindows === 0) return undefined
  const many = zeroWindows > 1
  return `${whole(zeroWindows)} ${many ? 'clients have' : 'client has'} closed the window: ${many ? 'they are' : 'it is'} not reading, so ${bytes(sendBytes)} wait in send queues here. A backend that respects backpressure stops producing; one that ignores it uses more and more memory.`
}

export function backendsThatDoNotRead(view: Evidence): string | undefined {
  const { receiveBytes = 0 } = view.portView ?? {}
  if (receiveBytes < 65_536) return undefined
  return `${bytes(receiveBytes)} wait in receive queues: the backends are not reading them. When a receive buffer is full, the kernel closes that connection's window, and the client has to wait.`
}

export function noSourcePortLeft({ loads }: Evidence): string | undefined {
  const failed = loads
    .filter(({ state }) => state === 'running')
    .reduce((sum, { outcomes }) => sum + outcomes.noPortLeft, 0)
  if (failed === 0) return undefined
  return `${plural(failed, 'connection attempt')} found no free source port (EADDRNOTAVAIL): all ports from this client's address to this server are open or in TIME_WAIT, and no SYN was sent. Connections that are kept open, more client addresses or a wider ip_local_port_range would fix this; the server is not the cause.`
}
