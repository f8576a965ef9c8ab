// Leaves of a package's type declarations what its entries lead to, name by name.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"

/**
 * Removes declarations that no entry leads to: files, and names that a file hands on from another. A file whose own
 * declarations are wanted keeps them all, as they lean on each other.
 *
 * @param folder where the declarations are
 * @param entries files in it whose names are all wanted
 */
export function keepReachable(folder, entries) {
  const files = new Declarations()
  for (const entry of entries) files.wantAll(resolve(folder, entry))
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = resolve(entry.parentPath, entry.name)
    if (!entry.isFile() || !path.endsWith(".d.ts")) continue
    const text = files.textOf(path)
    if (text === undefined) rmSync(path)
    else writeFileSync(path, text)
  }
}

class Declarations {
  #files = new Map()

  #file(path) {
    let file = this.#files.get(path)
    if (file === undefined) {
      file = existsSync(path) ? new DeclarationFile(path) : null
      this.#files.set(path, file)
    }
    return file
  }

  wantAll(path) {
    const file = this.#file(path)
    if (file === null || file.all) return
    file.all = true
    this.#wantOwn(file)
    for (const one of file.handedOn.values()) this.#handOn(file, one)
    for (const star of file.stars) {
      file.kept.add(star.statement)
      this.wantAll(star.path)
    }
  }

  /** Wants one name of a file. Whether the file has it. */
  want(path, name) {
    const file = this.#file(path)
    if (file === null) return false
    if (file.own.has(name)) {
      this.#wantOwn(file)
      return true
    }
    const handedOn = file.handedOn.get(name)
    if (handedOn !== undefined) {
      this.#handOn(file, handedOn)
      return true
    }
    for (const star of file.stars) {
      if (!this.want(star.path, name)) continue
      file.kept.add(star.statement)
      return true
    }
    return false
  }

  #handOn(file, { specifier, path, name }) {
    if (file.kept.has(specifier)) return
    file.kept.add(specifier)
    if (name === undefined) this.wantAll(path)
    else this.want(path, name)
  }

  /** Wants what a file declares itself, and what that leads to. */
  #wantOwn(file) {
    if (file.keepsOwn) return
    file.keepsOwn = true
    for (const { path, name } of file.needs) {
      if (name === undefined) this.wantAll(path)
      else this.want(path, name)
    }
  }

  /** What is left of a file; undefined for nothing. */
  textOf(path) {
    return this.#files.get(path)?.text()
  }
}

/** Statements of a declaration file that name another one, as the compiler writes them: from the beginning of a line on. */
const FROM = /^(import|export) (?:type )?(?:\{([^}]*)\}|\*(?: as (\w+))?|(\w+)) from "([^"]+)";\n/gm
const IMPORT_TYPE = /\bimport\("([^"]+)"\)(?:\.(\w+))?/g
const OWN =
  /^export (?:declare )?(?:default )?(?:abstract )?(?:class|const|enum|function|interface|let|namespace|type|var) (\w+)/gm
const OWN_LIST = /^export (?:type )?\{([^}]*)\};/gm

/** The names in braces: `type A, B as C` */
const namesIn = braces =>
  braces
    .split(",")
    .map(one => one.trim())
    .filter(one => one !== "")
    .map(text => {
      const [name, as = name] = text.replace(/^type /, "").split(" as ")
      return { text, name, as }
    })

/** One file, with the names that it declares, hands on, and leans on. */
class DeclarationFile {
  /** All its names are wanted. */
  all = false
  /** Its own declarations are wanted. */
  keepsOwn = false
  /** What it hands on that is wanted: statements with a star, and names in braces. */
  kept = new Set()
  own = new Set()
  handedOn = new Map()
  stars = []
  needs = []
  #text
  #from

  constructor(path) {
    this.#text = readFileSync(path, "utf8")
    const at = module => resolve(dirname(path), module.replace(/\.ts$/, ".d.ts"))
    this.#from = [...this.#text.matchAll(FROM)].map(([text, verb, braces, namespace, _default, module]) => {
      const names = braces === undefined ? [] : namesIn(braces).map(one => ({ ...one, path: at(module) }))
      return { text, verb, names, isList: braces !== undefined, namespace, path: at(module) }
    })
    for (const statement of this.#from) {
      const { verb, names, isList, namespace, path: to } = statement
      if (verb === "import") this.needs.push(...(isList ? names : [{ path: to }]))
      else if (namespace !== undefined) this.handedOn.set(namespace, { specifier: statement, path: to })
      else if (!isList) this.stars.push({ statement, path: to })
      else for (const one of names) this.handedOn.set(one.as, { specifier: one, path: to, name: one.name })
    }
    for (const [, module, name] of this.#text.matchAll(IMPORT_TYPE)) this.needs.push({ path: at(module), name })
    for (const [, name] of this.#text.matchAll(OWN)) this.own.add(name)
    for (const [, list] of this.#text.matchAll(OWN_LIST)) for (const { as } of namesIn(list)) this.own.add(as)
    if (/^export default /m.test(this.#text)) this.own.add("default")
  }

  text() {
    if (!this.keepsOwn && this.kept.size === 0) return undefined
    const handsOn = this.#from.filter(({ verb }) => verb === "export")
    if (!this.keepsOwn) return handsOn.map(statement => this.#left(statement)).join("")
    let text = this.#text
    for (const statement of handsOn) text = text.replace(statement.text, () => this.#left(statement))
    return text
  }

  /** What is wanted of a statement that hands names on. */
  #left(statement) {
    const { text, names, isList } = statement
    if (!isList) return this.kept.has(statement) ? text : ""
    const left = names.filter(one => this.kept.has(one))
    return left.length === 0 ? "" : text.replace(/\{[^}]*\}/, () => `{ ${left.map(one => one.text).join(", ")} }`)
  }
}
