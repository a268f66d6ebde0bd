/** For tests: a terminal view that shows the keys it got, how often it was asked for a new frame, and which process it is; q ends it. */
import { Terminal } from '../../terminal/terminal.ts'

const terminal = new Terminal(process.stdin, process.stdout)
let keys = ''
let frames = 0

const show = (): void =>
  terminal.show([`keys <${keys}> frames <${frames}> columns <${terminal.columns}> pid <${process.pid}>`])

terminal.open(
  (key) => {
    if (key === 'q') {
      terminal.close()
      process.exit(0)
    }
    keys += key
    show()
  },
  () => {
    frames++
    show()
  },
)
show()
// A view has more than keys to wait for.
setInterval(show, 50)
