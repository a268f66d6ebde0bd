/**
 * `connect.ts ADDRESS PORT CONNECTIONS [PAUSE_MS]`: connects, sends a request and reads the answer, one connection at a
 * time, in a process that can be pinned to a CPU as a whole. Prints the name of the backend that answered each, as JSON.
 */
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const [host = '', port = '', connections = '', pauseMs = '0'] = process.argv.slice(2)

async function whoAnswers(): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ host, port, agent: false, timeout: 5000 }, (response) => {
    response.resume()
    response.on('end', () => resolve(String(response.headers['x-spillway-backend'])))
  })
    .on('error', reject)
    .end()
  return promise
}

const answers: string[] = []
for (let left = Number(connections); left > 0; left--) {
  answers.push(await whoAnswers())
  await sleep(Number(pauseMs))
}
console.log(JSON.stringify(answers))
