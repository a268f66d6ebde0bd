/** What happens now, on the last line of a terminal; nothing where there is none. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
