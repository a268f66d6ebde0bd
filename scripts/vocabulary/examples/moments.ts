/** An example of everything that a reading of one moment holds: each is true after the phase `until` of verbs.ts. */
import type { Now } from '#experiments/vocabulary/stage.ts'

export const moments = {
  'Now.listener': (now) => now.listener(1).length === now.listener(1).limit + 1,
  'Now.listeners': (now) => now.listeners === 1,
  'Now.synQueue': (now) => now.synQueue.length <= now.synQueue.limit,
  'Now.waiting': (now) => now.waiting === 5,
  'Now.waitingFinished': (now) => now.waitingFinished === 0,
  'Now.unserved': (now) => now.unserved === 0,
  'Now.unservedOldestMs': (now) => !(now.unservedOldestMs > 1000),
  'Now.resetByClosing': (now) => now.resetByClosing === 0,
  'Now.established': (now) => now.established >= 5,
  'Now.receiveBytes': (now) => now.receiveBytes > 0,
  'Now.sendBytes': (now) => now.sendBytes === 0,
  'Now.zeroWindows': (now) => now.zeroWindows === 0,
  'Now.counter': (now) => now.counter('ListenDrops') >= 15,
  'Now.unixListener': (now) => now.unixListener('/run/app.sock').length > 0,
  'Now.udpSocket': (now) => now.udpSocket(5353).drops === 0,
} satisfies Record<string, (now: Now) => boolean>

/** Of sockets that a phase would have to make first. */
export const needSockets: readonly (keyof typeof moments)[] = ['Now.unixListener', 'Now.udpSocket']
