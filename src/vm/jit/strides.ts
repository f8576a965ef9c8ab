import * as o from "../../isa/index.ts"

/** What is known of a value in the lanes of vectors: how much it grows from lane to lane, or that it varies otherwise. */
export type Stride = number
export const VARYING = 0x7fff_ffff
/** Nothing is known yet. */
export const UNKNOWN = -0x8000_0000

/** The stride of a result, of operands of strides `x` and `y`; the second operand may be a number. */
export function strideOf(operation: number, x: Stride, y: Stride, imm: number | undefined): Stride {
  if (x === 0 && y === 0) return 0
  if (x === UNKNOWN || y === UNKNOWN) return UNKNOWN
  if (x === VARYING || y === VARYING) return VARYING
  const stride = exactStride(operation, x, y, imm)
  return Math.abs(stride) < VARYING ? stride : VARYING
}

function exactStride(operation: number, x: number, y: number, imm: number | undefined): Stride {
  switch (operation) {
    case o.BPF_ADD:
      return x + y
    case o.BPF_SUB:
      return x - y
    case o.BPF_MUL:
      return imm === undefined ? VARYING : x * imm
    case o.BPF_LSH:
      return imm === undefined || imm < 0 || imm > 31 ? VARYING : x * 2 ** imm
    case o.BPF_NEG:
      return -x
    default:
      return VARYING
  }
}
