import { ANCILLARY, type ClassicInsn, SKF_AD_OFF, SKF_LL_OFF, SKF_NET_OFF } from "../../src/filter/index.ts"
import { jump, stmt } from "../../src/filter/insn.ts"
import { OPCODES } from "../../src/filter/opcodes.ts"
import type { Random } from "./random.ts"

/** A random filter that the kernel accepts: the words of M[] it reads are written first. */
export function randomClassic(random: Random): ClassicInsn[] {
  const prologue = [0, 1, 2].flatMap(word => [stmt(0x00, number(random)), stmt(0x02, word)])
  const length = prologue.length + 1 + random.below(24)
  const insns = [...prologue]
  while (insns.length < length) insns.push(randomInsn(random, length - insns.length))
  return [...insns, random.chance(0.5) ? stmt(0x16) : stmt(0x06, number(random))]
}

/** `behind`: how many instructions follow. */
function randomInsn(random: Random, behind: number): ClassicInsn {
  const { code, form, name } = random.pick(OPCODES)
  switch (form) {
    case "abs":
      return stmt(code, absolute(random))
    case "ind":
    case "msh":
      return stmt(code, random.chance(0.9) ? random.below(40) : number(random))
    case "mem":
      return stmt(code, random.below(3))
    case "goto":
      return stmt(code, random.below(Math.min(behind, 4)))
    case "testK":
    case "testX":
      return jump(code, form === "testX" ? 0 : number(random), random.below(behind), random.below(behind))
    case "decimal":
      return stmt(code, name.endsWith("sh") ? random.below(32) : Math.max(1, number(random)))
    case "x":
      // A shift by X is by what X has modulo 32 in one place and not defined in another.
      return name.endsWith("sh") ? stmt(0x54, number(random)) : stmt(code)
    case "len":
    case "none":
      return stmt(code)
    case "ret":
    case "retA":
      return random.chance(0.2) ? stmt(code, form === "ret" ? number(random) : 0) : stmt(0x00, number(random))
    default:
      return stmt(code, number(random))
  }
}

function absolute(random: Random): number {
  if (random.chance(0.8)) return random.below(60)
  if (random.chance(0.3)) return random.pick([SKF_NET_OFF, SKF_LL_OFF]) + random.below(40)
  return SKF_AD_OFF + random.pick([ANCILLARY.protocol, ANCILLARY.packetType, ANCILLARY.mark, ANCILLARY.xor])
}

const number = (random: Random): number =>
  random.pick([
    random.below(8),
    random.below(256),
    random.below(65536),
    random.below(2 ** 32),
    0xffff_ffff,
    0x8000_0000,
  ])
