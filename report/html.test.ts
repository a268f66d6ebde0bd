import assert from 'node:assert/strict'
import test from 'node:test'
import { html } from './html.ts'

test('what is put in is text, wherever it stands', () => {
  const text = `<script>"it's" & more</script>`
  assert.equal(
    html`<p title="${text}">${text}</p>`.toString(),
    '<p title="&lt;script&gt;&quot;it&#39;s&quot; &amp; more&lt;/script&gt;">&lt;script&gt;&quot;it&#39;s&quot; &amp; more&lt;/script&gt;</p>',
  )
})

test('what came out of a template goes into another as it is, alone and in lists', () => {
  const items = ['a', 'b & c'].map((item) => html`<li>${item}</li>`)
  assert.equal(html`<ul>${items}${html`<hr>`}</ul>`.toString(), '<ul><li>a</li><li>b &amp; c</li><hr></ul>')
})

test('nothing is shown for what is absent, and a dash for a number that is none', () => {
  assert.equal(html`[${null}${undefined}${false}${[]}]`.toString(), '[]')
  assert.equal(html`${0} ${-1.5} ${Number.NaN} ${Number.POSITIVE_INFINITY}`.toString(), '0 -1.5 – –')
})
