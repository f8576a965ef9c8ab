import { encodeInsns } from "../../../src/isa/index.ts"
import { type BpfObject, makeImage, type ProgramSpec } from "../../../src/object/index.ts"
import { PRELUDE, programs } from "../../oracle/packets/programs.ts"
import { libbpfObject } from "../../support/runLibbpf.ts"
import { FUZZ_MAPS } from "./maps.ts"
import type { FuzzProgram } from "./programs.ts"

/** Bodies of functions that use maps. */
const WITH_MAPS = `
u32 key = 0; u64 *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; v[0]++; v[1] += skb->len; return v[0];
u32 key = skb->len & 3; u64 *v = bpf_map_lookup_elem(&hash, &key); if (v) { v[0] += key; v[5] ^= v[0]; return v[5]; } u64 n[6] = { key, 1, 2 }; return bpf_map_update_elem(&hash, &key, n, BPF_ANY);
u32 key = 1; u64 *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; u64 sum = 0; for (int i = 0; i < 8; i++) sum = sum * 31 + v[i]; return sum;
u32 key = 2; u32 *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; for (u32 i = 0; i < 16; i++) if (v[i] > v[(i + 1) & 15]) { u32 t = v[i]; v[i] = v[(i + 1) & 15]; v[(i + 1) & 15] = t; } return v[0];
u32 key = 0; u8 *v = bpf_map_lookup_elem(&small, &key); if (!v) return 0; u32 at = skb->len; if (at > 6) at = 6; v[at]++; return v[at] + v[0];
u32 key = 3; u64 *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; u64 old = __sync_fetch_and_add(&v[2], 5); __sync_lock_test_and_set(&v[3], old); return __sync_val_compare_and_swap((u32 *)v, 1, 9);
u32 key = 1; return bpf_map_delete_elem(&hash, &key);
for (u32 key = 0; key < 4; key++) { s64 *v = bpf_map_lookup_elem(&array, &key); if (v && v[1] < (s64)key - 2) v[1] = -v[1] >> 3; } return 0;
u32 key = 0; u32 *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; u32 n = v[0] & 15, h = 0; while (n > 0) { h = h * 33 ^ v[n]; n--; } return h;
u32 key = 2; struct { u32 a; s16 b; u8 c[10]; } *v = bpf_map_lookup_elem(&array, &key); if (!v) return 0; s32 i = v->b; if (i < 0 || i > 9) i = v->a % 10; return v->c[i];
u64 stack[8] = {}; u32 n = skb->len; for (u32 i = 0; i < 8; i++) stack[i] = n * i; stack[n & 7] = 1; return stack[(n + 1) & 7] + stack[3];
u32 key = 0; u64 *a = bpf_map_lookup_elem(&array, &key), *b = bpf_map_lookup_elem(&hash, &key); if (!a || !b) return 1; for (int i = 0; i < 6; i++) a[i] = b[i]; return a[5];
`

const HEAD = `#include <bpf/bpf_endian.h>
#define MAP(NAME, TYPE, N, SIZE) struct { __uint(type, BPF_MAP_TYPE_##TYPE); __uint(max_entries, N); __uint(key_size, 4); __uint(value_size, SIZE); } NAME SEC(".maps")
${FUZZ_MAPS.map(({ name, type, maxEntries, valueSize }) => `MAP(${name}, ${type.toUpperCase()}, ${maxEntries}, ${valueSize});`).join("\n")}
${PRELUDE}`

/** A program of an object with numbers of {@link FUZZ_MAPS} where it names maps. */
function flat(spec: ProgramSpec, object: BpfObject): Uint8Array {
  const { insns, relocations } = makeImage(spec, object)
  const filled = [...insns]
  for (const relocation of relocations) {
    if (relocation.kind !== "map") throw new Error(`${spec.name} needs a ${relocation.kind}`)
    const imm = FUZZ_MAPS.findIndex(({ name }) => name === relocation.map)
    filled[relocation.insn] = { ...insns[relocation.insn], src: 1, imm, imm64: 0 }
  }
  return encodeInsns(filled)
}

let made: readonly FuzzProgram[] | undefined

/** Small programs in C, compiled by skep, by the order of their texts. */
export function compiledPrograms(): readonly FuzzProgram[] {
  made ??= [
    { type: "sched_cls", section: "tc", bodies: WITH_MAPS.trim().split("\n") },
    ...programs.filter(({ type }) => type !== "lwt_xmit"),
  ].flatMap(({ type, section, bodies }) => {
    const context = section === "xdp" ? "struct xdp_md" : "struct __sk_buff"

    const functions = bodies.map((body, i) => `SEC("${section}") int f${i}(${context} *skb) { ${body} }`)
    const object = libbpfObject(`${HEAD}\n${functions.join("\n")}`)
    return object.programs.map(spec => ({ type, insns: flat(spec, object) }))
  })
  return made
}
