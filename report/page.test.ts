import assert from 'node:assert/strict'
import test from 'node:test'
import vm from 'node:vm'
import { bytes, duration, number } from '#common/quantities.ts'
import { html } from './html.ts'
import { page } from './page.ts'

test('the script of a page needs no other file, and spells quantities as the rest of the page', () => {
  const script = /<script>(.*)<\/script>/s.exec(page('A page', html`<p>Words</p>`).toString())?.[1] ?? ''
  const context = vm.createContext({ document: { querySelectorAll: () => [] } })
  vm.runInContext(script, context)
  for (const [call, spelled] of [
    ['bytes(63_400)', bytes(63_400)],
    ['duration(0.25)', duration(0.25)],
    ['number(1234)', number(1234)],
  ] as const)
    assert.equal(vm.runInContext(call, context), spelled)
})
