/** A file name as a target of a rule: spaces, `#` and `$` in make's spelling. */
export function quoteTarget(name: string): string {
  return name.replace(/\$/g, "$$$$").replace(/(\\*)([ #\t])/g, "$1$1\\$2")
}

/** The longest line of a rule. */
const WIDTH = 78

/**
 * A rule for make, as `-M` and `-MD` write it; with `phony`, a rule without prerequisites for each header, so that make does not stop
 * when a header is gone.
 *
 *     a.o: a.c \
 *       b.h
 *
 *     b.h:
 */
export function makeRule(targets: readonly string[], files: readonly string[], phony: boolean): string {
  let text = `${targets.join(" ")}:`
  let column = text.length
  for (const file of files.map(quoteTarget)) {
    if (column + 1 + file.length + 2 > WIDTH) {
      text += " \\\n "
      column = 1
    }
    text += ` ${file}`
    column += 1 + file.length
  }
  text += "\n"
  if (phony) for (const header of files.slice(1)) text += `\n${quoteTarget(header)}:\n`
  return text
}
