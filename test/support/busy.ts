/** Busy processes, each in a session of its own: in one session the scheduler would give them, together, the share of one. */
import { spawn } from 'node:child_process'

/** So many processes that do nothing, until disposed of; they end with this process, too, should it be killed. */
export function busy(processes: number): Disposable {
  const script = `while kill -0 ${process.pid} 2>/dev/null; do i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; done`
  const children = Array.from({ length: processes }, () => {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' })
    child.unref()
    return child
  })
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}
