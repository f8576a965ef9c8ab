// Counts in JavaScript, as esbuild prints it, which of its blocks run: the fuzzer's measure of what an input reached.
//
//     if (a) return b;        if (a) { $c[0]++; return b; }
//     while (c) {             while (c) {$c[1]++;
//
// Lines stay lines, so that source maps hold. Expressions are not taken apart.

/** What may stand before the slash of a regular expression; elsewhere a slash divides. */
const BEFORE_PATTERN = /(^|[(,=:[!&|?{};~^<>*%+-]|\b(return|typeof|case|in|of|void|delete|instanceof))\s*$/

/** The text with all that is not code (strings, templates, patterns, comments) blanked; every character keeps its place. */
export function maskLiterals(text) {
  const blank = part => part.replace(/[^\n]/g, "_")
  let out = ""
  let at = 0
  /** Depth of braces at which each open template goes on. */
  const templates = []
  let depth = 0
  const skip = pattern => {
    pattern.lastIndex = at
    const [part] = pattern.exec(text) ?? [text[at]]
    out += blank(part)
    at += part.length
  }
  const inTemplate = () => {
    skip(/(?:[^\\`$]|\\[\s\S]|\$(?!\{))*/y)
    if (text[at] === "$") {
      templates.push(depth++)
      out += "_{"
      at += 2
    } else skip(/`/y)
  }
  while (at < text.length) {
    const char = text[at]
    if (char === '"' || char === "'") skip(/(["'])(?:(?!\1)[^\\]|\\[\s\S])*\1/y)
    else if (char === "/" && text[at + 1] === "/") skip(/\/\/[^\n]*/y)
    else if (char === "/" && text[at + 1] === "*") skip(/\/\*[\s\S]*?\*\//y)
    else if (char === "/" && BEFORE_PATTERN.test(out.slice(-12).replace(/\n/g, " ")))
      skip(/\/(?:\[(?:[^\]\\]|\\.)*\]|[^\\/\n]|\\.)+\/\w*/y)
    else if (char === "`") {
      skip(/`/y)
      inTemplate()
    } else {
      if (char === "{") depth++
      if (char === "}") depth--
      out += char
      at++
      if (char === "}" && templates.at(-1) === depth) {
        templates.pop()
        inTemplate()
      }
    }
  }
  return out
}

/** The end of the parenthesis that begins at or after `from`, in masked code; -1 where it is not on the line. */
function closing(line, from) {
  let depth = 0
  for (let i = line.indexOf("(", from); i >= 0 && i < line.length; i++) {
    if (line[i] === "(") depth++
    else if (line[i] === ")" && --depth === 0) return i
  }
  return -1
}

/** A line and its masked form, with a counter in each block that begins there. */
function countLine(line, code, counter) {
  if (/^\s*(\w+: )?switch \(|\bclass\b/.test(code)) return line
  if (/(\)|\belse|=>|\bdo|\btry|\bfinally|\bcatch) \{$/.test(code)) return line + counter()
  if (/^\s*(case .*: \{|case .*:|default:)$/.test(code)) return line + counter()
  const branch = /^\s*(\} )?(else )?(if|for|while) (?=\()/.exec(code) ?? /^\s*(\} )?else (?!if )/.exec(code)
  if (branch === null) return line
  const from = branch[3] === undefined ? branch[0].length : closing(code, branch[0].length) + 2
  const rest = code.slice(from)
  if (from < 2 || !rest.endsWith(";") || rest === ";" || /^(if|for|while|do|switch|try)\b/.test(rest)) return line
  return `${line.slice(0, from)}{${counter()}${line.slice(from)}}`
}

/**
 * Puts counters into the parts of bundles that come from folders: `$c`, which all of the bundles share, is `globalThis.skepCounters`, with one byte
 * for each block.
 * @param {readonly string[]} texts
 * @param {(path: string) => boolean} wanted
 */
export function instrument(texts, wanted) {
  let count = 0
  const counter = () => `$c[${count++}]++;`
  const bodies = texts.map(text => {
    const lines = text.split("\n")
    let active = false
    return maskLiterals(text)
      .split("\n")
      .map((code, i) => {
        const path = /^\/\/ (\w[^ ]*\.\w+)$/.exec(lines[i])?.[1]
        if (path !== undefined) active = wanted(path)
        return active ? countLine(lines[i], code, counter) : lines[i]
      })
      .join("\n")
  })
  return bodies.map(body => `const $c = globalThis.skepCounters ??= new Uint8Array(${count}); ${body}`)
}
