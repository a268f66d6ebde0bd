/**
 * Joins the SO_REUSEPORT group of a port and leaves it again, without ever accepting, as a server does that only tests its
 * configuration: `join.ts ADDRESS PORT TIMES STAY_MS PAUSE_MS`. Prints, as JSON, how many clients `waited` for it when it
 * left, in all, and how much too long it stayed at worst (`lateMs`).
 */
import { monotonicMs } from '#common/clock.ts'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue } from '#kernel/listener.ts'

const [address = '', port = '', times = '', stayMs = '', pauseMs = ''] = process.argv.slice(2)
const doing = 'Joining the listeners of a port'

const idle = new Int32Array(new SharedArrayBuffer(4))
const pass = (ms: string): unknown => Atomics.wait(idle, 0, 0, Number(ms))

let waited = 0
let lateMs = 0
for (let left = Number(times); left > 0; left--) {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_REUSEPORT, 1, doing)
  libc.bind(fd, socketAddress(address, Number(port)), doing)
  libc.listen(fd, 511, doing)
  const beganMs = monotonicMs()
  pass(stayMs)
  waited += acceptQueue(fd).length
  libc.close(fd)
  lateMs = Math.max(lateMs, monotonicMs() - beganMs - Number(stayMs))
  pass(pauseMs)
}
console.log(JSON.stringify({ waited, lateMs }))
