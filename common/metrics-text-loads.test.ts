import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'

test('writing metrics as text loads no client of HTTP, and neither HTTPS nor TLS', () => {
  const module = new URL('./metrics-text.ts', import.meta.url).href
  const program = `
    const { metricsText } = await import(${JSON.stringify(module)})
    const text = await metricsText([{ name: 'a_total', help: 'A.', type: 'counter', values: [{ labels: {}, value: 1 }] }])
    console.log(JSON.stringify({ text, loaded: process.moduleLoadList }))`
  const { text, loaded }: { text: string; loaded: string[] } = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  )
  assert.match(text, /^a_total 1$/m)
  const dear = ['http', 'https', 'tls', 'internal/deps/undici/undici']
  assert.deepEqual(
    loaded.filter((name) => dear.includes(name.replace('NativeModule ', ''))),
    [],
  )
})
