/** Opens and closes listening sockets on ports of the kernel's choice until its standard input ends. Usage: node churn.ts BATCH */
import { setTimeout as sleep } from 'node:timers/promises'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'

const batch = Number(process.argv[2])
const doing = 'Churning listening sockets'
let ended = false
process.stdin.resume().on('end', () => {
  ended = true
})
console.log('open')
while (!ended) {
  const open = Array.from({ length: batch }, () => {
    const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
    libc.bind(fd, socketAddress('127.0.0.1', 0), doing)
    libc.listen(fd, 128, doing)
    return fd
  })
  await sleep(150) // long enough for several samples
  for (const fd of open) libc.close(fd)
  await sleep(50)
}
process.exit()
