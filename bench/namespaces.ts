/**
 * Holds network namespaces, each with a process and a listener in it, until its standard input ends. The processes are `sleep`,
 * which inherits its listener: a runtime in each would cost more than what is measured. Usage: node namespaces.ts COUNT
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { enterNewNamespace } from '#kernel/netns.ts'

const doing = 'Holding a listener in a namespace'
const children = Array.from({ length: Number(process.argv[2]) }, () => {
  enterNewNamespace().close()
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM, 0, doing)
  libc.bind(fd, socketAddress('127.0.0.1', 8080), doing)
  libc.listen(fd, 128, doing)
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'sleep', 'infinity'], { stdio: 'ignore' })
  libc.close(fd)
  return child
})
await Promise.all(children.map((child) => once(child, 'spawn')))
console.log('open')
process.stdin.resume().on('end', () => {
  for (const child of children) child.kill('SIGKILL')
  process.exit()
})
