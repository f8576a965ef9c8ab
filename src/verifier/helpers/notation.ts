/**
 * How the table of prototypes is written:
 *
 *     row      = name [ "/" form ] [ "@" kernel ] "(" [ argument { ", " argument } ] ")" result { flag }
 *     argument = [ "release" ] [ "in" | "out" | "write" ] kind [ "?" ]
 *     result   = "int" | "void" | [ "trusted" ] kind [ "?" ]
 *     flag     = "gpl" | "packet" | "moves" | "sleeps"
 *
 * `?` allows the null pointer. The kernel's names of the kinds stand beside them below.
 */

/** What a helper takes in a register. */
export type ArgumentKind =
  /** Anything that has a value (`ARG_ANYTHING`). */
  | "any"
  /** The program's context (`ARG_PTR_TO_CTX`). */
  | "ctx"
  /** A map (`ARG_CONST_MAP_PTR`). */
  | "map"
  /** Memory as large as a key of the map before it (`ARG_PTR_TO_MAP_KEY`). */
  | "key"
  /** Memory as large as a value of the map before it (`ARG_PTR_TO_MAP_VALUE`). */
  | "value"
  /** Memory whose size is the next argument, or {@link Argument.bytes} (`ARG_PTR_TO_MEM`). */
  | "mem"
  /** The size of the memory before it (`ARG_CONST_SIZE`; `size0` in the table: `ARG_CONST_SIZE_OR_ZERO`). */
  | "size"
  /** A constant, the size of the memory that comes back (`ARG_CONST_ALLOC_SIZE_OR_ZERO`). */
  | "const0"
  /** A function of the program (`ARG_PTR_TO_FUNC`). */
  | "callback"
  /** A pointer into the stack, for a callback (`ARG_PTR_TO_STACK`). */
  | "stack"
  /** A text in a read-only map (`ARG_PTR_TO_CONST_STR`). */
  | "string"
  /** A `struct bpf_timer` in the value of a map (`ARG_PTR_TO_TIMER`). */
  | "timer"
  /** A `struct bpf_spin_lock` in the value of a map, or in an allocated object (`ARG_PTR_TO_SPIN_LOCK`). */
  | "spin_lock"
  /** A pointer field of a map's value, or of an allocated object (`ARG_KPTR_XCHG_DEST`). */
  | "kptr"
  /** A `struct bpf_dynptr` on the stack (`ARG_PTR_TO_DYNPTR`). */
  | "dynptr"
  /** A structure of the kernel by its name (`ARG_PTR_TO_BTF_ID`). */
  | "btf"
  /** A `struct bpf_sock` that may not be a full socket (`ARG_PTR_TO_SOCK_COMMON`). */
  | "sock_common"
  /** The same, or a kernel structure that starts with a `struct sock_common` (`ARG_PTR_TO_BTF_ID_SOCK_COMMON`). */
  | "btf_sock"
  /** A `struct bpf_sock` (`ARG_PTR_TO_SOCKET`). */
  | "socket"
  /** A record of a ring buffer (`ARG_PTR_TO_RINGBUF_MEM`). */
  | "record"
  /** A per-CPU variable of the kernel, or a per-CPU pointer (`ARG_PTR_TO_PERCPU_BTF_ID`). */
  | "percpu"

/** What a helper does with memory: reads it, writes all of it whatever was there, or reads and writes. */
export type Direction = "in" | "out" | "write"

/** What a helper takes in one register. */
export interface Argument {
  readonly kind: ArgumentKind
  /** The null pointer, too (`PTR_MAYBE_NULL`). */
  readonly nullable: boolean
  /**
   * For `mem`, `value` and `dynptr`: `in` reads (`MEM_RDONLY`), `out` writes and needs nothing initialised (`MEM_UNINIT | MEM_WRITE`),
   * `write` needs it initialised and writes (`MEM_WRITE`). Keys and values without one are read.
   */
  readonly direction?: Direction
  /** The helper takes the reference over (`OBJ_RELEASE`). */
  readonly release: boolean
  /** For `size`: 0 is a size, too. */
  readonly zero: boolean
  /** For `mem`: its fixed size in bytes; 0 where the next argument has it. */
  readonly bytes: number
  /** For fixed sizes: the memory has to be aligned to it (`MEM_ALIGNED`). */
  readonly aligned: boolean
  /** For `btf`: the name of the structure; empty where the verifier has it from elsewhere. */
  readonly type: string
  /** For `dynptr`: the one kind it has to be of. */
  readonly dynptr?: "local" | "ringbuf"
}

/** What a helper leaves in R0. */
export interface Result {
  readonly kind:
    | "int"
    | "void"
    | "map_value"
    | "socket"
    | "tcp_sock"
    | "sock_common"
    /** Memory of the size that an argument `const0` gives: of a ring buffer. */
    | "record"
    /** Memory of the size that an argument `const0` gives: of a dynptr. */
    | "slice"
    /** A kernel structure. */
    | "btf"
    /** What the per-CPU pointer points to: a structure, or plain memory that is only read. */
    | "percpu"
  readonly nullable: boolean
  /** For `btf`: the name of the structure; empty where the verifier has it from elsewhere. */
  readonly type: string
  readonly trusted: boolean
}

/** How a helper is called. */
export interface Prototype {
  /** Name without `bpf_`, and the form after a slash: `get_socket_cookie/sock`. */
  readonly name: string
  /** First kernel that the row holds for, `major * 100 + minor`; 0 for all. */
  readonly since: number
  readonly args: readonly Argument[]
  readonly result: Result
  /** Only for programs with a licence that is compatible with the GPL. */
  readonly gplOnly: boolean
  /** Takes pointers into packets where it takes memory, in program types that have direct packet access. */
  readonly packetAccess: boolean
  /** Changes the packet, so that pointers into it are no longer good. */
  readonly movesPacket: boolean
  /** Only for programs that may sleep (`might_sleep`). */
  readonly sleeps: boolean
}

/** `6.16` as the number 616. */
export function versionNumber(text: string): number {
  const [major, minor] = text.split(".")
  return Number(major) * 100 + Number(minor)
}

/** Reads a row. */
export function parsePrototype(row: string): Prototype {
  const [, name, kernel, list, rest] = /^([\w/]+)(?:@([\d.]+))?\(([^)]*)\) (.*)$/.exec(row)!
  const words = rest.split(" ")
  const trusted = words[0] === "trusted"
  if (trusted) words.shift()
  return {
    name,
    since: kernel === undefined ? 0 : versionNumber(kernel),
    args: list === "" ? [] : list.split(", ").map(parseArgument),
    result: { ...parseResult(words[0]), trusted },
    gplOnly: words.includes("gpl"),
    packetAccess: words.includes("packet"),
    movesPacket: words.includes("moves"),
    sleeps: words.includes("sleeps"),
  }
}

/** `btf[sock_common]?` → its kind, what stands in brackets, and whether it may be null. */
function parseKind(text: string): { kind: string; inner: string; nullable: boolean } {
  const nullable = text.endsWith("?")
  const [, kind, inner] = /^(\w+)(?:\[(.*)\])?$/.exec(nullable ? text.slice(0, -1) : text)!
  return { kind, inner: inner ?? "", nullable }
}

function parseResult(text: string): Omit<Result, "trusted"> {
  const { kind, inner, nullable } = parseKind(text)
  return { kind: kind as Result["kind"], nullable, type: inner }
}

const DIRECTIONS = ["in", "out", "write"]

function parseArgument(text: string): Argument {
  const words = text.split(" ")
  const release = words[0] === "release"
  if (release) words.shift()
  const direction = DIRECTIONS.includes(words[0]) ? (words.shift() as Direction) : undefined
  const { kind, inner, nullable } = parseKind(words[0])
  const bytes = kind === "mem" && inner !== "" ? Number(inner) : 0
  return {
    kind: (kind === "size0" ? "size" : kind) as ArgumentKind,
    nullable,
    direction,
    release,
    zero: kind === "size0",
    bytes,
    aligned: bytes > 0 && words[1] !== "loose",
    type: kind === "btf" ? inner : "",
    dynptr: kind === "dynptr" ? (words[1] as Argument["dynptr"]) : undefined,
  }
}
