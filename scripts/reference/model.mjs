// The public API as data: what the package exports, and what that refers to, read from the declarations that the compiler writes.
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { getTokenPosOfNode, SyntaxKind } from "typescript/unstable/ast"
import { API } from "typescript/unstable/sync"

const FOLDER = "build/reference"

/** What package.json exports: `skep` and `skep/bundler`. */
const MODULES = ["index.d.ts", "bundler/index.d.ts"]

/**
 * @typedef {{ text: string, tags: { name: string, text: string }[] }} Doc   a docstring: its text, and its tags
 * @typedef {{ name: string, kind: string, signature: string, doc: Doc | undefined, from?: string }} Member   `from`: the base that has it, or its docstring
 * @typedef {{ name: string, kind: string, file: string, exported: boolean, signature: string, doc: Doc | undefined, members: Member[] }} Entry
 */

/** Every export and every type that one refers to, in the order of their names. @returns {Entry[]} */
export function readApi() {
  const types = `${FOLDER}/types`
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json", "--outDir", types]
  const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" })
  if (status !== 0) throw new Error(`the types have errors:\n${stdout}`)
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { rootDir: "." },
    files: MODULES.map(module => `types/${module}`),
    include: [],
  }
  writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(config))
  const api = new API({ cwd: process.cwd() })
  try {
    const [project] = api.updateSnapshot({ openProject: resolve(FOLDER, "tsconfig.json") }).getProjects()
    return new Reader(project, resolve(types)).read()
  } finally {
    api.close()
  }
}

class Reader {
  constructor({ program, checker }, root) {
    this.program = program
    this.checker = checker
    this.root = root
    this.entries = new Map()
  }

  read() {
    const added = MODULES.flatMap(module => {
      const index = this.checker.getSymbolAtLocation(this.program.getSourceFile(`${this.root}/${module}`))
      return this.checker.getExportsOfModule(index).map(symbol => this.#add(symbol, symbol.name))
    })
    for (const node of added) if (node !== undefined) this.#refer(node)
    return [...this.entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Adds what a name stands for; without `exported` a type that another one refers to. Its declaration, where it was not there yet. */
  #add(symbol, exported) {
    const target = this.#target(symbol)
    const nodes = this.#declarations(target)
    if (nodes.length === 0 || this.entries.has(target.id)) return undefined
    const [node] = nodes
    const file = node
      .getSourceFile()
      .fileName.slice(this.root.length + 1)
      .replace(/\.d\.ts$/, ".ts")
    if (exported === undefined && !DESCRIBED.test(file)) return undefined
    const entry = {
      name: exported ?? target.name,
      kind: KINDS.get(node.kind) ?? "const",
      file,
      exported: exported !== undefined,
      signature: nodes.map(headOf).join("\n"),
      doc: docOf(node),
      members: this.#members(node),
    }
    this.entries.set(target.id, entry)
    return node
  }

  #target(symbol) {
    return symbol.flags & ALIAS ? this.checker.getAliasedSymbol(symbol) : symbol
  }

  /** Declarations in skep's own files; those of overloads are several. */
  #declarations(symbol) {
    const nodes = (symbol.declarations ?? []).map(handle => handle.resolve()).filter(node => node !== undefined)
    return nodes.map(whole).filter(node => KINDS.has(node.kind) && node.getSourceFile().fileName.startsWith(this.root))
  }

  /** Members of a class or an interface, and those of bases that are not exported. */
  #members(node) {
    const own = (node.members ?? typeMembers(node)).flatMap(member => memberOf(member))
    const names = new Set(own.map(({ name }) => name))
    const inherited = this.#bases(node).flatMap(base =>
      this.#members(base).map(member => ({ ...member, from: member.from ?? base.name.text })),
    )
    for (const member of own) {
      const above =
        member.doc === undefined && inherited.find(({ name, doc }) => name === member.name && doc !== undefined)
      if (above) Object.assign(member, { doc: above.doc, from: above.from })
    }
    const added = inherited.filter(({ name }) => !names.has(name))
    return merge([...own, ...added])
  }

  /** What a class or an interface extends and implements, as far as it is skep's own. */
  #bases(node) {
    const clauses = node.heritageClauses ?? []
    return clauses
      .flatMap(clause => [...clause.types])
      .flatMap(({ expression }) => {
        const symbol = this.checker.getSymbolAtLocation(expression)
        return symbol === undefined ? [] : this.#declarations(this.#target(symbol)).slice(0, 1)
      })
  }

  /** Adds the types of skep that a declaration names. */
  #refer(node) {
    const visit = child => {
      if (isHidden(child)) return
      const name =
        child.kind === SyntaxKind.TypeReference
          ? child.typeName
          : child.kind === SyntaxKind.ExpressionWithTypeArguments
            ? child.expression
            : undefined
      if (name?.kind === SyntaxKind.Identifier) {
        const symbol = this.checker.getSymbolAtLocation(name)
        const added = symbol && this.#add(symbol)
        if (added !== undefined) this.#refer(added)
      }
      child.forEachChild(visit)
    }
    visit(node)
  }
}

const ALIAS = 1 << 21

/** Rooms whose types are described where an export refers to them. Those of objects and BTF have readers of their own. */
const DESCRIBED = /^((base|bpf|machine)\/|sim\/(process|time))/

const KINDS = new Map([
  [SyntaxKind.ClassDeclaration, "class"],
  [SyntaxKind.InterfaceDeclaration, "interface"],
  [SyntaxKind.TypeAliasDeclaration, "type"],
  [SyntaxKind.FunctionDeclaration, "function"],
  [SyntaxKind.VariableStatement, "const"],
])

/** The statement of a variable. */
const whole = node => (node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node)

const typeMembers = ({ kind, type }) =>
  kind === SyntaxKind.TypeAliasDeclaration && type.kind === SyntaxKind.TypeLiteral ? type.members : []

const isHidden = node =>
  node.modifiers?.some(({ kind }) => kind === SyntaxKind.PrivateKeyword || kind === SyntaxKind.ProtectedKeyword) ===
    true ||
  node.name?.kind === SyntaxKind.PrivateIdentifier ||
  (node.kind === SyntaxKind.Constructor && docOf(node) === undefined) ||
  docOf(node)?.tags.some(({ name }) => name === "internal") === true

/** A member that is public: none for what is private, for symbols, and for constructors without a docstring. */
function memberOf(node) {
  const doc = docOf(node)
  if (isHidden(node) || node.name?.kind === SyntaxKind.ComputedPropertyName) return []
  const name = node.kind === SyntaxKind.Constructor ? "constructor" : (node.name?.text ?? "[…]")
  return [{ name, kind: MEMBERS.get(node.kind) ?? "property", signature: textOf(node), doc }]
}

const MEMBERS = new Map([
  [SyntaxKind.MethodDeclaration, "method"],
  [SyntaxKind.MethodSignature, "method"],
  [SyntaxKind.Constructor, "constructor"],
  [SyntaxKind.CallSignature, "call"],
  [SyntaxKind.IndexSignature, "index"],
])

/** Overloads, and a getter with its setter, become one. */
function merge(members) {
  const merged = new Map()
  for (const member of members) {
    const known = merged.get(member.name)
    if (known === undefined) merged.set(member.name, member)
    else
      merged.set(member.name, {
        ...known,
        signature: `${known.signature}\n${member.signature}`,
        doc: known.doc ?? member.doc,
      })
  }
  return [...merged.values()]
}

/** A declaration as text, without its docstring. */
function textOf(node) {
  const source = node.getSourceFile()
  return source.text.slice(getTokenPosOfNode(node, source), node.end).replace(/^(export |declare )+/, "")
}

/** A class or an interface up to its members; anything else whole. */
function headOf(node) {
  const text = textOf(node)
  if (node.members === undefined && typeMembers(node).length === 0) return withoutDocs(text)
  return text.slice(0, text.indexOf("{")).trim()
}

const withoutDocs = text => text.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "")

/** The docstring right before a declaration. */
function docOf(node) {
  const source = node.getSourceFile()
  const before = source.text.slice(node.pos, getTokenPosOfNode(node, source))
  const [last] = [...before.matchAll(/\/\*\*([\s\S]*?)\*\//g)].slice(-1)
  if (last === undefined) return undefined
  const text = last[1]
    .replace(/^[ \t]*\*(?: |$)/gm, "")
    .replace(/^\s*\n/, "")
    .trim()
  // A tag starts a line, or stands behind the end of a sentence.
  const [main, ...rest] = text.split(/(?:^|\s)@(?=(?:throws|returns|param|internal|deprecated)\b)/)
  const tags = rest.map(tag => {
    const [, name, said] = /^(\w+)\s*([\s\S]*)$/.exec(tag)
    return { name, text: said.trim() }
  })
  return { text: main.trim(), tags }
}
