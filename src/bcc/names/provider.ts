import { editDistance, SourceFile, suggest } from "../../base/index.ts"
import type { Btf } from "../../btf/index.ts"
import * as c from "../../c/index.ts"
import { helperByName, helperId, helperNames, helperPrototype, mapTypes, progTypes } from "../../isa/index.ts"
import functionsText from "../headers/functions.h"
import packetText from "../headers/packet.h"
import registersText from "../headers/pt_regs.h"
import typesText from "../headers/types.h"
import type { Architecture } from "../registers.ts"
import { PACKET_FUNCTIONS } from "../rewrite/packet.ts"
import { USDT_FUNCTIONS } from "../rewrite/usdt.ts"
import { BtfTypes, enumerator } from "./btftypes.ts"
import { parseSnippet, SnippetFile } from "./snippets.ts"
import { tracepointRecord } from "./tracepoint.ts"
import { userConstant } from "./userConstants.ts"
import { wellKnownEnumerator, wellKnownNames, wellKnownTypedef } from "./wellknown.ts"

export interface NamesOptions {
  /** The kernel's BTF. */
  readonly btf?: Btf
  /** BTF of the kernel's modules, on top of the kernel's; first of those whose names are alike to the one that is looked for. */
  readonly moduleBtf?: (name: string) => Iterable<Btf>
  readonly arch: Architecture
  /** Content of a tracepoint's format file; undefined when there is no such tracepoint. */
  readonly readTracepointFormat?: (category: string, event: string) => string | undefined
  readonly macros: c.MacroProvider
  /** What the program's dialect adds; BCC's own without it. */
  readonly dialect?: DialectNames
  /** Records of the kernel are read by CO-RE in BCC's dialect, too. */
  readonly core?: boolean
}

/** Functions and types that a dialect has beside those of the kernel. */
export interface DialectNames {
  /** Prototypes of what its passes replace. */
  readonly prototypes: Readonly<Record<string, string>>
  /** Helpers that it knows by another name. */
  readonly helpers: Readonly<Record<string, string>>
  /** Functions with a body; each piece holds one. */
  readonly functions?: SnippetFile
  /** Types that BTF may not have; each piece holds one. */
  readonly types: SnippetFile
  /** Types of its own that come before any that the kernel may have under the name. */
  readonly ownTypes: ReadonlySet<string>
  /** Records of the kernel are read by CO-RE. */
  readonly preserveAccess?: boolean
  /** Functions of the kernel that its BTF marks may be called without a declaration. */
  readonly kfuncs?: boolean
}

/** Types of the kernel's user interface, for when BTF has none of them. */
export const TYPES: SnippetFile = new SnippetFile("<bcc/types>", typesText, /^struct (\w+) \{/gm)
const PACKETS = new SnippetFile("<bcc/proto>", packetText, /^struct (\w+) \{/gm)
const REGISTERS = new SnippetFile("<bcc/pt_regs>", registersText, /^struct (\w+) \{/gm)
const FUNCTIONS = new SnippetFile("<bcc/functions>", functionsText, /^static inline [^(]*?(\w+)\(/gm)

/** Tags that are another name, by a macro of the kernel's headers. */
const TAG_ALIASES: Readonly<Record<string, string>> = {
  rcu_head: "callback_head",
  sockaddr_storage: "__kernel_sockaddr_storage",
}

/** Letters that may be wrong in the tag of a kernel record for it to be suggested. */
const MAX_TAG_EDITS = 2

/** Prototypes of what the rewriter replaces: these look like functions to the type checker. */
const DIALECT_FUNCTIONS: Readonly<Record<string, string>> = {
  ...USDT_FUNCTIONS,
  ...PACKET_FUNCTIONS,
  bpf_trace_printk: "int bpf_trace_printk(const char *fmt, ...);",
  incr_cksum_l3: "int incr_cksum_l3(const void *offset, u64 old, u64 new);",
  incr_cksum_l4: "int incr_cksum_l4(const void *offset, u64 old, u64 new, u64 flags);",
}

/** Raw helpers under the names that BCC gives them where its own name stands for a rewritten form. */
const RAW_HELPERS: Readonly<Record<string, string>> = {
  bpf_trace_printk_: "bpf_trace_printk",
  bpf_l3_csum_replace_: "bpf_l3_csum_replace",
  bpf_l4_csum_replace_: "bpf_l4_csum_replace",
  bpf_tail_call_: "bpf_tail_call",
  bpf_map_lookup_elem_: "bpf_map_lookup_elem",
  bpf_map_update_elem_: "bpf_map_update_elem",
  bpf_map_delete_elem_: "bpf_map_delete_elem",
}

/** What records of the kernel have where they are read by CO-RE. */
const PRESERVED: readonly c.Attribute[] = [
  { name: "preserve_access_index", args: [], span: { file: new SourceFile("<vmlinux>", "", true), start: 0, end: 0 } },
]

const BCC: DialectNames = {
  prototypes: DIALECT_FUNCTIONS,
  helpers: RAW_HELPERS,
  functions: FUNCTIONS,
  types: TYPES,
  ownTypes: new Set(["bpf_stacktrace", "bpf_stacktrace_buildid"]),
}

/**
 * Names that a program uses and does not define: BPF helpers, BCC's inline functions, records of tracepoints, the kernel's types from BTF, and a
 * small stock of types for when there is no BTF. All are made at the first question.
 */
export class KernelNames implements c.NameProvider {
  readonly #options: NamesOptions
  readonly #dialect: DialectNames
  readonly #types: BtfTypes | undefined
  /** Types of the modules that were looked at. */
  readonly #modules = new Map<Btf, BtfTypes>()
  readonly #functions = new Map<string, c.FunctionDecl | undefined>()
  readonly #records = new Map<string, c.RecordDecl | undefined>()
  readonly #enumerators = new Map<string, c.Enumerator | undefined>()

  constructor(options: NamesOptions) {
    this.#options = options
    this.#dialect = options.dialect ?? (options.core ? { ...BCC, preserveAccess: true } : BCC)
    this.#types =
      options.btf && new BtfTypes(options.btf, undefined, this.#dialect.preserveAccess ? PRESERVED : undefined)
  }

  typedef(name: string): c.TypedefDecl | undefined {
    return wellKnownTypedef(name) ?? this.#types?.typedef(name) ?? this.#inKnownModule(types => types.typedef(name))
  }

  record(tag: string, isUnion: boolean): c.RecordDecl | undefined {
    const key = isUnion ? `union ${tag}` : tag
    if (!this.#records.has(key)) this.#records.set(key, this.#findRecord(tag, isUnion))
    return this.#records.get(key)
  }

  enum(tag: string): c.EnumDecl | undefined {
    return this.#types?.enum(tag) ?? this.#inModules(tag, types => types.enum(tag)) ?? this.#stockEnum(tag)
  }

  enumerator(name: string): c.Enumerator | undefined {
    if (!this.#enumerators.has(name)) this.#enumerators.set(name, this.#findEnumerator(name))
    return this.#enumerators.get(name)
  }

  func(name: string): c.FunctionDecl | undefined {
    if (!this.#functions.has(name)) this.#functions.set(name, this.#findFunction(name))
    return this.#functions.get(name)
  }

  /** A helper by its kernel name, whatever the dialect makes of that name. */
  helper(name: string): c.FunctionDecl {
    const decl = this.#helper(name, name)
    if (decl === undefined) throw new Error(`no helper ${name}`)
    return decl
  }

  suggest(name: string): readonly string[] {
    const near = [suggest(name, this.#candidates())]
    const tag = this.#types && suggest(name, this.#types.tags())
    // Among ten thousand tags there is always one that is a little alike.
    if (tag !== undefined && editDistance(name, tag, MAX_TAG_EDITS) <= MAX_TAG_EDITS) near.push(tag)
    return near.filter(found => found !== undefined)
  }

  /** Why a struct or union is not known, and what to do. */
  missingType(tag: string): { readonly code?: string; readonly message?: string; readonly hint: string } {
    if (tag.startsWith("tracepoint__")) {
      const [first] = tracepointNames(tag.slice("tracepoint__".length))
      const place = first === undefined ? "events" : `events/${first.category}/${first.event}/format`
      const hint =
        this.#options.readTracepointFormat === undefined
          ? "records of tracepoints come from the kernel's tracefs, which is not to be had here"
          : `there is no tracepoint whose record this is: tracefs has no ${place} that can be read`
      return { hint }
    }
    if (this.#types === undefined) {
      return {
        hint: "types of the kernel come from its BTF, and there is none here: define what the program uses of it",
      }
    }
    return {
      code: "BCC_NO_KERNEL_TYPE",
      message: `neither the program nor the kernel's BTF defines '${tag}'`,
      hint: "it may be a module's, which is known while the module is loaded, or another kernel version's: define what the program uses of it",
    }
  }

  /** A member that a record of the kernel does not have: where it may be instead. */
  missingMember(
    record: c.RecordDecl,
    name: string,
  ): { readonly code: string; readonly message: string; readonly hint: string } | undefined {
    const tracepoint = record.origin === "generated" && this.#tracepointOf(record.tag)
    if (tracepoint) {
      const near = suggest(name, c.memberNames(record))
      return {
        code: "BCC_NO_KERNEL_MEMBER",
        message: `the tracepoint ${tracepoint} has no field '${name}'${near === undefined ? "" : `; did you mean '${near}'?`}`,
        hint: `its fields are in /sys/kernel/tracing/events/${tracepoint.replace(":", "/")}/format; programs cannot read those that all have (common_…)`,
      }
    }
    if (record.origin !== "btf" || record.tag === undefined) return undefined
    const what = `${record.isUnion ? "union" : "struct"} ${record.tag}`
    const inner = memberBelow(record, name)
    const near = inner === undefined ? suggest(name, c.memberNames(record)) : inner
    return {
      code: "BCC_NO_KERNEL_MEMBER",
      message: `the kernel's '${what}' has no member '${name}'${near === undefined ? "" : `; did you mean '${near}'?`}`,
      hint: "members differ between kernel versions: `#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)` chooses",
    }
  }

  /** `category:event` of a tracepoint's record. */
  #tracepointOf(tag: string | undefined): string | undefined {
    if (!tag?.startsWith("tracepoint__")) return undefined
    for (const { category, event } of tracepointNames(tag.slice("tracepoint__".length))) {
      if (this.#options.readTracepointFormat?.(category, event) !== undefined) return `${category}:${event}`
    }
    return undefined
  }

  /** Bytes of the name inside a `struct dentry`, which is a macro in the kernel. */
  dentryNameLength(): number {
    return this.#types?.arrayMember("dentry", "d_iname") ?? this.#types?.arrayMember("dentry", "d_shortname") ?? 32
  }

  *#candidates(): Iterable<string> {
    yield* helperNames()
    if (this.#dialect.functions !== undefined) yield* this.#dialect.functions.names()
    yield* wellKnownNames()
  }

  #findRecord(tag: string, isUnion: boolean): c.RecordDecl | undefined {
    if (tag.startsWith("tracepoint__") && !isUnion) {
      const found = this.#tracepoint(tag)
      if (found !== undefined) return found
    }
    const own = this.#dialect.ownTypes.has(tag)
    const kernel = own
      ? undefined
      : this.#types?.record(Object.hasOwn(TAG_ALIASES, tag) ? TAG_ALIASES[tag] : tag, isUnion)
    if (kernel?.complete) return kernel
    const stock = isUnion ? undefined : this.#stock(tag)
    if (stock !== undefined) return stock
    return this.#inModules(tag, types => completeRecord(types, tag, isUnion)) ?? kernel
  }

  #findEnumerator(name: string): c.Enumerator | undefined {
    const value = wellKnownEnumerator(name)
    if (value !== undefined) return enumerator(name, BigInt(value))
    // No enumerator ends in _t, and every typedef that BTF has is asked for here first.
    if (name.endsWith("_t") || wellKnownTypedef(name) !== undefined) return undefined
    const kernel = this.#types?.enumerator(name) ?? this.#inKnownModule(types => types.enumerator(name))
    if (kernel !== undefined) return kernel
    const constant = userConstant(name) ?? numbered(name)
    return constant === undefined ? undefined : enumerator(name, constant)
  }

  /** What a module has that was looked at already: others are not opened for a name that is likely no type at all. */
  #inKnownModule<T>(find: (types: BtfTypes) => T | undefined): T | undefined {
    for (const types of this.#modules.values()) {
      const found = find(types)
      if (found !== undefined) return found
    }
    return undefined
  }

  #inModules<T>(name: string, find: (types: BtfTypes) => T | undefined): T | undefined {
    for (const btf of this.#options.moduleBtf?.(name) ?? []) {
      let types = this.#modules.get(btf)
      if (types === undefined) this.#modules.set(btf, (types = new BtfTypes(btf, this.#types)))
      const found = find(types)
      if (found !== undefined) return found
    }
    return undefined
  }

  #findFunction(name: string): c.FunctionDecl | undefined {
    const { prototypes, helpers, functions, kfuncs } = this.#dialect
    if (Object.hasOwn(prototypes, name)) {
      const decl = this.#prototype(name, prototypes[name])
      return decl && { ...decl, builtin: name }
    }
    const helper = this.#helper(name, Object.hasOwn(helpers, name) ? helpers[name] : name)
    if (helper !== undefined) return helper
    if (kfuncs) return this.#types?.kfunc(name)
    const file = functions?.get(name)
    return file && functionIn(parseSnippet(file, this, this.#options.macros), name)
  }

  #helper(name: string, kernelName: string): c.FunctionDecl | undefined {
    const helper = helperByName(kernelName)
    if (helper === undefined) return undefined
    // Contexts and kernel objects are `void *`, so that a program's own idea of their types fits.
    const args = helper.args.map(arg => arg.replace(/\b(struct|union) \w+/, "void"))
    const decl = this.#prototype(kernelName, `${helperPrototype({ ...helper, args })};`)
    return decl && { ...decl, name, helper: helper.id }
  }

  #prototype(name: string, text: string): c.FunctionDecl | undefined {
    return functionIn(parseSnippet(new SourceFile("<bcc/helpers>", text, true), this, this.#options.macros), name)
  }

  #stock(tag: string): c.RecordDecl | undefined {
    if (tag === "pt_regs" || tag === "user_pt_regs") {
      const name = `pt_regs__${this.#options.arch}`
      const file = REGISTERS.get(name)
      return file && this.#recordIn(new SourceFile(file.name, file.text.replaceAll(name, tag), true), tag)
    }
    const file = this.#dialect.types.get(tag) ?? TYPES.get(tag) ?? PACKETS.get(tag)
    return file && this.#recordIn(file, tag)
  }

  #stockEnum(tag: string): c.EnumDecl | undefined {
    const file = this.#dialect.types.get(tag)
    if (file === undefined) return undefined
    for (const decl of parseSnippet(file, this, this.#options.macros)) {
      if (decl.kind === "enumDecl" && decl.tag === tag) return decl
    }
    return undefined
  }

  #recordIn(file: SourceFile, tag: string): c.RecordDecl | undefined {
    for (const decl of parseSnippet(file, this, this.#options.macros)) {
      if (decl.kind === "recordDecl" && decl.tag === tag) return decl
    }
    return undefined
  }

  /** `tracepoint__CATEGORY__EVENT`: the two are split at the first `__` that gives an existing tracepoint. */
  #tracepoint(tag: string): c.RecordDecl | undefined {
    const read = this.#options.readTracepointFormat
    if (read === undefined) return undefined
    for (const { category, event } of tracepointNames(tag.slice("tracepoint__".length))) {
      const format = read(category, event)
      if (format === undefined) continue
      return tracepointRecord(tag, format, file => parseSnippet(file, this, this.#options.macros, true))
    }
    return undefined
  }
}

/** Numbers of the kernel's enums of maps, programs and helpers, where there is no BTF to tell them. */
function numbered(name: string): bigint | undefined {
  const [, family, rest] = /^BPF_(MAP_TYPE|PROG_TYPE|FUNC)_(\w+)$/.exec(name) ?? []
  if (family === undefined) return undefined
  const word = rest.toLowerCase()
  const found =
    family === "FUNC" ? helperId(`bpf_${word}`) : (family === "MAP_TYPE" ? mapTypes : progTypes).number(word)
  return found === undefined ? undefined : BigInt(found)
}

/** The ways to read `CATEGORY__EVENT`. */
export function* tracepointNames(text: string): Iterable<{ readonly category: string; readonly event: string }> {
  for (let at = text.indexOf("__", 1); at > 0; at = text.indexOf("__", at + 1)) {
    if (at + 2 < text.length) yield { category: text.slice(0, at), event: text.slice(at + 2) }
  }
}

/** The way to a member of that name in a struct or union that is a member itself: `thread_info.cpu`. */
function memberBelow(record: c.RecordDecl, name: string): string | undefined {
  for (const field of record.fields) {
    const inner = field.name === undefined ? undefined : c.recordOf(field.type)
    if (inner !== undefined && c.findMember(inner, name) !== undefined) return `${field.name}.${name}`
  }
  return undefined
}

function completeRecord(types: BtfTypes, tag: string, isUnion: boolean): c.RecordDecl | undefined {
  const record = types.record(tag, isUnion)
  return record?.complete ? record : undefined
}

function functionIn(decls: readonly c.Decl[], name: string): c.FunctionDecl | undefined {
  for (const decl of decls) if (decl.kind === "function" && decl.name === name) return decl
  return undefined
}
