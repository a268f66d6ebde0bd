/** Holds listening sockets until its standard input ends. Usage: node listeners.ts ADDRESS FIRST-PORT COUNT */
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'

const [address = '', port, count] = process.argv.slice(2)
const doing = 'Holding listening sockets'
for (let i = 0; i < Number(count); i++) {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.bind(fd, socketAddress(address, Number(port) + i), doing)
  libc.listen(fd, 128, doing)
}
console.log('open')
process.stdin.resume().on('end', () => process.exit())
