import type { WriteStream } from "node:tty"

/** Whether a stream is a terminal that wants colours (NO_COLOR says it does not). */
export function wantsColor(stream: Pick<WriteStream, "isTTY">): boolean {
  const { NO_COLOR, TERM } = process.env
  return stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb"
}

/** Text in an ANSI style, where the stream wants it: `1` bold, `2` faint, `31` red, `32` green. */
export function styled(text: string, style: string, stream: Pick<WriteStream, "isTTY"> = process.stdout): string {
  return wantsColor(stream) ? `\x1b[${style}m${text}\x1b[0m` : text
}

/** A remark about what goes on: it goes to stderr, so that output can be piped. */
export function note(text: string): void {
  process.stderr.write(`${styled(text, "2", process.stderr)}\n`)
}
