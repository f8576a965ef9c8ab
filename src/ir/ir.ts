import type { SkepError, Span } from "../base/index.ts"
import type { CoreKind } from "../btf/index.ts"
import type { AttachSpec, ExternSpec, LoadSpec, MapSpec, ProgramType } from "../object/index.ts"
import type { FunctionDebug, VariablePart } from "./debug.ts"

/**
 * The SSA intermediate form. Values are 32-bit or 64-bit words or pointers (64 bits; kept apart from integers because the kernel's verifier
 * does). Memory is touched only by load, store, memory intrinsics, atomics and calls. Narrow integers exist only in memory: a load widens
 * (zero or sign extension), a store cuts. There is no undefined value but `undef`, and arithmetic wraps.
 *
 *     func @count(ptr %ctx) -> i32 {
 *     b0:
 *       %1 = alloca 8 align 4 "key"
 *       %2 = call helper 14 () -> i64
 *       %3 = trunc i32 %2
 *       store 4 %1, %3
 *       br %3, b1, b2            ; any non-zero value is true
 *     b1:
 *       jump b2
 *     b2:
 *       %4 = phi i32 [b0: 0], [b1: 7]
 *       ret %4
 *     }
 */
export type IrType = "i32" | "i64" | "ptr" | "void"

export type Value = Const | Undef | Param | Inst | Phi

export interface Const {
  readonly kind: "const"
  readonly type: "i32" | "i64" | "ptr"
  /** Kept in canonical unsigned form: 0 <= value < 2^32 (i32) or 2^64 (i64, ptr). */
  readonly value: bigint
}

/** Any value; reading an uninitialised variable gives it. */
export interface Undef {
  readonly kind: "undef"
  readonly type: "i32" | "i64" | "ptr"
}

export interface Param {
  readonly kind: "param"
  readonly type: "i32" | "i64" | "ptr"
  readonly index: number
  readonly name: string
  /** Variables that hold it, for debug information. */
  names?: readonly VariablePart[]
}

/** Width of a memory access in bytes. */
export type Width = 1 | 2 | 4 | 8

export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "udiv"
  | "sdiv"
  | "urem"
  | "srem"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "lshr"
  | "ashr"

/** Comparison predicates: u unsigned, s signed. Pointers compare as unsigned. */
export type Predicate = "eq" | "ne" | "ult" | "ule" | "ugt" | "uge" | "slt" | "sle" | "sgt" | "sge"

export type AtomicOp = "add" | "and" | "or" | "xor" | "xchg" | "cmpxchg"

interface InstBase {
  readonly kind: "inst"
  /** Unique in its function; also its printed name. */
  id: number
  type: IrType
  args: Value[]
  block: Block
  /** Place in the source, for line info. */
  span: Span | undefined
  /** Variables that hold it, for debug information. */
  names?: readonly VariablePart[]
}

/** Stack memory, in the entry block only; lives as long as the function. `size` and `align` in bytes. */
export interface Alloca extends InstBase {
  op: "alloca"
  size: number
  align: number
  name: string
  /** The variable whose memory it is, for debug information. */
  variable?: VariablePart
}
/** args: pointer. `signed` says how a narrow value is widened to `type`. A volatile access is neither removed nor moved nor merged. */
export interface Load extends InstBase {
  op: "load"
  width: Width
  signed: boolean
  volatile: boolean
  /** Known alignment of the address in bytes (at least 1). */
  align: number
  /** Other processors' stores before the one that is read are seen after it (memory order acquire); volatile, too. */
  ordered?: boolean
}
/** args: pointer, value. */
export interface Store extends InstBase {
  op: "store"
  width: Width
  volatile: boolean
  align: number
  /** Who reads what it stores with acquire sees all that was stored before it (memory order release); volatile, too. */
  ordered?: boolean
}
/** Copies `size` bytes between objects that do not overlap (or are the same). args: destination, source. */
export interface MemCopy extends InstBase {
  op: "memcpy"
  size: number
  /** Alignment that both addresses are known to have. */
  align: number
}
/** Fills `size` bytes with the low byte of a value. args: destination, value (i32). */
export interface MemSet extends InstBase {
  op: "memset"
  size: number
  align: number
}
/** i32 or i64; both args of the result's type. Shift counts are taken modulo the width; x/0 = 0, x%0 = x (as BPF does). */
export interface Binary extends InstBase {
  op: BinaryOp
}
/** Pointer plus a byte offset. args: ptr, i64. */
export interface PtrAdd extends InstBase {
  op: "ptradd"
}
/** i32 0 or 1. args: two values of one type. */
export interface Compare extends InstBase {
  op: "cmp"
  pred: Predicate
}
/** args: condition (i32 or i64, non-zero is true), value if true, value if false. */
export interface Select extends InstBase {
  op: "select"
}
/** zext/sext: i32 to i64. trunc: i64 to i32. ptrtoint: ptr to i64. inttoptr: i64 to ptr. */
export interface Convert extends InstBase {
  op: "zext" | "sext" | "trunc" | "ptrtoint" | "inttoptr"
}
/** Sign-extends the low `bits` (8, 16 or 32; 32 only for i64) within the same type. */
export interface SignExtendInReg extends InstBase {
  op: "sextin"
  bits: 8 | 16 | 32
}
/** Reverses the low `bits` / 8 bytes; the bits above become zero. Type i32 for 16 and 32, i64 for 64. */
export interface ByteSwap extends InstBase {
  op: "bswap"
  bits: 16 | 32 | 64
}
export type Callee =
  | { readonly kind: "helper"; readonly id: number; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  /** What the first argument points to: gone once it is known which function that is, else an error. Named as the program writes it, or "". */
  | { readonly kind: "pointer"; readonly name: string }
  /** A weak one may be missing: a call that is reached all the same is refused when the program is loaded. */
  | { readonly kind: "kfunc"; readonly name: string; readonly weak?: boolean }
/** At most 5 args (a pointer's own not counted) once static functions are inlined. `pure` calls may be removed when the result is unused. */
export interface CallInst extends InstBase {
  op: "call"
  callee: Callee
}
/** Atomic read-modify-write of 4 or 8 bytes; the result is the old value (unused: the form without fetch). args: pointer, value; for cmpxchg: pointer, expected, new. */
export interface Atomic extends InstBase {
  op: "atomic"
  atomic: AtomicOp
  width: 4 | 8
}
/** Address of a map (`lddw` pseudo map fd). */
export interface MapAddr extends InstBase {
  op: "mapaddr"
  map: string
}
/** Address of a global variable. */
export interface GlobalAddr extends InstBase {
  op: "globaladdr"
  global: string
}
/** Address of a subprogram, for callbacks. */
export interface FuncAddr extends InstBase {
  op: "funcaddr"
  func: string
}
/** Reads packet bytes by LD_ABS/LD_IND, in host byte order. args: context pointer, and an i32 offset for the indirect form (else `offset`). */
export interface LoadPacket extends InstBase {
  op: "ldpacket"
  width: 1 | 2 | 4
  offset: number
}
/** A copy the optimiser must not look through: an empty `asm` with a tied operand. With no args, a barrier for memory. */
export interface Opaque extends InstBase {
  op: "opaque"
}

/**
 * A number that the loader fits to the kernel it loads on (a CO-RE relocation): an offset, a size, whether something exists. `value` is what it
 * is for the types at hand; nobody may reckon with it. `btfType` is the BTF id of the root type, `access` the path from there (`0:1:2`).
 */
export interface Core extends InstBase {
  op: "core"
  relocation: CoreKind
  btfType: number
  access: string
  value: bigint
}
/** Address of a variable of the kernel, or of a function of it (`bpf_ksym_exists`). `btfType`: of the VAR in the object's BTF, 0 for one without a type. */
export interface KsymAddr extends InstBase {
  op: "ksymaddr"
  name: string
  btfType: number
  /** Zero where the kernel does not have it. */
  weak: boolean
}
/** The same address in another address space (arena): 1 is the program's user space, 0 the kernel. args: pointer. */
export interface AddrSpaceCast extends InstBase {
  op: "ascast"
  from: number
  to: number
}
export interface AsmOutput {
  readonly type: "i32" | "i64" | "ptr"
  /** Operand whose register it shares: the value that it starts with. -1: none. */
  readonly tied: number
}
/** A name in assembler text that stands for something of the module, or of the kernel. */
export interface AsmSymbol {
  readonly name: string
  readonly kind: "map" | "global" | "function" | "kfunc"
}
/**
 * Instructions as text. In it `%0`, `%1`, … are the registers of the outputs and then those of the args (`%w0` their lower halves), and `%l0`, …
 * the places outside that it may jump to. The value says which way it went on: 0 past its end, n + 1 to `%ln`. Outputs are read by `asmout`.
 */
export interface Asm extends InstBase {
  op: "asm"
  text: string
  outputs: readonly AsmOutput[]
  symbols: readonly AsmSymbol[]
  exits: number
  /** It may touch memory beside that of its operands. */
  memory: boolean
  /** It stays where it is even when nobody reads an output. */
  volatile: boolean
}
/** An output of an `asm`. args: the `asm`. */
export interface AsmOut extends InstBase {
  op: "asmout"
  index: number
}

export type Inst =
  | Alloca
  | Load
  | Store
  | MemCopy
  | MemSet
  | Binary
  | PtrAdd
  | Compare
  | Select
  | Convert
  | SignExtendInReg
  | ByteSwap
  | CallInst
  | Atomic
  | MapAddr
  | GlobalAddr
  | FuncAddr
  | LoadPacket
  | Opaque
  | Core
  | KsymAddr
  | AddrSpaceCast
  | Asm
  | AsmOut

/** One value per predecessor: `args[i]` comes in from `incoming[i]`. */
export interface Phi {
  readonly kind: "phi"
  id: number
  type: "i32" | "i64" | "ptr"
  args: Value[]
  incoming: Block[]
  block: Block
  /** Variables that hold it, for debug information. */
  names?: readonly VariablePart[]
}

export type Terminator =
  | { readonly kind: "term"; op: "jump"; args: Value[]; targets: [Block]; span: Span | undefined }
  /** args: condition; targets: if non-zero, if zero. */
  | { readonly kind: "term"; op: "br"; args: Value[]; targets: [Block, Block]; span: Span | undefined }
  /** args: the value, or nothing for void. */
  | { readonly kind: "term"; op: "ret"; args: Value[]; targets: []; span: Span | undefined }
  | { readonly kind: "term"; op: "unreachable"; args: Value[]; targets: []; span: Span | undefined }

export interface Block {
  id: number
  phis: Phi[]
  insts: Inst[]
  term: Terminator
  /** Kept by the builder and by each pass; one entry per edge. */
  preds: Block[]
  /** Set on a loop's header by `#pragma unroll`: `"full"`, a count, or 1 to forbid. */
  unroll?: "full" | number
}

export interface IrFunction {
  readonly name: string
  params: Param[]
  ret: IrType
  /** Entry first. */
  blocks: Block[]
  /**
   * `program`: an entry point. `static`: inlined where it is called, unless it asks not to be. `callback`: a subprogram whose address is taken.
   * `global`: a subprogram that the kernel verifies by itself, its arguments known by their types only.
   */
  role: "program" | "static" | "callback" | "global"
  /** The body is one `asm` and nothing is added to it: no prologue, no exit. */
  naked?: boolean
  /** When objects are linked: gives way to another of its name; is seen by the other objects, but not by the kernel. */
  weak?: boolean
  hidden?: boolean
  /** `noinline` asks for a subprogram of its own. */
  inline: "always" | "never" | "auto"
  span: Span
  /** BTF id of the function; 0 for one that is not to stay. */
  btfId: number
  /** Adds a static function's type to the BTF, for when it stays after all, and gives its id. */
  typeId?: () => number
  /** Set where debug information is asked for. */
  debug?: FunctionDebug
  /** Next free value id and block id. */
  nextId: number
  nextBlock: number
}

export interface ProgramInfo {
  readonly func: string
  readonly section: string
  readonly type?: ProgramType
  readonly attach?: AttachSpec
  readonly load?: LoadSpec
}

/** An address in the initial bytes of a global. Programs come by it through the program array or function pointer that holds it. */
export interface GlobalRelocation {
  /** Byte in the global where the 8 bytes of the address are. */
  readonly offset: number
  readonly kind: "map" | "global" | "function"
  readonly name: string
  /** Bytes behind the named thing. */
  readonly addend: number
}

export interface GlobalVar {
  readonly name: string
  /** Data section and so map: `.rodata`, `.data` or `.bss`, `.kconfig` for values that the loader fills in. */
  readonly section: string
  readonly size: number
  readonly align: number
  /** Undefined for zeros. */
  readonly init: Uint8Array | undefined
  /** Offset in its section. */
  readonly offset: number
  /** Never written by the program: loads of it may be folded. */
  readonly constant: boolean
  /** Another object defines it: `section` and `offset` say nothing. */
  readonly external?: boolean
  /** Nothing outside of the module sees it. */
  readonly internal?: boolean
  /** Addresses in `init`. */
  readonly relocations?: readonly GlobalRelocation[]
}

/** What later stages need of the BTF being built (`BtfBuilder` is one). */
export interface TypeTable {
  /** Adds a string and gives its offset. */
  addString(text: string): number
  /** `used`: names that code and data take from elsewhere; all that are declared, where it is left out. */
  encode(used?: ReadonlySet<string>): Uint8Array
}

export interface Module {
  readonly name: string
  functions: IrFunction[]
  readonly programs: readonly ProgramInfo[]
  /** Maps of the program and of its data sections, with their BTF ids in `btf`. */
  maps: readonly MapSpec[]
  globals: GlobalVar[]
  /** What another object has to define. */
  readonly externs?: readonly ExternSpec[]
  /** Functions that nothing defines, by name: the error that it is to call them still when the code is made. */
  readonly undefined?: ReadonlyMap<string, SkepError>
  readonly license: string
  /** Types of maps, functions and globals; code generation adds strings for line info. */
  readonly btf: TypeTable
}
