import { Bytes } from "./bytes.ts"
import { I32, type I64, MEMORY_COPY, MEMORY_FILL, Op, VOID } from "./opcodes.ts"

/**
 * Writes one function by hand: operands first, then what takes them, as WebAssembly's stack has it. Blocks are written by
 * functions, so that each ends where its content does:
 *
 *     f.get(node).if(() => f.i32(0).op(Op.return))        if (node ≠ 0) return 0
 */
export class FunctionBuilder {
  readonly #code = new Bytes(256)
  readonly #parameters: number
  readonly #locals: number[] = []

  /** Parameters are the first locals. */
  constructor(parameters: number) {
    this.#parameters = parameters
  }

  /** Another local: its number. */
  local(type: typeof I32 | typeof I64 = I32): number {
    return this.#parameters + this.#locals.push(type) - 1
  }

  op(...codes: readonly number[]): this {
    this.#code.bytes(codes)
    return this
  }
  i32(value: number): this {
    this.op(Op.i32Const)
    this.#code.s32(value)
    return this
  }
  i64(low: number, high: number): this {
    this.op(Op.i64Const)
    this.#code.s64(low, high)
    return this
  }
  get(local: number): this {
    return this.#with(Op.localGet, local)
  }
  set(local: number): this {
    return this.#with(Op.localSet, local)
  }
  tee(local: number): this {
    return this.#with(Op.localTee, local)
  }
  call(func: number): this {
    return this.#with(Op.call, func)
  }

  /** A load from, or store to, the address on the stack and so many bytes. It needs no alignment. */
  memory(code: number, offset: number): this {
    this.op(code, 0)
    this.#code.u32(offset)
    return this
  }
  /** The word at an address that is known. */
  word(address: number): this {
    return this.i32(0).memory(Op.i32Load, address)
  }
  /** Writes what `value` leaves to an address that is known. */
  setWord(address: number, value: () => void): this {
    this.i32(0)
    value()
    return this.memory(Op.i32Store, address)
  }
  /** `memory.copy`: to, from and size are on the stack. */
  copyBytes(): this {
    return this.op(...MEMORY_COPY)
  }
  /** `memory.fill`: to, the byte and the size are on the stack. */
  fillBytes(): this {
    return this.op(...MEMORY_FILL)
  }

  if(then: () => void, otherwise?: () => void): this {
    this.op(Op.if, VOID)
    then()
    if (otherwise !== undefined) {
      this.op(Op.else)
      otherwise()
    }
    return this.op(Op.end)
  }
  /** `br 0` in the body leaves it. */
  block(body: () => void): this {
    this.op(Op.block, VOID)
    body()
    return this.op(Op.end)
  }
  /** `br 0` in the body begins it anew. */
  loop(body: () => void): this {
    this.op(Op.loop, VOID)
    body()
    return this.op(Op.end)
  }
  /** Returns a number where the operand is not 0. */
  returnIf(value: number): this {
    return this.if(() => this.i32(value).op(Op.return))
  }

  #with(code: number, operand: number): this {
    this.op(code)
    this.#code.u32(operand)
    return this
  }

  /** The declarations of locals, and the code. */
  finish(): Uint8Array {
    const out = new Bytes(this.#code.length + 32)
    out.u32(this.#locals.length)
    for (const type of this.#locals) out.bytes([1, type])
    out.bytes(this.#code.view)
    out.byte(Op.end)
    return out.view
  }
}
