import { SkepError } from "../../base/index.ts"
import type { AttachKind, AttachTarget, Link, LoadedProgram, TargetOf } from "../../machine/index.ts"
import type { KernelProgram, ProgramOwner } from "../program.ts"
import type { Attached, Attacher } from "./attacher.ts"
import { cgroup } from "./cgroup.ts"
import { iterator } from "./iterator.ts"
import { kprobe } from "./kprobeAttacher.ts"
import { kprobeMulti } from "./kprobeMulti.ts"
import { KernelLink } from "./link.ts"
import { netfilter } from "./netfilter.ts"
import { netns } from "./netns.ts"
import { perfEvent } from "./perfEventAttacher.ts"
import { rawTracepoint } from "./rawTracepoint.ts"
import { route } from "./route.ts"
import { reuseport, socket } from "./socket.ts"
import { sockmap } from "./sockmap.ts"
import { tc } from "./tc.ts"
import { tracepoint } from "./tracepoint.ts"
import { tracepointMulti } from "./tracepointMulti.ts"
import { trampoline } from "./trampoline.ts"
import { uprobe } from "./uprobeAttacher.ts"
import { usdt } from "./usdtAttacher.ts"
import { xdp } from "./xdp.ts"

/** Every kind of place. */
const attachers: { readonly [K in Exclude<AttachKind, "struct_ops">]: Attacher<TargetOf<K>> } = {
  kprobe,
  kretprobe: kprobe,
  tracepoint,
  raw_tracepoint: rawTracepoint,
  uprobe,
  uretprobe: uprobe,
  usdt,
  fentry: trampoline("tracing"),
  fexit: trampoline("tracing"),
  fmod_ret: trampoline("tracing"),
  tp_btf: trampoline("tracing"),
  lsm: trampoline("lsm"),
  lsm_cgroup: trampoline(),
  cgroup,
  sockmap,
  freplace: trampoline("ext"),
  iter: iterator,
  kprobe_multi: kprobeMulti,
  kretprobe_multi: kprobeMulti,
  tracepoint_multi: tracepointMulti,
  perf_event: perfEvent,
  tc,
  xdp,
  socket,
  reuseport,
  sk_lookup: netns("sk_lookup", "5.9"),
  flow_dissector: netns("flow_dissector", "5.8"),
  netfilter,
  route,
}

/** Attaches a program where `target` says; the link is among the owner's until it is detached. */
export function attach(program: KernelProgram, target: AttachTarget, owner: ProgramOwner): Link {
  if (target.kind === "struct_ops") return owner.attachOperations(target.map)
  const attacher = attachers[target.kind] as Attacher<AttachTarget>
  const place = `${target.kind} ${attacher.text(target)}`
  if (!attacher.types.includes(program.type)) throw wrongType(program, place, attacher)
  const attached = attacher.open(target, { program, owner, what: `attaching ${program.name} to ${place}` })
  return keepLink(program, target, place, attached, owner)
}

/** The link of an attachment, which is among the owner's until it is detached. */
export function keepLink(
  program: LoadedProgram,
  target: AttachTarget,
  place: string,
  attached: Attached,
  owner: ProgramOwner,
): Link {
  const link = new KernelLink(program, target, place, attached, () => {
    owner.links.delete(link)
    attached.close()
  })
  owner.links.add(link)
  return link
}

function wrongType(program: KernelProgram, place: string, { types }: Attacher<AttachTarget>): SkepError {
  return new SkepError({
    code: "KERNEL_ATTACH_TYPE",
    message: `program ${program.name} has type ${program.type} and cannot be attached to ${place}`,
    hint:
      types.length === 0
        ? `skep does not attach to a ${place.split(" ")[0]} in the kernel`
        : `load it as ${types.join(" or ")}: name it after its place, or give its type when it is loaded`,
  })
}
