import type { Span } from "../base/index.ts"
import type { CoreKind } from "../btf/index.ts"
import type { EnumDecl, Field, FunctionType, RecordDecl, Type, TypedefDecl } from "./types.ts"

/**
 * The typed AST of C. Nodes are immutable; a pass that changes a program makes new nodes. Every conversion that C makes
 * silently is a `cast` node, the reading of an lvalue included: `cast` of kind `load` is the only node that reads
 * memory of a named or pointed-to object (assignments and ++/-- read their own operand).
 */
export type Expr =
  | IntLit
  | StringLit
  | Ref
  | Unary
  | IncDec
  | AddressOf
  | Deref
  | Index
  | Member
  | Binary
  | Logical
  | Assign
  | Conditional
  | Comma
  | Call
  | Cast
  | CompoundLit
  | StmtExpr
  | SizeOf
  | OffsetOf
  | BuiltinExpr
  | CoreValue
  | CorePlace
  | MapRef
  | KernelRead

interface ExprBase {
  readonly type: Type
  readonly span: Span
}

/** Integer or character constant, or an enumerator (then `text` is its name). */
export interface IntLit extends ExprBase {
  readonly kind: "int"
  /** Value in the range of `type`. */
  readonly value: bigint
  /** Value of a floating constant, which has a floating type; only inside the type checker. */
  readonly float?: number
  /** Spelling to print, where it is not plain decimal: `'a'`, `0x10`, `AF_INET`. */
  readonly text?: string
}

/** An lvalue of array type; `bytes` holds the closing NUL(s). */
export interface StringLit extends ExprBase {
  readonly kind: "string"
  readonly bytes: Uint8Array
}

/** An object (an lvalue) or a function designator. */
export interface Ref extends ExprBase {
  readonly kind: "ref"
  readonly decl: VarDecl | FunctionDecl
}

/** Operand already promoted; `!` gives int. */
export interface Unary extends ExprBase {
  readonly kind: "unary"
  readonly op: "-" | "+" | "~" | "!"
  readonly operand: Expr
}

export interface IncDec extends ExprBase {
  readonly kind: "incdec"
  readonly op: "++" | "--"
  readonly prefix: boolean
  /** An lvalue. */
  readonly operand: Expr
}

/** `&lvalue`; of a function too. */
export interface AddressOf extends ExprBase {
  readonly kind: "addressOf"
  readonly operand: Expr
}

/** `*pointer`: an lvalue (or a function designator). */
export interface Deref extends ExprBase {
  readonly kind: "deref"
  readonly operand: Expr
}

/** `base[index]` with `base` a pointer rvalue (a decayed array included): an lvalue. */
export interface Index extends ExprBase {
  readonly kind: "index"
  readonly base: Expr
  readonly index: Expr
}

/**
 * `base.field` or `base->field`; with `arrow` the base is a pointer rvalue, else a record (an lvalue, or an rvalue such as a
 * call's result). A member found inside anonymous members is a chain of nodes; those not written are `implicit`.
 */
export interface Member extends ExprBase {
  readonly kind: "member"
  readonly base: Expr
  readonly field: Field
  readonly arrow: boolean
  readonly implicit: boolean
}

export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "|" | "^" | CompareOp
export type CompareOp = "==" | "!=" | "<" | ">" | "<=" | ">="

/**
 * Operands are converted to a common type (shifts: each promoted on its own). Pointer plus integer has the pointer on the left and
 * counts elements; pointer minus pointer gives long, in elements.
 */
export interface Binary extends ExprBase {
  readonly kind: "binary"
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
}

export interface Logical extends ExprBase {
  readonly kind: "logical"
  readonly op: "&&" | "||"
  readonly left: Expr
  readonly right: Expr
}

/**
 * `left = right`, or `left op= right` when `op` is set: then the left value is converted to `computeType`, combined with `right` (already of
 * that type, or an integer for shifts and pointer arithmetic) and converted back.
 */
export interface Assign extends ExprBase {
  readonly kind: "assign"
  readonly op?: BinaryOp
  readonly computeType?: Type
  readonly left: Expr
  readonly right: Expr
}

/** `cond ? then : other`; GNU `cond ?: other` has no `then` (the value of `cond` is used, converted to `type`). */
export interface Conditional extends ExprBase {
  readonly kind: "cond"
  readonly cond: Expr
  readonly then: Expr | undefined
  readonly other: Expr
}

export interface Comma extends ExprBase {
  readonly kind: "comma"
  readonly left: Expr
  readonly right: Expr
}

/** `callee` is a pointer to function rvalue (a decayed designator mostly). Arguments are converted as by assignment. */
export interface Call extends ExprBase {
  readonly kind: "call"
  readonly callee: Expr
  readonly args: readonly Expr[]
}

export type CastKind =
  /** Lvalue to value: reads the object. */
  | "load"
  /** Array to pointer to its first element. */
  | "decay"
  /** Function designator to pointer. */
  | "functionDecay"
  /** Integer or enum to integer or enum. */
  | "int"
  /** Scalar to _Bool. */
  | "bool"
  /** Pointer to pointer. */
  | "pointer"
  | "pointerToInt"
  | "intToPointer"
  /** Anything to void. */
  | "void"
  /** Same canonical type. */
  | "none"

export interface Cast extends ExprBase {
  readonly kind: "cast"
  readonly cast: CastKind
  readonly operand: Expr
  /** False when the program wrote it. */
  readonly implicit: boolean
}

/** `(T){…}`: an lvalue. */
export interface CompoundLit extends ExprBase {
  readonly kind: "compound"
  readonly init: Init
}

/** `({ … })`; the value is that of the last statement when it is an expression. */
export interface StmtExpr extends ExprBase {
  readonly kind: "stmtExpr"
  readonly body: CompoundStmt
}

/** `sizeof`/`_Alignof` of a type or of an expression (which is not evaluated). */
export interface SizeOf extends ExprBase {
  readonly kind: "sizeof"
  readonly op: "sizeof" | "alignof"
  readonly of: Type | Expr
  readonly value: bigint
}

export interface OffsetOf extends ExprBase {
  readonly kind: "offsetof"
  readonly record: Type
  /** As written after the comma. */
  readonly path: string
  readonly value: bigint
}

/** A builtin that is no ordinary function, for example `__builtin_preserve_access_index`; ordinary ones are calls of a FunctionDecl with `builtin` set. */
export interface BuiltinExpr extends ExprBase {
  readonly kind: "builtin"
  readonly name: string
  readonly args: readonly Expr[]
  readonly types: readonly Type[]
}

/** What a relocation is about: `access` goes from `root` by indices of members and elements, or is the index of an enumerator. */
interface CoreSubject {
  /** A struct, union, enum or typedef; for a place the type that the first index counts in. */
  readonly root: Type
  /** As in BTF: the first number is an array index of `root` itself. */
  readonly access: readonly number[]
}

/** A number that the loader finds in the kernel's types: an rvalue. Made by the dialect passes of `__builtin_preserve_…`. */
export interface CoreValue extends ExprBase, CoreSubject {
  readonly kind: "core"
  readonly relocation: CoreKind
  /** What it is by the types that the program was compiled with. */
  readonly value: bigint
}

/**
 * An lvalue of `type` as many bytes behind `base` (a pointer rvalue) as the loader finds in the kernel's types. Made by the dialect passes of member
 * accesses under `preserve_access_index`.
 */
export interface CorePlace extends ExprBase, CoreSubject {
  readonly kind: "corePlace"
  readonly base: Expr
  /** Bytes by the types that the program was compiled with; for a bit-field, of its storage unit. */
  readonly offset: number
  readonly bitField?: Field
}

/** The address of a BPF map, of type `void *`. Made by the dialect passes. */
export interface MapRef extends ExprBase {
  readonly kind: "mapRef"
  readonly map: string
}

/**
 * The value of an lvalue that lies in kernel (or user) memory, read by a helper into a zeroed temporary; errors give zero. Made by the
 * dialect passes in place of a `load`. `--emit=c` prints it as the statement expression that it stands for.
 */
export interface KernelRead extends ExprBase {
  readonly kind: "kernelRead"
  /** A pointer rvalue to the object of type `type` (for a bit-field: to its storage unit). */
  readonly address: Expr
  readonly bitField?: Field
  readonly helper: FunctionDecl
}

/** An initialiser, resolved: designators are gone, nested braces follow the type; what is not named is zero. */
export type Init = { readonly kind: "expr"; readonly expr: Expr } | InitList

export interface InitList {
  readonly kind: "list"
  readonly type: Type
  readonly span: Span
  readonly entries: readonly InitEntry[]
  /** What the entries do not name stays as an earlier entry has set it: `.s = v, .s.a = 1`. */
  readonly keeps?: boolean
}

/** One member (`field`) or one element or range of elements (`index` to `last`, both included). Later entries override earlier ones. */
export interface InitEntry {
  readonly field?: Field
  readonly index?: number
  readonly last?: number
  readonly init: Init
}

export type Stmt =
  | CompoundStmt
  | DeclStmt
  | ExprStmt
  | IfStmt
  | WhileStmt
  | DoStmt
  | ForStmt
  | SwitchStmt
  | CaseStmt
  | DefaultStmt
  | LabelStmt
  | GotoStmt
  | BreakStmt
  | ContinueStmt
  | ReturnStmt
  | AsmStmt
  | NullStmt

interface StmtBase {
  readonly span: Span
}
export interface CompoundStmt extends StmtBase {
  readonly kind: "block"
  readonly body: readonly Stmt[]
}
export interface DeclStmt extends StmtBase {
  readonly kind: "decl"
  readonly decls: readonly Decl[]
}
export interface ExprStmt extends StmtBase {
  readonly kind: "expr"
  readonly expr: Expr
}
/** Conditions are scalar rvalues; any non-zero value is true. */
export interface IfStmt extends StmtBase {
  readonly kind: "if"
  readonly cond: Expr
  readonly then: Stmt
  readonly other: Stmt | undefined
}
interface LoopBase extends StmtBase {
  readonly body: Stmt
  /** `#pragma unroll`: `"full"`, a count, or 1 for `nounroll`. */
  readonly unroll?: "full" | number
}
export interface WhileStmt extends LoopBase {
  readonly kind: "while"
  readonly cond: Expr
}
export interface DoStmt extends LoopBase {
  readonly kind: "do"
  readonly cond: Expr
}
export interface ForStmt extends LoopBase {
  readonly kind: "for"
  readonly init: DeclStmt | ExprStmt | undefined
  readonly cond: Expr | undefined
  readonly step: Expr | undefined
}
export interface SwitchStmt extends StmtBase {
  readonly kind: "switch"
  /** Promoted integer. */
  readonly value: Expr
  readonly body: Stmt
}
/** `case low:` or GNU `case low ... high:`; values in the switch's promoted type. Belongs to the innermost switch. */
export interface CaseStmt extends StmtBase {
  readonly kind: "case"
  readonly low: bigint
  readonly high: bigint
  readonly body: Stmt
}
export interface DefaultStmt extends StmtBase {
  readonly kind: "default"
  readonly body: Stmt
}
export interface LabelStmt extends StmtBase {
  readonly kind: "label"
  readonly name: string
  readonly body: Stmt
}
export interface GotoStmt extends StmtBase {
  readonly kind: "goto"
  readonly label: string
}
export interface BreakStmt extends StmtBase {
  readonly kind: "break"
}
export interface ContinueStmt extends StmtBase {
  readonly kind: "continue"
}
export interface ReturnStmt extends StmtBase {
  readonly kind: "return"
  readonly value: Expr | undefined
}
export interface AsmStmt extends StmtBase {
  readonly kind: "asm"
  readonly template: string
  readonly volatile: boolean
  readonly outputs: readonly AsmOperand[]
  readonly inputs: readonly AsmOperand[]
  readonly clobbers: readonly string[]
  /** Labels that `asm goto` may jump to. */
  readonly labels: readonly string[]
}
export interface AsmOperand {
  readonly name: string | undefined
  readonly constraint: string
  /** An lvalue for outputs, a value for inputs. */
  readonly expr: Expr
}
export interface NullStmt extends StmtBase {
  readonly kind: "null"
}

export type Decl = VarDecl | FunctionDecl | TypedefDecl | RecordDecl | EnumDecl

/** `__attribute__((name(args)))`, with leading and trailing underscores of the name removed. */
export interface Attribute {
  readonly name: string
  /** Constant integers, strings, or the text of anything else. */
  readonly args: readonly (bigint | string)[]
  readonly span: Span
}

export type Storage = "none" | "static" | "extern" | "register" | "auto"

/** A variable or parameter. `Ref` nodes point at this very object, so it is completed in place while parsing and never copied. */
export interface VarDecl {
  readonly kind: "var"
  readonly name: string
  readonly type: Type
  readonly storage: Storage
  readonly scope: "global" | "local" | "param"
  readonly init: Init | undefined
  readonly attrs: readonly Attribute[]
  readonly span: Span
  /** Bytes, where an attribute or _Alignas asks for more than the type does. */
  readonly align?: number
  /** The call that is made when the variable goes out of scope (attribute `cleanup`). */
  readonly cleanup?: Call
  /** What a constant of integer type is known to be. */
  readonly value?: bigint
}

export interface FunctionDecl {
  readonly kind: "function"
  readonly name: string
  readonly type: FunctionType
  readonly params: readonly VarDecl[]
  readonly storage: Storage
  readonly inline: boolean
  readonly body: CompoundStmt | undefined
  readonly attrs: readonly Attribute[]
  readonly span: Span
  /** Helper number, for a BPF helper. */
  readonly helper?: number
  /** A compiler builtin that behaves like a function: its name without `__builtin_`, or the whole `__sync_…` or `__atomic_…` name. */
  readonly builtin?: string
  /** A kernel function called by BTF id. */
  readonly kfunc?: boolean
}

export interface TranslationUnit {
  readonly name: string
  /** Top-level declarations in order, those of system headers included. A function or variable stands once, with its definition where there is one. */
  readonly decls: readonly Decl[]
}
