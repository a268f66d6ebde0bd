import assert from 'node:assert/strict'
import test from 'node:test'
import { markdownHtml } from './markdown.ts'

const shown = (text: string): string =>
  String(markdownHtml(text, 'a table', (target) => (target === '#here' ? '#fact-here' : undefined))).trim()

test('code, bold, italics and links are shown as such, also within each other and across lines', () => {
  assert.equal(
    shown('The **last `ACK`\nof a *handshake*** finds `a > b & c` in [this `queue`](#here).'),
    '<p>The <b>last <code>ACK</code> of a <em>handshake</em></b> finds <code>a &gt; b &amp; c</code> in <a href="#fact-here">this <code>queue</code></a>.</p>',
  )
})

test('what is no mark stays as it is written', () => {
  const text = 'tcp_max_syn_backlog is 2 * 8 = 16 * 1, an array[3] and 4×u32'
  assert.equal(shown(text), `<p>${text}</p>`)
})

test('a link to what is not on the page is its words alone', () => {
  assert.equal(shown('See [small-backlog](../experiments/small-backlog.ts).'), '<p>See small-backlog.</p>')
})

test('HTML in the text is text', () => {
  assert.equal(shown('a <b onclick="x">b</b>'), '<p>a &lt;b onclick=&quot;x&quot;&gt;b&lt;/b&gt;</p>')
})

test('a list has an entry for each dash, however many lines it takes', () => {
  assert.equal(shown('- one\n  and more\n- two'), '<ul><li>one and more</li><li>two</li></ul>')
})

test('a table has a head and cells, in which a bar can be written', () => {
  const html = shown('| event | `a` |\n| --- | --- |\n| x \\| y | **+2** |\n|  | |')
  assert.match(html, /<thead><tr><th scope="col">event<\/th><th scope="col"><code>a<\/code><\/th><\/tr><\/thead>/)
  assert.match(html, /<tr><td>x \| y<\/td><td><b>\+2<\/b><\/td><\/tr>\n<tr><td><\/td><td><\/td><\/tr>/)
})

for (const [what, text] of [
  ['a heading', '#### Deep'],
  ['code in a block', '```\nx\n```'],
  ['a numbered list', '1. one'],
  ['a list within a list', '- one\n  - two'],
  ['a picture', 'x ![a](b.png)'],
  ['HTML of its own', '<table></table>'],
  ['a table without a rule', '| a |\n| b |'],
] as const)
  test(`${what} is refused rather than shown as it was not meant`, () => {
    assert.throws(() => shown(text), SyntaxError)
  })
