/** Sends odd requests to a shared port from where it runs, e.g. the lab's client: node … ADDRESS PORT COUNT SEED. Prints what was wrong as JSON. */
import { sendOddRequests } from './odd-exchange.ts'

const [host = '', port, count, seed] = process.argv.slice(2)
const paths = ['/', '/bytes/10', '/bytes/1000000', '/sink']
console.log(JSON.stringify(await sendOddRequests({ host, port: Number(port) }, paths, Number(count), Number(seed))))
