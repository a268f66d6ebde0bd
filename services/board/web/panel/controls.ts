/** The kinds of switches: each has a name, what it does to the kernel in one line, and a state that comes from outside. */
import { html, say, set } from '../page/dom.ts'

let made = 0
const nextId = (): string => `control-${++made}`

interface Wording {
  name: string
  /** What it does to the kernel, in one line. */
  does: string
}

/** On or off. */
export class Toggle {
  readonly element: HTMLElement
  readonly #button: HTMLButtonElement
  readonly #does: HTMLElement
  readonly #name: HTMLElement

  constructor({ name, does }: Wording, onChange: (on: boolean) => void, danger = true) {
    const [label, note] = [nextId(), nextId()]
    this.#does = html('p', { class: 'does', id: note }, does)
    this.#name = html('span', { id: label, class: 'name' }, name)
    this.#button = html('button', {
      type: 'button',
      role: 'switch',
      class: danger ? 'toggle danger' : 'toggle',
      'aria-checked': 'false',
      'aria-labelledby': label,
      'aria-describedby': note,
    })
    this.#button.addEventListener('click', () => onChange(this.#button.getAttribute('aria-checked') !== 'true'))
    this.element = html(
      'div',
      { class: 'control' },
      html('div', { class: 'row' }, this.#name, this.#button),
      this.#does,
    )
  }

  rename(name: string): void {
    say(this.#name, name)
  }

  /** What it does here. */
  describe(does: string): void {
    if (!this.#button.disabled) say(this.#does, does)
  }

  draw(on: boolean): void {
    set(this.#button, 'aria-checked', String(on))
  }

  refuse(reason: string | undefined): void {
    this.#button.disabled = reason !== undefined
    if (reason !== undefined) say(this.#does, reason)
  }
}

/** Something that is done once. */
export class Action {
  readonly element: HTMLElement

  constructor({ name, does }: Wording, onDo: () => void) {
    const note = nextId()
    const button = html('button', { type: 'button', class: 'small', 'aria-describedby': note }, name)
    button.addEventListener('click', onDo)
    this.element = html(
      'div',
      { class: 'control' },
      html('div', { class: 'row' }, html('span', { class: 'name' }, name), button),
      html('p', { class: 'does', id: note }, does),
    )
  }
}

/** A number and a button that sends it. */
export class NumberSetting {
  readonly element: HTMLElement
  readonly input: HTMLInputElement
  readonly #button: HTMLButtonElement
  readonly #does: HTMLElement
  #touched = false

  constructor(
    { name, does }: Wording,
    { unit, action, value, min = 0, max }: { unit: string; action: string; value: number; min?: number; max: number },
    onSet: (value: number) => void,
  ) {
    const [id, note] = [nextId(), nextId()]
    this.#does = html('p', { class: 'does', id: note }, does)
    this.input = html('input', {
      id,
      type: 'number',
      value,
      min,
      max,
      step: 1,
      inputmode: 'numeric',
      'aria-describedby': note,
    })
    this.#button = html('button', { type: 'submit', class: 'small', 'aria-label': `${action}: ${name}` }, action)
    const form = html(
      'form',
      { class: 'row' },
      html('label', { for: id, class: 'name' }, name),
      this.input,
      html('span', { class: 'unit' }, unit),
      this.#button,
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#touched = false
      onSet(this.input.valueAsNumber)
    })
    this.input.addEventListener('input', () => {
      this.#touched = true
    })
    this.element = html('div', { class: 'control' }, form, this.#does)
  }

  /** Shows what is in force, unless somebody is typing. */
  draw(value: number): void {
    if (!this.#touched && document.activeElement !== this.input && this.input.valueAsNumber !== value)
      this.input.value = String(value)
  }

  refuse(reason: string | undefined): void {
    this.input.disabled = this.#button.disabled = reason !== undefined
    if (reason !== undefined) say(this.#does, reason)
  }
}

/** What was chosen is shown until the lab has followed, or has had this time to. */
const PENDING_MS = 3000

/** One of several. */
export class Choice<Value extends string> {
  readonly element: HTMLElement
  readonly #does: HTMLElement
  readonly #set: HTMLFieldSetElement
  #inputs: { value: Value; input: HTMLInputElement }[] = []
  readonly #options: HTMLElement
  readonly #onChange: (value: Value) => void
  #shown = ''
  #pending: { value: string; untilMs: number } | undefined

  constructor({ name, does }: Wording, options: readonly [Value, string][], onChange: (value: Value) => void) {
    const note = nextId()
    this.#onChange = onChange
    this.#does = html('p', { class: 'does', id: note }, does)
    this.#options = html('div', { class: 'options' })
    this.#set = html(
      'fieldset',
      { class: 'control', 'aria-describedby': note },
      html('legend', { class: 'name' }, name),
      this.#options,
      this.#does,
    )
    this.element = this.#set
    this.offer(options)
  }

  /** Other options, if they are other. */
  offer(options: readonly [Value, string][]): void {
    const shown = JSON.stringify(options)
    if (shown === this.#shown) return
    this.#shown = shown
    const group = nextId()
    const made = options.map(([value, label]) => {
      const input = html('input', { type: 'radio', name: group, value })
      input.addEventListener('change', () => {
        this.#pending = { value, untilMs: performance.now() + PENDING_MS }
        this.#onChange(value)
      })
      return { value, input, option: html('label', { class: 'option' }, input, html('span', {}, label)) }
    })
    this.#inputs = made
    this.#options.replaceChildren(...made.map(({ option }) => option))
  }

  draw(chosen: string): void {
    if (this.#pending !== undefined && this.#pending.value !== chosen && performance.now() < this.#pending.untilMs)
      return
    this.#pending = undefined
    for (const { value, input } of this.#inputs)
      if (input.checked !== (value === chosen)) input.checked = value === chosen
  }

  refuse(reason: string | undefined): void {
    this.#set.disabled = reason !== undefined
    if (reason !== undefined) say(this.#does, reason)
  }
}
