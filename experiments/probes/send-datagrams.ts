/** `send-datagrams.ts ADDRESS PORT DATAGRAMS BYTES`: sends datagrams one after the other and prints how many the kernel took. */
import dgram from 'node:dgram'

const [address = '', port = '', datagrams = '', bytes = ''] = process.argv.slice(2)
const socket = dgram.createSocket('udp4')
const datagram = Buffer.alloc(Number(bytes))
let sent = 0
for (let left = Number(datagrams); left > 0; left--)
  await new Promise<void>((resolve) => {
    socket.send(datagram, Number(port), address, (error) => {
      if (error === null) sent++
      resolve()
    })
  })
socket.close()
console.log(sent)
