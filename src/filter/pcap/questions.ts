import * as o from "../../isa/index.ts"
import { ANCILLARY, type AncillaryField, SKF_AD_OFF } from "../ancillary.ts"
import { type Condition, compare, not } from "./condition.ts"
import { type Value, Values } from "./value.ts"

/** Questions about bytes of a packet, the words in which all conditions are made. Offsets count from its first byte. */
export class Questions {
  readonly values = new Values()

  /** The bytes at an offset, masked, are a number; `bytes` is 1, 2 or 4. */
  equals(bytes: number, offset: number, k: number, mask = 0xffff_ffff): Condition {
    return this.is(this.masked(this.values.load(bytes, offset), mask), k)
  }

  /** Some bits of the mask are set. */
  anySet(bytes: number, offset: number, mask: number): Condition {
    return not(this.is(this.masked(this.values.load(bytes, offset), mask), 0))
  }

  atLeast(bytes: number, offset: number, k: number): Condition {
    return this.compare(o.BPF_JGE, this.values.load(bytes, offset), k)
  }

  above(bytes: number, offset: number, k: number): Condition {
    return this.compare(o.BPF_JGT, this.values.load(bytes, offset), k)
  }

  is(value: Value, k: number): Condition {
    return this.compare(o.BPF_JEQ, value, k)
  }

  compare(op: number, value: Value, k: number): Condition {
    return compare(this.values, op, value, this.values.constant(k))
  }

  masked(value: Value, mask: number): Value {
    return this.values.binary(o.BPF_AND, value, this.values.constant(mask))
  }

  /** Metadata of the packet, of `bytes` bytes. */
  metadata(field: AncillaryField, bytes: number): Value {
    return this.values.load(bytes, SKF_AD_OFF + ANCILLARY[field])
  }
}
