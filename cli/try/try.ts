/** `spillway try`: the card of a server of one's own. */
import os from 'node:os'
import { type Answer, answers } from '#lab/card/card.ts'
import { questionsOf } from '#lab/card/questions.ts'
import { Lab } from '#lab/lab.ts'
import { refuseUnwritable, writePage } from '../page-file.ts'
import { ticking } from '../progress.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { help, readOptions } from './options.ts'
import { answerInWords } from './words.ts'

export async function tryServer(args: string[]): Promise<void> {
  const command = readOptions(args)
  if (command === undefined) {
    process.stdout.write(help)
    return
  }
  const { lab: wish, report, json } = command
  if (report !== undefined) refuseUnwritable(report, '--report')
  const stop = stopOnSignal()
  using stages = ticking({ lines: !json })
  const given: Answer[] = []
  try {
    await using lab = await Lab.start({ ...wish, sampleIntervalMs: 10, signal: stop.signal, onProgress: stages.say })
    // A signal takes the lab down, and with it whatever is asked.
    stop.signal.addEventListener('abort', () => void lab.stop(), { once: true })
    const questions = questionsOf(lab)
    const all = answers(lab, questions)
    for (const { asks } of questions) {
      stages.say(asks)
      const { value: answer } = await all.next()
      stages.say('')
      if (answer === undefined || stop.signal.aborted) break
      given.push(answer)
      process.stdout.write(`${json ? JSON.stringify(answer) : answerInWords(answer, given.length)}\n`)
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  if (stop.signal.aborted) {
    process.exitCode = 2
    return
  }
  if (report === undefined) return
  const { serverCard } = await import('#report/server-card.ts')
  const { name, command: typed } = wish.server
  writePage(report, serverCard({ server: name, command: typed, kernel: os.release(), answers: given }), '--report')
  process.stderr.write(`Card: ${report}\n`)
}
