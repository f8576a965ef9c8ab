import { SkepError } from "../base/index.ts"

/** Code that is no BPF program, which a verifier would have refused: a jump outside, an end without `exit`, an unknown instruction. */
export const badCode = (slot: number, what: string): SkepError =>
  new SkepError({
    code: "VM_BAD_CODE",
    message: `instruction ${slot}: ${what}`,
    hint: "let the verifier check the program: it says where it comes from",
  })
