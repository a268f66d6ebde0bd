/** Keys: what single keys do anywhere on the page, their list in a dialog, and one press for a key that is held down. */
import { byId, html } from './dom.ts'

export interface Shortcut {
  /** As `KeyboardEvent.key` names them; the first is the one that is shown, unless `shown` is another. */
  keys: readonly string[]
  shown?: string
  does: string
  press(key: string): void
}

const pressable = 'button, input, [role="switch"]'
/** Where keys are for writing, or move within something. */
const ownKeys = 'input, select, textarea, [contenteditable], [role="tablist"], dialog'
const STORED = 'spillway-keys'

/** Listens to single keys anywhere, unless the reader has switched them off in their list, which `?` opens. */
export function listenToKeys(shortcuts: readonly Shortcut[]): void {
  const all = [...shortcuts, { keys: ['?'], does: 'Show this list', press: () => dialog.showModal() }]
  const isOn = html('input', { type: 'checkbox', checked: localStorage.getItem(STORED) !== 'off' })
  isOn.addEventListener('change', () => localStorage.setItem(STORED, isOn.checked ? 'on' : 'off'))
  const dialog = html(
    'dialog',
    { class: 'keys', 'aria-labelledby': 'keys-title' },
    html('h2', { id: 'keys-title' }, 'Keys'),
    html(
      'dl',
      {},
      ...all.flatMap(({ keys, does, ...more }) => [
        html('dt', {}, html('kbd', {}, ('shown' in more ? more.shown : undefined) ?? keys[0] ?? '')),
        html('dd', {}, does),
      ]),
      html('dt', {}, html('kbd', {}, 'Tab')),
      html('dd', {}, 'To the next switch; Space or Enter presses it'),
    ),
    html('label', {}, isOn, ' Single keys work'),
    html('form', { method: 'dialog' }, html('button', { class: 'plain' }, 'Close')),
  )
  document.body.append(dialog)
  byId('keys').addEventListener('click', () => dialog.showModal())
  document.addEventListener('keydown', (event) => {
    const { key, ctrlKey, altKey, metaKey, repeat, target } = event
    if (ctrlKey || altKey || metaKey || repeat || !isOn.checked) return
    if (target instanceof Element && target.closest(ownKeys) !== null) return
    const shortcut = all.find(({ keys }) => keys.includes(key))
    if (shortcut === undefined) return
    // A key that leads into a field is not also written there.
    event.preventDefault()
    shortcut.press(key)
  })
}

/** A key that is held down is one press: a switch that is held does not stall and release thirty times a second. */
export function pressOnce(): void {
  document.addEventListener(
    'keydown',
    (event) => {
      const { repeat, key, target } = event
      if (!repeat || (key !== 'Enter' && key !== ' ')) return
      if (!(target instanceof Element) || target.closest(pressable) === null) return
      event.preventDefault()
      event.stopPropagation()
    },
    { capture: true },
  )
}
