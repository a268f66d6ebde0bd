/** Shows frames that never end, and writes into a file how many: on a terminal that nobody reads too. Usage: node frames.ts FILE */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopOnSignal } from '../../stop-on-signal.ts'
import { Terminal } from '../terminal.ts'

const [file = ''] = process.argv.slice(2)
const stop = stopOnSignal()
const terminal = new Terminal(process.stdin, process.stdout)
terminal.open(
  (key) => {
    if (key === 'q') stop.abort()
  },
  () => {},
)
for (let frame = 0; !stop.signal.aborted; frame++) {
  terminal.show(Array.from({ length: 50 }, () => `frame ${frame} `.repeat(20)))
  fs.writeFileSync(file, `${process.pid} ${frame}`)
  await sleep(1)
}
terminal.close()
