export {
  ANCILLARY,
  type AncillaryField,
  ancillaryField,
  SKF_AD_OFF,
  SKF_LL_OFF,
  SKF_NET_OFF,
} from "./ancillary.ts"
export { assembleClassic } from "./asm.ts"
export { type ClassicProblem, checkClassic, classicProblem } from "./check.ts"
export { CLASSIC_INSN_BYTES, decodeClassic, encodeClassic } from "./codec.ts"
export { toExtended } from "./convert.ts"
export { disassembleClassic, formatClassicInsn } from "./disasm.ts"
export { BPF_MAXINSNS, BPF_MEMWORDS, type ClassicInsn } from "./insn.ts"
export { type FilterInput, type PacketMetadata, runClassic } from "./interpret.ts"
export { formatC, formatNumbers, parseNumbers } from "./numbers.ts"
export { type FilterObjectOptions, filterObject } from "./object.ts"
export { type CompileFilterOptions, compileFilter, hostNames } from "./pcap/compile.ts"
export { LINK_HEADERS, type LinkType, linkTypeOf } from "./pcap/link.ts"
export { parseClassic } from "./text.ts"
