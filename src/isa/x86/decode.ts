import { address, Bytes, immediate, type ModRm, type Prefixes, readModRm, register } from "./operand.ts"

/** An instruction of a processor. */
export interface NativeInsn {
  /** Byte that it begins at. */
  readonly offset: number
  /** Number of bytes. */
  readonly size: number
  /** As objdump writes it (AT&T). */
  readonly text: string
  /** Byte that a jump or call leads to; it may be outside of the code. */
  readonly target?: number
}

const ALU = "add or adc sbb and sub xor cmp".split(" ")
const SHIFTS = "rol ror rcl rcr shl shr shl sar".split(" ")
const UNARY = "test test not neg mul imul div idiv".split(" ")
const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ")

/**
 * Takes machine code of x86-64 apart, as far as kernels' JIT compilers for BPF use it: integers, memory, jumps, calls, atomics. What it does not know is
 * `(bad)`, a byte long. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */
export function decodeX86(code: Uint8Array): NativeInsn[] {
  const insns: NativeInsn[] = []
  for (let at = 0; at < code.length; ) {
    const insn = decodeOne(code, at)
    insns.push(insn)
    at += insn.size
  }
  return insns
}

function decodeOne(code: Uint8Array, offset: number): NativeInsn {
  const bytes = new Bytes(code, offset)
  const found = new Decoder(bytes).read()
  if (found === undefined || bytes.short) return { offset, size: 1, text: "(bad)" }
  return { offset, size: bytes.at - offset, ...found }
}

type Found = { readonly text: string; readonly target?: number } | undefined

class Decoder {
  readonly #bytes: Bytes
  #prefixes: Prefixes = { rex: 0, hasRex: false, narrow: false, segment: "" }
  #lock = ""
  #repeat = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  read(): Found {
    this.#readPrefixes()
    const op = this.#bytes.byte()
    if (op === 0xc4 || op === 0xc5) return this.#vex(op)
    const found = op === 0x0f ? this.#twoBytes(this.#bytes.byte()) : this.#oneByte(op)
    return found && { ...found, text: `${this.#lock}${found.text}` }
  }

  #readPrefixes(): void {
    let narrow = false
    let segment = ""
    for (;;) {
      const byte = this.#bytes.peek()
      if (byte === 0x66) narrow = true
      else if (byte === 0xf0) this.#lock = "lock "
      else if (byte === 0x64 || byte === 0x65) segment = byte === 0x65 ? "%gs:" : "%fs:"
      else if (byte === 0xf2 || byte === 0xf3) this.#repeat = byte
      else if (byte !== 0x2e && byte !== 0x3e) break
      this.#bytes.byte()
    }
    const hasRex = (this.#bytes.peek() & 0xf0) === 0x40
    this.#prefixes = { rex: hasRex ? this.#bytes.byte() & 15 : 0, hasRex, narrow, segment }
  }

  /** Bits of the operands. */
  get #bits(): number {
    return this.#prefixes.rex & 8 ? 64 : this.#prefixes.narrow ? 16 : 32
  }

  #register(number: number, bits = this.#bits): string {
    return register(number, bits, this.#prefixes.hasRex)
  }

  /** The operand that may be memory. */
  #place({ memory, rm }: ModRm, bits = this.#bits): string {
    return memory ?? this.#register(rm, bits)
  }

  #modRm(): ModRm {
    return readModRm(this.#bytes, this.#prefixes)
  }

  /** An immediate value as wide as the operands, at most 32 bits. */
  #immediate(bits: number): string {
    return immediate(this.#bytes.signed(bits === 8 ? 1 : bits === 16 ? 2 : 4), bits)
  }

  /** The name with the letter of the width, where no register tells it. */
  #sized(name: string, { memory }: ModRm, bits = this.#bits): string {
    return memory === undefined ? name : `${name}${{ 8: "b", 16: "w", 32: "l", 64: "q" }[bits]}`
  }

  #jump(name: string, size: number): Found {
    const distance = this.#bytes.signed(size)
    const target = this.#bytes.at + distance
    return { text: `${name} ${address(target)}`, target }
  }

  #oneByte(op: number): Found {
    const low = op & 7
    // add, or, adc, sbb, and, sub, xor, cmp: six forms each.
    if (op < 0x40 && low < 6) return this.#alu(ALU[op >> 3], low)
    const b = (this.#prefixes.rex & 1) << 3
    if (op >= 0x50 && op < 0x60) return { text: `${op < 0x58 ? "push" : "pop"} ${register(low | b, 64, true)}` }
    if (op >= 0x70 && op < 0x80) return this.#jump(`j${CONDITIONS[op & 15]}`, 1)
    if (op >= 0xb0 && op < 0xb8) return { text: `mov ${this.#immediate(8)},${this.#register(low | b, 8)}` }
    if (op >= 0xb8 && op < 0xc0) return this.#moveImmediate(low | b)
    if (op > 0x90 && op < 0x98) return { text: `xchg ${this.#register(low | b)},${this.#register(0)}` }
    switch (op) {
      case 0x63: {
        const m = this.#modRm()
        return { text: `movslq ${this.#place(m, 32)},${this.#register(m.reg)}` }
      }
      case 0x68:
        return { text: `push ${immediate(this.#bytes.signed(4), 64)}` }
      case 0x6a:
        return { text: `push ${immediate(this.#bytes.signed(1), 64)}` }
      case 0x69:
      case 0x6b: {
        const m = this.#modRm()
        const value = immediate(this.#bytes.signed(op === 0x6b ? 1 : this.#bits === 16 ? 2 : 4), this.#bits)
        return { text: `imul ${value},${this.#place(m)},${this.#register(m.reg)}` }
      }
      case 0x80:
      case 0x81:
      case 0x83: {
        const bits = op === 0x80 ? 8 : this.#bits
        const m = this.#modRm()
        const value = op === 0x81 ? this.#immediate(bits) : immediate(this.#bytes.signed(1), bits)
        return { text: `${this.#sized(ALU[m.reg & 7], m, bits)} ${value},${this.#place(m, bits)}` }
      }
      case 0x84:
      case 0x85:
        return this.#toPlace("test", op & 1)
      case 0x86:
      case 0x87:
        return this.#toPlace("xchg", op & 1)
      case 0x88:
      case 0x89:
        return this.#toPlace("mov", op & 1)
      case 0x8a:
      case 0x8b:
        return this.#toRegister("mov", op & 1)
      case 0x8d: {
        const m = this.#modRm()
        return { text: `lea ${m.memory},${this.#register(m.reg)}` }
      }
      case 0x8f: {
        const m = this.#modRm()
        return { text: `${this.#sized("pop", m, 64)} ${this.#place(m, 64)}` }
      }
      case 0x90:
        if (this.#repeat === 0xf3) return { text: "pause" }
        return { text: this.#prefixes.narrow ? "xchg %ax,%ax" : "nop" }
      case 0x98:
        return { text: { 16: "cbtw", 32: "cwtl", 64: "cltq" }[this.#bits] as string }
      case 0x99:
        return { text: { 16: "cwtd", 32: "cltd", 64: "cqto" }[this.#bits] as string }
      case 0xa8:
      case 0xa9: {
        const bits = op & 1 ? this.#bits : 8
        return { text: `test ${this.#immediate(bits)},${this.#register(0, bits)}` }
      }
      case 0xc0:
      case 0xc1:
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#shift(op)
      case 0xc3:
        return { text: "ret" }
      case 0xc6:
      case 0xc7: {
        const bits = op & 1 ? this.#bits : 8
        const m = this.#modRm()
        return { text: `${this.#sized("mov", m, bits)} ${this.#immediate(bits)},${this.#place(m, bits)}` }
      }
      case 0xc9:
        return { text: "leave" }
      case 0xcc:
        return { text: "int3" }
      case 0xe8:
        return this.#jump("call", 4)
      case 0xe9:
        return this.#jump("jmp", 4)
      case 0xeb:
        return this.#jump("jmp", 1)
      case 0xf6:
      case 0xf7:
        return this.#unary(op & 1 ? this.#bits : 8)
      case 0xfe:
      case 0xff:
        return this.#group5(op & 1 ? this.#bits : 8)
      default:
        return undefined
    }
  }

  #alu(name: string, form: number): Found {
    if (form < 2) return this.#toPlace(name, form)
    if (form < 4) return this.#toRegister(name, form & 1)
    const bits = form === 4 ? 8 : this.#bits
    return { text: `${name} ${this.#immediate(bits)},${this.#register(0, bits)}` }
  }

  #toPlace(name: string, wide: number): Found {
    const bits = wide ? this.#bits : 8
    const m = this.#modRm()
    return { text: `${name} ${this.#register(m.reg, bits)},${this.#place(m, bits)}` }
  }

  #toRegister(name: string, wide: number): Found {
    const bits = wide ? this.#bits : 8
    const m = this.#modRm()
    return { text: `${name} ${this.#place(m, bits)},${this.#register(m.reg, bits)}` }
  }

  #moveImmediate(number: number): Found {
    const bits = this.#bits
    if (bits === 64) return { text: `movabs ${immediate(this.#bytes.wide(), 64)},${this.#register(number, 64)}` }
    return { text: `mov ${this.#immediate(bits)},${this.#register(number, bits)}` }
  }

  #shift(op: number): Found {
    const bits = op & 1 ? this.#bits : 8
    const m = this.#modRm()
    const by = op < 0xd0 ? `${immediate(this.#bytes.byte(), 8)},` : op < 0xd2 ? "" : "%cl,"
    return { text: `${this.#sized(SHIFTS[m.reg & 7], m, bits)} ${by}${this.#place(m, bits)}` }
  }

  #unary(bits: number): Found {
    const m = this.#modRm()
    const which = m.reg & 7
    const value = which < 2 ? `${this.#immediate(bits)},` : ""
    return { text: `${this.#sized(UNARY[which], m, bits)} ${value}${this.#place(m, bits)}` }
  }

  #group5(bits: number): Found {
    const m = this.#modRm()
    const which = m.reg & 7
    if (which < 2) return { text: `${this.#sized(which === 0 ? "inc" : "dec", m, bits)} ${this.#place(m, bits)}` }
    if (bits === 8) return undefined
    if (which === 2 || which === 4) return { text: `${which === 2 ? "call" : "jmp"} *${this.#place(m, 64)}` }
    return which === 6 ? { text: `${this.#sized("push", m, 64)} ${this.#place(m, 64)}` } : undefined
  }

  #twoBytes(op: number): Found {
    if (op >= 0x40 && op < 0x50) return this.#toRegister(`cmov${CONDITIONS[op & 15]}`, 1)
    if (op >= 0x80 && op < 0x90) return this.#jump(`j${CONDITIONS[op & 15]}`, 4)
    if (op >= 0x90 && op < 0xa0) return { text: `set${CONDITIONS[op & 15]} ${this.#place(this.#modRm(), 8)}` }
    if (op >= 0xc8 && op < 0xd0) return { text: `bswap ${this.#register((op & 7) | ((this.#prefixes.rex & 1) << 3))}` }
    switch (op) {
      case 0x05:
        return { text: "syscall" }
      case 0x0b:
        return { text: "ud2" }
      case 0x1e:
        if (this.#repeat === 0xf3 && this.#bytes.peek() === 0xfa && this.#bytes.byte() > 0) return { text: "endbr64" }
        return undefined
      case 0x1f: {
        const m = this.#modRm()
        return { text: `${this.#sized("nop", m)} ${this.#place(m)}` }
      }
      case 0x31:
        return { text: "rdtsc" }
      case 0xa2:
        return { text: "cpuid" }
      case 0xae: {
        const name = { 232: "lfence", 240: "mfence", 248: "sfence" }[this.#bytes.byte()]
        return name === undefined ? undefined : { text: name }
      }
      case 0xaf:
        return this.#toRegister("imul", 1)
      case 0xb0:
      case 0xb1:
        return this.#toPlace("cmpxchg", op & 1)
      case 0xc0:
      case 0xc1:
        return this.#toPlace("xadd", op & 1)
      case 0xb6:
      case 0xb7:
      case 0xbe:
      case 0xbf:
        return this.#extend(op)
      case 0xc7: {
        const m = this.#modRm()
        return (m.reg & 7) === 1 && m.memory !== undefined
          ? { text: `cmpxchg${this.#bits === 64 ? "16b" : "8b"} ${m.memory}` }
          : undefined
      }
      default:
        return undefined
    }
  }

  /** movzbl, movswq and their like: from 8 or 16 bits to more. */
  #extend(op: number): Found {
    const m = this.#modRm()
    const from = op & 1 ? 16 : 8
    const to = { 16: "w", 32: "l", 64: "q" }[this.#bits]
    const name = `mov${op < 0xb8 ? "z" : "s"}${from === 8 ? "b" : "w"}${to}`
    return { text: `${name} ${this.#place(m, from)},${this.#register(m.reg)}` }
  }

  /**
   * The shifts of BMI2, whose count is in any register.
   *
   *     C4  R̅ X̅ B̅ map:5   W v̅:4 L pp:2   F7   ModRM
   */
  #vex(op: number): Found {
    if (op !== 0xc4) return undefined
    const first = this.#bytes.byte()
    const second = this.#bytes.byte()
    if ((first & 0x1f) !== 2 || this.#bytes.byte() !== 0xf7) return undefined
    const rex = ((second & 0x80) >> 4) | ((~first & 0xe0) >> 5)
    this.#prefixes = { ...this.#prefixes, rex, hasRex: true }
    const name = { 1: "shlx", 2: "sarx", 3: "shrx" }[second & 3]
    if (name === undefined) return undefined
    const count = this.#register((~second >> 3) & 15)
    const m = this.#modRm()
    return { text: `${name} ${count},${this.#place(m)},${this.#register(m.reg)}` }
  }
}
