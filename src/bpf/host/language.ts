import { readFileSync, readlinkSync } from "node:fs"
import { processMaps } from "../../symbols/index.ts"

/** Languages whose run-time systems have static probes. */
export type Language = "java" | "node" | "perl" | "php" | "python" | "ruby" | "tcl"

/** Programs and libraries of the run-time systems. */
const PATTERNS: Readonly<Record<Language, RegExp>> = {
  java: /^(java|libjvm\.so.*)$/,
  node: /^(node|nodejs|libnode\.so.*)$/,
  perl: /^(perl[\d.]*|libperl\.so.*)$/,
  php: /^(php[\d.]*|php-fpm[\d.]*|libphp[\d.]*\.so.*)$/,
  python: /^(python[\d.]*|libpython[\d.]+\w*\.so.*)$/,
  ruby: /^(ruby[\d.]*|libruby(-[\d.]+)?\.so.*)$/,
  tcl: /^(tclsh[\d.]*|libtcl[\d.]*\.so.*)$/,
}

const languageOf = (path: string): Language | undefined => {
  const name = path.slice(path.lastIndexOf("/") + 1)
  return (Object.keys(PATTERNS) as Language[]).find(language => PATTERNS[language].test(name))
}

/**
 * The language whose run-time system a process is: by its program's name, the first word of its command line, and the libraries it has mapped.
 * Undefined for any other process, and for one that has ended.
 */
export function detectLanguage(pid: number): Language | undefined {
  const files = [
    () => [readlinkSync(`/proc/${pid}/exe`)],
    () => [readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]],
    () => processMaps(pid).map(({ path }) => path),
  ]
  for (const some of files) {
    try {
      for (const file of some()) {
        const language = languageOf(file.replace(/ \(deleted\)$/, ""))
        if (language !== undefined) return language
      }
    } catch {}
  }
  return undefined
}
