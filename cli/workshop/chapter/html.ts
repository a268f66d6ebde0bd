/** A chapter as HTML for the page beside the board; the page's script makes its parts work. Without the script it still reads. */
import { UsageError } from '#common/errors.ts'
import { FACTS_PATH } from '#live/orders.ts'
import { factId } from '#report/facts.ts'
import { type Content, type Html, html } from '#report/html.ts'
import { inline, markdownHtml, type Resolve } from '#report/markdown.ts'
import { type Block, blocksOf } from './blocks.ts'
import { citedNumbers } from './citations.ts'
import { type Directive, readings } from './directive.ts'

interface RenderedChapter {
  title: string
  html: string
  /** The parts that a reader can do, by name: progress is kept by these. */
  steps: string[]
}

/** What the page has to know of experiments: how long each took where it was measured. */
type SecondsOf = (experiment: string) => number | undefined

/** Throws a UsageError for a part that is none. */
export function chapterHtml(text: string, secondsOf: SecondsOf): RenderedChapter {
  const page = new Page(text, secondsOf)
  const [head, ...blocks] = blocksOf(text.split('\n'))
  const title = head?.is === 'heading' ? head.text : ''
  return { title, html: page.sections(blocks).toString(), steps: page.steps }
}

/** Explanations and hints are for afterwards. */
const closedUntilAsked = new Set(['Explain'])

class Page {
  readonly steps: string[] = []
  readonly #cited: ReturnType<typeof citedNumbers>
  readonly #secondsOf: SecondsOf

  constructor(text: string, secondsOf: SecondsOf) {
    this.#cited = citedNumbers(text)
    this.#secondsOf = secondsOf
  }

  /** What stands below each heading of the second level, together. */
  sections(blocks: readonly Block[]): Html {
    const starts = blocks.flatMap((block, at) => (block.is === 'heading' && block.level === 2 ? [at] : []))
    const before = blocks.slice(0, starts[0] ?? blocks.length)
    const sections = starts.map((start, index) => {
      const heading = blocks[start]!
      const name = heading.is === 'heading' ? heading.text : ''
      const body = this.#blocks(blocks.slice(start + 1, starts[index + 1] ?? blocks.length))
      const id = name.toLowerCase().replaceAll(/[^a-z]+/g, '-')
      return closedUntilAsked.has(name)
        ? html`<details class="section" id="${id}" data-step="${this.#step(id)}"><summary><h2>${name}</h2> <span class="when">open it when you have looked</span></summary>${body}</details>`
        : html`<section class="section" id="${id}"><h2>${name}</h2>${body}</section>`
    })
    return html`${this.#blocks(before)}${sections}`
  }

  #blocks(blocks: readonly Block[]): Content {
    return blocks.map((block) => this.#block(block))
  }

  #block(block: Block): Html {
    switch (block.is) {
      case 'heading':
        return html`<h3>${line(block.text)}</h3>`
      case 'paragraph':
        return html`<p>${line(block.text)}</p>\n`
      case 'table':
        return markdownHtml(withoutComments(block.text), 'A table of this chapter', resolve)
      case 'code':
        return html`<pre tabindex="0"><code>${block.text}</code></pre>\n`
      case 'picture':
        // A picture of the board is for those who read without one.
        return block.target.startsWith('pictures/')
          ? html`<img src="/workshop/${block.target}" alt="${block.alternative}">\n`
          : html``
      case 'details':
        return html`<details class="hint" data-step="${this.#step('hint')}"><summary>${line(block.summary)}</summary>${this.#blocks(block.blocks)}</details>\n`
      case 'list': {
        const items = block.items.map(
          ({ text, parts }) => html`<li>${line(text)}${parts.map((part) => this.#part(part))}</li>\n`,
        )
        return block.ordered ? html`<ol>${items}</ol>\n` : html`<ul>${items}</ul>\n`
      }
      case 'part':
        return this.#part(block.part)
    }
  }

  #part(part: Directive): Html {
    switch (part.kind) {
      case 'predict':
        return this.#predict(part)
      case 'run':
        return html`<div class="step run" data-step="${this.#step('run')}" data-orders="${JSON.stringify(part.orders)}"><button type="button">${part.label}</button><output></output></div>\n`
      case 'experiment': {
        const seconds = this.#secondsOf(part.name)
        const takes = seconds === undefined ? '' : `about ${Math.max(1, Math.round(seconds))} s, in a lab of its own`
        return html`<div class="step experiment" data-step="${this.#step(`experiment-${part.name}`)}" data-experiment="${part.name}" data-seconds="${seconds ?? ''}"><button type="button">Run ${part.name}</button> <span class="takes">${takes}</span><progress hidden max="1" value="0"></progress><ol class="phases"></ol><output></output></div>\n`
      }
      case 'look':
        return html`<p class="step look" data-step="${this.#step('look')}" data-place="${part.place}"><button type="button">Show me: ${part.place}</button><output></output></p>\n`
      case 'check':
        return html`<form class="step check" data-step="${this.#step(`check-${part.exercise}`)}" data-exercise="${part.exercise}"><label>Your file <input name="file" value="${part.file}" required></label> <button>Check it</button><progress hidden></progress><output></output><ul class="findings"></ul></form>\n`
    }
  }

  #predict(part: Extract<Directive, { kind: 'predict' }>): Html {
    const step = this.#step(`predict-${part.id}`)
    const field = (unit: string): Html =>
      html`<label>Your prediction <input type="number" name="value" min="0" step="any" inputmode="decimal" required></label> <span class="unit">${unit}</span> <button>Keep it</button><output></output>`
    if ('reading' in part)
      return html`<form class="step predict" data-step="${step}" data-reading="${part.reading}" data-shard="${part.shard ?? ''}">${field(readings[part.reading])}</form>\n`
    const found = this.#cited.find(({ source }) => source === part.cited)
    if (found === undefined)
      throw new UsageError(
        `No number of the chapter cites '${part.cited}'`,
        'A prediction is compared with such a number',
      )
    const by = part.cited.startsWith('plan ') ? 'the planner' : part.cited.replace(/:.*/s, '')
    const seen = found.number.replaceAll(',', '')
    return html`<form class="step predict" data-step="${step}" data-seen="${seen}" data-by="${by}">${field(found.unit ?? '')}</form>\n`
  }

  /** A name that no other part of this chapter has. */
  #step(wanted: string): string {
    const taken = this.steps.filter((step) => step === wanted || step.startsWith(`${wanted}-`)).length
    const step = taken === 0 ? wanted : `${wanted}-${taken + 1}`
    this.steps.push(step)
    return step
  }
}

const withoutComments = (text: string): string => text.replaceAll(/<!--[\s\S]*?-->/g, '')
const line = (text: string): Html => inline(withoutComments(text).replaceAll('\n', ' '), resolve)

/** Other chapters and the facts are pages of the board; what else a chapter links to is not served. */
const resolve: Resolve = (target) => {
  const [, chapter] = /^(\d\d-[\w-]+)\.md$/.exec(target) ?? []
  if (chapter !== undefined) return `/workshop/${chapter}`
  const [, slug] = /kernel-facts\.md(?:#([\w-]+))?$/.exec(target) ?? []
  if (slug !== undefined) return `${FACTS_PATH}#${factId(slug)}`
  if (target.endsWith('kernel-facts.md')) return FACTS_PATH
  return /^https?:/.test(target) ? target : undefined
}
